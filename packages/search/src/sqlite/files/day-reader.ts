import type { Order, Search } from '../../query/search.ts';

/** How many documents are in an interval: its number, and the count. */
export type IntervalCount = readonly [interval: number, count: number];

/** Which ids are read: at most `limit`, in an order, behind an id in that order. */
export interface IdPage {
  readonly order: Order;
  readonly limit: number;
  readonly after?: number | undefined;
}

/** What a search finds in the file of a day. */
export interface FileSearch {
  /** Counts documents by intervals of a length in milliseconds, counted from 1970. */
  counts(unit: number): IntervalCount[];
  ids(page: IdPage): number[];
  /** Returns the different values of the kind's counted field. */
  distinct(): Iterable<string>;
}

/** Reads the file of a day. */
export interface DayReader {
  /** Prepares a search. Throws a SearchError for one that cannot be made here. */
  search(search: Search): FileSearch;
  /** Returns the JSON of documents. */
  documents(ids: readonly number[]): string[];
  /** Returns the texts of log lines. */
  texts(ids: readonly number[]): string[];
  close(): void;
}

/** Returns the first ids of several lists that are in an order themselves. */
export function mergeIds(
  lists: readonly (readonly number[])[],
  { order, limit }: IdPage,
): number[] {
  const [only] = lists;
  if (lists.length === 1 && only) {
    return only.slice(0, limit);
  }

  const sign = order === 'asc' ? 1 : -1;

  return lists
    .flat()
    .sort((a, b) => (a - b) * sign)
    .slice(0, limit);
}

/** Returns the ids from a first to a last one that are behind another in an order. */
export function behind(
  range: { readonly first: number; readonly last: number },
  { order, after }: IdPage,
): { first: number; last: number } {
  const { first, last } = range;
  if (after === undefined) {
    return { first, last };
  }

  return order === 'asc'
    ? { first: Math.max(first, after + 1), last }
    : { first, last: Math.min(last, after - 1) };
}
