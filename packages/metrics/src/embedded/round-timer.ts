/** A clock that goes back this far, in milliseconds, was set; its rounds count again. */
const SET_BACK_MS = 600_000;

/** The least distance of two rounds: rates of what was read in a shorter time say little. */
const MIN_SHARE = 0.5;

/** Parts of an interval to which the time of the first round is rounded. */
const PARTS = 60;

/**
 * Has rounds done one at a time: the first at once, then one at each multiple of an interval. The
 * time of a round is that multiple, so that samples lie equally far apart.
 */
export class RoundTimer {
  readonly #intervalMs: number;
  readonly #round: (time: number, signal: AbortSignal) => Promise<void>;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #last = Number.NEGATIVE_INFINITY;

  /** `round` must not reject. */
  constructor(intervalMs: number, round: (time: number, signal: AbortSignal) => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#round = round;
  }

  /** Does the first round at once. */
  start(): void {
    const part = Math.max(1, Math.floor(this.#intervalMs / PARTS));
    this.#running = this.#next(Math.floor(Date.now() / part) * part);
  }

  /** Aborts the round in progress; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #next(time: number): Promise<void> {
    if (time > this.#last || time < this.#last - SET_BACK_MS) {
      this.#last = time;
      await this.#round(time, this.#stop.signal);
    }

    if (this.#stop.signal.aborted) {
      return;
    }

    const interval = this.#intervalMs;
    const untilMultiple = interval - (Date.now() % interval);
    const isSoon = Date.now() + untilMultiple - time < interval * MIN_SHARE;

    this.#timer = setTimeout(
      () => {
        this.#running = this.#next(Math.floor(Date.now() / interval) * interval);
      },
      isSoon ? untilMultiple + interval : untilMultiple,
    );
    this.#timer.unref();
  }
}
