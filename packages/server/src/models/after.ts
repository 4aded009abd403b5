/**
 * What follows on a value that is there already, or comes: most calls are answered without waiting
 * for anything.
 */
export function after<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
