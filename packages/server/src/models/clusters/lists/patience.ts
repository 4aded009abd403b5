import { setMaxListeners } from 'node:events';
import { unlessAborted } from '@ks-apiserver/apimachinery/concurrency/unless-aborted';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { LRUCache } from 'lru-cache';

/** What was late the last time gets no more than this, in milliseconds, until it is there. */
const SHORT_MS = 5;
const MAX_LATE = 1000;

/** Thrown instead of an answer that did not come in time. */
export class TooLate extends Error {}

/** The time that one request has for all that it waits for; `end` must be called. */
export class WaitingTime extends Deadline {
  constructor(ms: number) {
    super(ms);

    // One listener for each cluster: more than the ten after which Node warns.
    setMaxListeners(0, this.signal);
  }
}

/**
 * Waits for others only for a short while, and not again and again for the same: what was late is
 * taken when it is there, but not waited for any more.
 */
export class Patience {
  readonly #late = new LRUCache<string, true>({ max: MAX_LATE });

  /**
   * Returns what `work` does in the time of a request; its signal is aborted then. Rejects with
   * TooLate, or with what `work` rejects with before. Work that goes on must clean up behind itself.
   */
  async within<T>(
    key: string,
    time: WaitingTime,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const short = this.#late.has(key) ? new Deadline(SHORT_MS) : undefined;
    const { signal } = short ?? time;
    const result = work(signal);

    result.then(
      () => this.#late.delete(key),
      () => {},
    );

    try {
      return await unlessAborted(result, signal);
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }

      this.#late.set(key, true);
      throw new TooLate(key);
    } finally {
      short?.end();
    }
  }
}
