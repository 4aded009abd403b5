/** The clock counts as set by somebody when it is this far from where it should be. */
const MAX_DRIFT_MS = 60_000;

/** How long the clock must have gone steadily before samples are deleted because of their age. */
const STEADY_MS = 3_600_000;

/**
 * Says before which time samples are too old. A clock that was set forward by mistake would make
 * all samples look old, so it must go steadily for an hour before anything is deleted.
 */
export class RetentionClock {
  readonly #retentionMs: number;
  readonly #now: () => number;
  readonly #monotonic: () => number;
  /** Difference of the two clocks since `#since`, by the monotonic one. */
  #offset: number;
  #since: number;

  constructor(
    retentionMs: number,
    { now, monotonic }: { now: () => number; monotonic: () => number },
  ) {
    this.#retentionMs = retentionMs;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#since = monotonic();
    this.#offset = now() - this.#since;
  }

  /** Returns the time in milliseconds before which samples may be deleted; to be called often. */
  deadline(): number {
    const monotonic = this.#monotonic();
    const offset = this.#now() - monotonic;

    if (Math.abs(offset - this.#offset) > MAX_DRIFT_MS) {
      this.#since = monotonic;
    }

    // A clock that is slewed is steady.
    this.#offset = offset;

    return monotonic - this.#since < STEADY_MS ? 0 : this.#now() - this.#retentionMs;
  }
}
