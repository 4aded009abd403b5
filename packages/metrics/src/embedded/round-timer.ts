/** A clock that goes back this far, in milliseconds, was set; its rounds count again. */
const SET_BACK_MS = 600_000;

/** Shortest wait for the next round, in milliseconds. */
const MIN_WAIT_MS = 50;

/**
 * Has a round done at each multiple of an interval, one at a time; the round's time is that multiple,
 * so that samples lie equally far apart.
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
    this.#running = this.#next();
  }

  /** Aborts the round in progress; resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #next(): Promise<void> {
    const time = Math.floor(Date.now() / this.#intervalMs) * this.#intervalMs;

    if (time > this.#last || time < this.#last - SET_BACK_MS) {
      this.#last = time;
      await this.#round(time, this.#stop.signal);
    }

    if (this.#stop.signal.aborted) {
      return;
    }

    const wait = this.#intervalMs - (Date.now() % this.#intervalMs);

    this.#timer = setTimeout(
      () => {
        this.#running = this.#next();
      },
      Math.max(MIN_WAIT_MS, wait),
    );
    this.#timer.unref();
  }
}
