import type { Column } from './data/series.ts';
import type { Samples } from './data/source.ts';
import { type Frame, type References, timeAt } from './frame.ts';

/** The samples of a series in a range at one step, which a function makes one number of. */
export interface Window extends Samples {
  /** Index of the first sample. */
  from: number;
  /** Index behind the last sample. */
  to: number;
  /** Milliseconds: ends of the range, both included. */
  start: number;
  end: number;
  /** The step, and its time in milliseconds. */
  step: number;
  time: number;
}

/** A function of a range vector. */
export interface RangeFunction {
  /** Fewest samples for which there is a value. */
  readonly minimum: number;
  /** Computes the value; parameters have a value for each step. */
  compute(window: Window, parameters: readonly Float64Array[]): number;
}

/** What is computed for each series. */
export interface RangeCall {
  readonly function: RangeFunction;
  readonly parameters: readonly Float64Array[];
  readonly frame: Frame;
  readonly references: References;
  /** Milliseconds. */
  readonly range: number;
}

/** Samples that are looked at without a pause. */
const MAX_WORK = 500_000;

/** Computes a function of a range vector for one series, in pieces. */
export class WindowRun {
  readonly #call: RangeCall;
  readonly #window: Window;
  readonly #out: Column;

  constructor(call: RangeCall, { times, values }: Samples, out: Column) {
    this.#call = call;
    this.#out = out;
    this.#window = { times, values, from: 0, to: 0, start: 0, end: 0, step: 0, time: 0 };
  }

  /** Computes some steps; returns whether that were all. */
  advance(): boolean {
    const {
      function: { minimum },
      parameters,
      frame,
      references,
      range,
    } = this.#call;
    const { values, present } = this.#out;
    const window = this.#window;
    const { times } = window;
    let work = 0;

    for (; window.step < frame.steps; window.step += 1) {
      if (work > MAX_WORK) {
        return false;
      }

      const end = references.first + window.step * references.interval;
      const start = end - range;

      while (window.to < times.length && (times[window.to] ?? 0) <= end) {
        window.to += 1;
      }

      while (window.from < window.to && (times[window.from] ?? 0) < start) {
        window.from += 1;
      }

      const count = window.to - window.from;
      work += count + 1;

      if (count >= minimum) {
        window.start = start;
        window.end = end;
        window.time = timeAt(frame, window.step);
        values[window.step] = this.#call.function.compute(window, parameters);
        present[window.step] = 1;
      }
    }

    return true;
  }
}
