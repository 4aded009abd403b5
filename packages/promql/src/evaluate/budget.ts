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

  /** Sets how many values are held. */
  hold(values: number): void {
    this.#held = values;

    if (values > this.#limits.maxValues) {
      throw tooMany();
    }
  }

  /** Makes a column for some steps, without values. */
  column(steps: number): Column {
    this.hold(this.#held + steps);

    return { values: new Float64Array(steps), present: new Uint8Array(steps) };
  }

  /** Reports whether it is time to call `rest`. */
  isDue(): boolean {
    return performance.now() >= this.#turnEnds;
  }

  /**
   * Lets others run.
   * @throws QueryError `timeout` or `canceled`
   */
  async rest(): Promise<void> {
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
