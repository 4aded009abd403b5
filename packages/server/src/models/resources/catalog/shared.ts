/**
 * How many values are kept to be shared before all are forgotten, so that odd ones do not pile up.
 */
const LIMIT = 10_000;
const known = new Map<string, object>();

/**
 * The value of a key, made by `make` where nobody has asked for it before: thousands of pods ask
 * for the same amounts, and are to hold one copy of them. It is not to be changed.
 */
export function shared<T extends object>(key: string, make: () => T): T {
  const before = known.get(key);
  if (before) {
    return before as T;
  }

  const value = make();

  if (known.size >= LIMIT) {
    known.clear();
  }

  known.set(key, value);

  return value;
}
