const FIRST_MS = 200;
const FACTOR = 1.4;

/** Waits between tries, longer each time, and never the same for all agents. */
export class Backoff {
  readonly #longestMs: number;
  #tries = 0;

  constructor(longestMs: number) {
    this.#longestMs = longestMs;
  }

  /** Tries since the last success. */
  get tries(): number {
    return this.#tries;
  }

  /** Returns how long to wait before the next try, in milliseconds. */
  next(): number {
    const full = Math.min(this.#longestMs, FIRST_MS * FACTOR ** Math.min(this.#tries, 100));
    this.#tries += 1;

    return full * (0.75 + Math.random() / 4);
  }

  /** Begins anew after a success. */
  reset(): void {
    this.#tries = 0;
  }
}
