const DAY_MS = 86_400_000;

/** Documents of one millisecond that get ids of it; further ones get those behind. */
export const IDS_PER_MS = 64;

/** Returns the number of the day of a time, counted from 1970 in UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** Returns the first millisecond of a day. */
export function startOfDay(day: number): number {
  return day * DAY_MS;
}

/**
 * Returns the first id of a millisecond in the file of a day. Ids are in the order of the times of
 * their documents, and count from the beginning of the day, so that they are short.
 */
export function firstIdOf(day: number, ms: number): number {
  return (ms - startOfDay(day)) * IDS_PER_MS;
}

/** Returns the millisecond of an id in the file of a day. */
export function msOf(day: number, id: number): number {
  return startOfDay(day) + Math.floor(id / IDS_PER_MS);
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
    first: isFromStart ? 0 : firstIdOf(day, Math.ceil(start)),
    last: isToEnd ? Number.MAX_SAFE_INTEGER : firstIdOf(day, Math.floor(end) + 1) - 1,
  };
}
