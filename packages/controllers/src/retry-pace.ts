/** How failed keys are tried again, as client-go's default limiter of a work queue does it. */
const KEY = { firstMs: 5, mostMs: 1_000_000 };

/** What all keys together may use. */
const ALL = { perSecond: 10, burst: 100 };

/**
 * When the keys of a queue that failed are due again: each twice as late as the time before, and
 * all together no more often than a bucket allows.
 */
export class RetryPace {
  readonly #failures = new Map<string, number>();
  readonly #now: () => number;
  /** When the retry after the last one is due; in the past while the burst is not used up. */
  #next = Number.NEGATIVE_INFINITY;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a failure of a key; answers in how many milliseconds it is tried again. */
  after(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);

    return Math.max(Math.min(KEY.firstMs * 2 ** failures, KEY.mostMs), this.#reserve());
  }

  /** Forgets the failures of a key, which did not fail this time. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /**
   * Takes one of the retries that all keys share; answers in how many milliseconds it may be used.
   */
  #reserve(): number {
    const now = this.#now();
    const spacing = 1000 / ALL.perSecond;

    this.#next = Math.max(this.#next, now - ALL.burst * spacing) + spacing;

    return Math.max(0, this.#next - now);
  }
}
