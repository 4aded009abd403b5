import { setImmediate } from 'node:timers/promises';
import { QueryError } from '../query-api.ts';
import type { Column } from './data/series.ts';

/** What a query may use. */
export interface Limits {
  /** Samples that are read from the source in total. */
  readonly maxSamples: number;
  /** Values that are held in memory at once. */
  readonly maxValues: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** How long a query computes until others get their turn, in milliseconds. */
const SLICE = 10;

const tooMany = () =>
  new QueryError(
    'execution',
    'query processing would load too many samples into memory in query execution',
  );

/** Values that take as much memory as a series itself: its labels and arrays. */
const SERIES_OVERHEAD = 32;

/** Counts what a query uses, and interrupts it for others, at its timeout, or when it is given up. */
export class Budget {
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;
  readonly #deadline: number;
  #turnEnds: number;
  #samples = 0;
  #held = 0;

  constructor(limits: Limits, signal?: AbortSignal) {
    const now = performance.now();

    this.#limits = limits;
    this.#signal = signal;
    this.#deadline = now + limits.timeout;
    this.#turnEnds = now + SLICE;
  }

  /** Values that are held now. */
  get held(): number {
    return this.#held;
  }

  /** Counts samples that were read. */
  read(samples: number): void {
    this.#samples += samples;

    if (this.#samples > this.#limits.maxSamples) {
      throw tooMany();
    }
  }

  /** Sets how many values are held, besides those of some series. */
  hold(values: number, { series = 0, steps = 0 } = {}): void {
    this.#held = values + series * (steps + SERIES_OVERHEAD);

    if (this.#held > this.#limits.maxValues) {
      throw tooMany();
    }
  }

  /** Makes a column for some steps, without values. */
  column(steps: number): Column {
    this.hold(this.#held, { series: 1, steps });

    return { values: new Float64Array(steps), present: new Uint8Array(steps) };
  }

  /**
   * Lets others run if the query has been computing for a while; to be awaited in long loops.
   * @throws QueryError `timeout` or `canceled`
   */
  pause(): Promise<void> | undefined {
    return performance.now() < this.#turnEnds ? undefined : this.#rest();
  }

  async #rest(): Promise<void> {
    await setImmediate();

    if (this.#signal?.aborted) {
      throw new QueryError('canceled', 'query was canceled in expression evaluation');
    }

    const now = performance.now();
    if (now > this.#deadline) {
      throw new QueryError('timeout', 'query timed out in expression evaluation');
    }

    this.#turnEnds = now + SLICE;
  }
}
