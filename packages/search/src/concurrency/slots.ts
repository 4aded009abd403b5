import { SearchError } from '../query/search-backend.ts';

interface Waiter {
  readonly start: () => void;
}

/** Lets a limited number of searches run at a time, and a limited number wait for their turn. */
export class Slots {
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<Waiter>();
  #running = 0;

  constructor(limit: number, maxWaiting: number) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Waits for a slot; returns the function that frees it, to be called once. Rejects with a
   * SearchError when too many wait, or with the signal's reason.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();

    if (this.#running < this.#limit) {
      this.#running += 1;
    } else if (this.#waiting.size >= this.#maxWaiting) {
      throw new SearchError('busy', 'too many searches at the same time, try again later');
    } else {
      await this.#turn(signal);
    }

    return () => this.#free();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = {
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };

      const leave = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason);
      };

      this.#waiting.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
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
