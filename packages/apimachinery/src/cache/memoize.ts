import { LRUCache } from 'lru-cache';

/**
 * Returns a function that computes the value of a text once and remembers the values of the
 * `entries` texts that were used last. Callers share the values and must not change them. Nothing
 * is remembered when `compute` throws.
 */
export function memoize<T extends NonNullable<unknown>>(
  entries: number,
  compute: (text: string) => T,
): (text: string) => T {
  const cache = new LRUCache<string, T>({ max: entries });

  return (text) => {
    let value = cache.get(text);
    if (value === undefined) {
      value = compute(text);
      cache.set(text, value);
    }

    return value;
  };
}
