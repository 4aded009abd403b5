/** How many values are kept to be shared before all are forgotten, so that odd ones do not pile up. */
const LIMIT = 10_000;
const known = new Map<string, object>();

/**
 * The value itself, or the equal one that was given before under the same key: thousands of pods ask for the same amounts, and
 * are to hold one copy of them. The value is not to be changed any more.
 */
export function shared<T extends object>(key: string, value: T): T {
  const before = known.get(key);
  if (before) return before as T;
  if (known.size >= LIMIT) known.clear();
  known.set(key, value);
  return value;
}
