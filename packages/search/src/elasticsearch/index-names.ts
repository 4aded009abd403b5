import type { TimeRange } from '../query/search.ts';

const DAY_MS = 86_400_000;

/** Longer ranges, and those without a start, are searched in all indices. */
const MAX_NAMED_MS = 30 * DAY_MS;

function dayOf(time: number): number {
  return Math.floor(time / DAY_MS);
}

/**
 * Returns the names of the daily indices (UTC), percent-encoded for a path, that can hold documents of a time range, newest
 * first and separated by commas; '' for none.
 */
export function indexNames(indexPrefix: string, { start, end = Date.now() }: TimeRange): string {
  const prefix = encodeURIComponent(indexPrefix);

  if (start === undefined || end - start > MAX_NAMED_MS) {
    return `${prefix}*`;
  }

  const names: string[] = [];

  for (let day = dayOf(end); day >= dayOf(start); day--) {
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '.');
    names.push(`${prefix}-${date}`);
  }

  return names.join(',');
}
