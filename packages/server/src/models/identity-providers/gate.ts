import { ProviderError } from './provider.ts';

/**
 * Calls of one provider under way; more are sent away, so that a slow one does not collect sockets.
 */
const MAX_PENDING = 64;

/** How long a provider that gave no answer is left alone, in milliseconds. */
const REST_MS = 3000;

/**
 * Keeps a provider that is down from holding up log-ins: after a failure the next few seconds fail
 * at once.
 */
export class Gate {
  readonly #name: string;
  #pending = 0;
  #downUntil = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Calls the provider. Throws a ProviderError without places and details, at once while it rests
   * or is busy.
   */
  async pass<T>(call: () => Promise<T>): Promise<T> {
    const failed = (what: string, cause?: unknown) =>
      new ProviderError(`identity provider ${this.#name} ${what}`, { outcome: 'failed', cause });

    if (Date.now() < this.#downUntil) {
      throw failed('did not answer a moment ago, try again');
    }
    if (this.#pending >= MAX_PENDING) {
      throw failed('has too many log-ins under way, try again');
    }

    this.#pending += 1;

    try {
      return await call();
    } catch (error) {
      if (!(error instanceof ProviderError) || error.outcome === 'refused') {
        throw error;
      }
      if (error.outcome === 'down') {
        this.#downUntil = Date.now() + REST_MS;
      }

      // Who logs in is not told where the provider is; the log is.
      throw failed('gives no usable answer, try again later', error);
    } finally {
      this.#pending -= 1;
    }
  }
}
