import { ProviderError } from './provider.ts';

/**
 * Calls of one provider at the same time; more are refused, so that a slow provider does not
 * collect sockets.
 */
const MAX_PENDING = 64;

/** How long a provider that did not answer is not called, in milliseconds. */
const REST_MS = 3000;

/**
 * Keeps a provider that is down from delaying log-ins: after a failure, calls fail at once for a
 * few seconds.
 */
export class ProviderBreaker {
  readonly #name: string;
  #pending = 0;
  #downUntil = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Calls the provider. Throws a ProviderError without addresses and details; at once while the
   * provider is down or busy.
   */
  async call<T>(work: () => Promise<T>): Promise<T> {
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
      return await work();
    } catch (error) {
      if (!(error instanceof ProviderError) || error.outcome === 'refused') {
        throw error;
      }
      if (error.outcome === 'down') {
        this.#downUntil = Date.now() + REST_MS;
      }

      // The address of the provider is only logged, not shown to the user.
      throw failed('gives no usable answer, try again later', error);
    } finally {
      this.#pending -= 1;
    }
  }
}
