const DAY_MS = 86_400_000;

/** Documents of one millisecond that get ids of it; further ones get those behind. */
export const IDS_PER_MS = 64;

/** Returns the first id of a millisecond: ids are in the order of the times of their documents. */
export function firstIdOf(ms: number): number {
  return ms * IDS_PER_MS;
}

/** Returns the millisecond of an id. */
export function msOf(id: number): number {
  return Math.floor(id / IDS_PER_MS);
}

/** Returns the number of the day of a time, counted from 1970 in UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** Returns the first millisecond of a day. */
export function startOfDay(day: number): number {
  return day * DAY_MS;
}

/** Ids from the first to the last, both included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Returns the ids of a day's documents in a range of times, both ends included. A range that covers
 * the day has all ids of its file: those behind the last millisecond are behind the day.
 */
export function idsOfDay(
  day: number,
  { start = -Infinity, end = Infinity }: { readonly start?: number; readonly end?: number },
): IdRange {
  const isFromStart = start <= startOfDay(day);
  const isToEnd = end >= startOfDay(day + 1) - 1;

  return {
    first: isFromStart ? 0 : firstIdOf(Math.ceil(start)),
    last: isToEnd ? Number.MAX_SAFE_INTEGER : firstIdOf(Math.floor(end) + 1) - 1,
  };
}
