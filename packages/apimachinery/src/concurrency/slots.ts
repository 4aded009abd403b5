interface Waiter {
  readonly start: () => void;
}

/** Lets a limited number of tasks run at a time, and a limited number wait for their turn. */
export class Slots {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #tooMany: () => Error;
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  /** `tooMany` makes the error for a task that may not even wait. */
  constructor(limit: number, maxWaiting: number, tooMany: () => Error) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
    this.#tooMany = tooMany;
  }

  /**
   * Waits for a slot; returns the function that frees it, to be called once. Rejects when too
   * many wait, or with the signal's reason.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();

    if (this.#running < this.#limit) {
      this.#running += 1;
    } else if (this.#waiting.size >= this.#maxWaiting) {
      throw this.#tooMany();
    } else {
      await this.#turn(signal);
    }

    return () => this.#free();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = {
        start: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };

      const leave = () => {
        this.#waiting.delete(waiter);
        reject(signal?.reason);
      };

      this.#waiting.add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the slot to who waits longest. */
  #free(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#running -= 1;
      return;
    }

    this.#waiting.delete(next);
    next.start();
  }
}
