/**
 * A result that is there at once wherever it can be. Only functions on the way of calls that the
 * benchmark measures return one: who calls, what they may do, and pages of lists from informers
 * (docs/adr/0013-cost-of-a-request.md). Everything else is async.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Calls `next` with a value at once, or when its promise resolves. For paths where most calls need
 * not wait: an await would cost them a turn of the event loop.
 */
export function whenReady<T, R>(
  value: Awaitable<T>,
  next: (value: T) => Awaitable<R>,
): Awaitable<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
