import { tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';

const RETRY_SECONDS = 10;

/** Calls that go on for long, by who made them: nobody may take all that there are. */
export class CallLimits {
  readonly #most: number;
  readonly #open = new Map<string, number>();

  /** Takes how many calls of one caller may go on at the same time. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts one more call of a caller; answers how to give it back, once. Throws TooManyRequests
   * where it is one too many.
   */
  admit(caller: string): () => void {
    const count = this.#open.get(caller) ?? 0;
    if (count >= this.#most) {
      throw tooManyRequests(
        `you have ${this.#most} watches and upgraded connections open, which is the most: end one, or wait until one ends`,
        RETRY_SECONDS,
      );
    }

    this.#open.set(caller, count + 1);

    let given = false;

    return () => {
      if (given) {
        return;
      }

      given = true;

      const left = this.#open.get(caller)! - 1;
      if (left > 0) {
        this.#open.set(caller, left);
      } else {
        this.#open.delete(caller);
      }
    };
  }
}
