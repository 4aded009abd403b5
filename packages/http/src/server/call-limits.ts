import { tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';

const RETRY_SECONDS = 10;

/** Counts calls that go on for long, by user, so that nobody takes all the room. */
export class CallLimits {
  readonly #limit: number;
  readonly #open = new Map<string, number>();

  /** `limit` is how many such calls of one user may go on at the same time. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts one more call of a user and returns the function that ends it, once. Throws
   * TooManyRequests when it is one too many.
   */
  admit(caller: string): () => void {
    const count = this.#open.get(caller) ?? 0;
    if (count >= this.#limit) {
      throw tooManyRequests(
        `you have ${this.#limit} watches and upgraded connections open, which is the most: end one, or wait until one ends`,
        RETRY_SECONDS,
      );
    }

    this.#open.set(caller, count + 1);

    let hasEnded = false;

    return () => {
      if (hasEnded) {
        return;
      }

      hasEnded = true;

      const left = (this.#open.get(caller) ?? 0) - 1;
      if (left > 0) {
        this.#open.set(caller, left);
      } else {
        this.#open.delete(caller);
      }
    };
  }
}
