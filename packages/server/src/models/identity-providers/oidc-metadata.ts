import { setTimeout } from 'node:timers/promises';
import type { Configuration } from 'openid-client';

/** How long a provider's metadata are kept, in milliseconds. */
const METADATA_MS = 3_600_000;

/**
 * How long after a failure log-in pages do not ask again, and how long they wait for an answer, in
 * milliseconds.
 */
const PAUSE_MS = 10_000;
const SOON_MS = 1000;

/**
 * A provider's metadata (OpenID Connect Discovery 1.0), read at the first log-in and then once an
 * hour.
 */
export class ProviderMetadata {
  readonly #load: () => Promise<Configuration>;
  #loaded: Promise<Configuration> | undefined;
  #since = 0;
  #failed = 0;

  constructor(load: () => Promise<Configuration>) {
    this.#load = load;
  }

  get(): Promise<Configuration> {
    if (this.#loaded && Date.now() - this.#since < METADATA_MS) {
      return this.#loaded;
    }

    this.#since = Date.now();

    const loading = this.#load();
    this.#loaded = loading;

    loading.catch(() => {
      this.#failed = Date.now();
      if (this.#loaded === loading) {
        this.#loaded = undefined;
      }
    });

    return loading;
  }

  /**
   * Returns the metadata to log-in pages, which must not wait long; undefined while they are
   * unknown, or could not be read lately.
   */
  async getSoon(): Promise<Configuration | undefined> {
    if (Date.now() - this.#failed < PAUSE_MS) {
      return undefined;
    }

    const late = new AbortController();
    const waited = setTimeout(SOON_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const known = await Promise.race([this.get().catch(() => undefined), waited]);

    late.abort();

    return known;
  }
}
