import type { Bucket } from '../query/search-backend.ts';
import type { Dialect } from './dialect.ts';

/** What of a search's answer is read besides the documents. */
export interface ResultText {
  readonly hits?: { readonly total?: unknown } | null;
  readonly aggregations?: Readonly<Record<string, Aggregation | null>> | null;
  readonly _scroll_id?: unknown;
  /** Of an answer that only counts. */
  readonly count?: unknown;
}

interface Aggregation {
  readonly value?: unknown;
  readonly buckets?: unknown;
}

/** How many documents match; `isExact` is false where the server stopped counting. */
export interface Total {
  readonly value: number;
  readonly isExact: boolean;
}

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Throws a TypeError for a total in the form of another version. */
export function totalOf({ hits }: ResultText, { totalsAreObjects }: Dialect): Total {
  const total = hits?.total;
  if (total === undefined || total === null) {
    return { value: 0, isExact: true };
  }

  if (typeof total === 'object') {
    const { value, relation }: { value?: unknown; relation?: unknown } = total;
    return { value: count(value), isExact: relation !== 'gte' };
  }
  if (totalsAreObjects) {
    throw new TypeError('hits.total is no object: is the version configured the right one?');
  }

  return { value: count(total), isExact: true };
}

/** Returns the value of an aggregation that counts; 0 where there is none. */
export function countOf({ aggregations }: ResultText, name: string): number {
  return count(aggregations?.[name]?.value);
}

/** Returns the buckets of a histogram. */
export function bucketsOf({ aggregations }: ResultText, name: string): Bucket[] {
  const buckets = aggregations?.[name]?.buckets;
  if (!Array.isArray(buckets)) {
    return [];
  }

  return buckets.map((bucket: { key?: unknown; doc_count?: unknown } | null) => ({
    time: count(bucket?.key),
    count: count(bucket?.doc_count),
  }));
}

/** Returns the number in an answer that only counts. */
export function countedIn({ count: counted }: ResultText): number {
  return count(counted);
}

/** Returns the id of the search context that a scroll keeps open; '' for none. */
export function scrollIdOf({ _scroll_id: id }: ResultText): string {
  return typeof id === 'string' ? id : '';
}

/** Returns the text of a log line's document; '' where it has none. */
export function logTextOf(document: Uint8Array): string {
  const { log }: { log?: unknown } = JSON.parse(Buffer.from(document).toString());
  return typeof log === 'string' ? log : '';
}
