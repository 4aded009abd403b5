/**
 * Calls `next` with a value at once, or when its promise resolves. For paths where most calls need
 * not wait: an await would cost them a turn of the event loop.
 */
export function whenReady<T, R>(
  value: T | Promise<T>,
  next: (value: T) => R | Promise<R>,
): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
