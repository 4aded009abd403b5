import { LRUCache } from 'lru-cache';

/** Values that are kept for sharing, so that rare ones do not pile up. */
const LIMIT = 10_000;

/** Values that are equal for equal keys and shared among their users, who must not change them. */
export class InternedValues<T extends NonNullable<unknown>> {
  readonly #values = new LRUCache<string, T>({ max: LIMIT });

  /**
   * Returns the value of a key, made by `make` the first time: thousands of pods request the same
   * amounts and share one object for them.
   */
  get(key: string, make: () => T): T {
    const known = this.#values.get(key);
    if (known !== undefined) {
      return known;
    }

    const value = make();
    this.#values.set(key, value);

    return value;
  }
}
