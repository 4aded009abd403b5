/** Waits of one key, as in client-go's default rate limiter of a work queue. */
const KEY = { firstMs: 5, longestMs: 1_000_000 };

/** Retries of all keys together, as in the same rate limiter. */
const ALL_KEYS = { perSecond: 10, burst: 100 };

/**
 * Says how long a key that failed waits for its next try: twice as long as the time before, and
 * longer when all keys together have used up their retries.
 */
export class RetryRateLimiter {
  readonly #failures = new Map<string, number>();
  readonly #now: () => number;
  /** When the retry after the last one may run; in the past while the burst is not used up. */
  #next = Number.NEGATIVE_INFINITY;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a failure of a key and returns the milliseconds until its next try. */
  when(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.max(Math.min(KEY.firstMs * 2 ** failures, KEY.longestMs), this.#reserve());
  }

  /** Forgets the failures of a key that has succeeded. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes one of the retries that all keys share and returns the milliseconds until then. */
  #reserve(): number {
    const now = this.#now();
    const spacing = 1000 / ALL_KEYS.perSecond;
    this.#next = Math.max(this.#next, now - ALL_KEYS.burst * spacing) + spacing;
    return Math.max(0, this.#next - now);
  }
}
