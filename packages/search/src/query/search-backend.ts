import type { PageOptions, Search } from './search.ts';

/** Matching documents, each the bytes of its JSON as it was stored, and how many there are in all. */
export interface FoundPage {
  readonly total: number;
  readonly documents: readonly Uint8Array[];
}

/** How many documents match, and how many different values their counted field has. */
export interface Statistics {
  readonly total: number;
  readonly distinct: number;
}

/** How many documents are in an interval that begins at `time`, in milliseconds since 1970. */
export interface Bucket {
  readonly time: number;
  readonly count: number;
}

/** How many documents match, in all and by intervals. */
export interface Histogram {
  readonly total: number;
  readonly buckets: readonly Bucket[];
}

/** Why a search failed. */
export type SearchFailure =
  /** The backend did not accept the search. */
  | 'refused'
  /** The backend cannot be reached or has answered something else than a result. */
  | 'unavailable'
  /** Too many searches at the same time. */
  | 'busy'
  /** The backend took too long. */
  | 'timeout';

/** A search that failed; the message is meant for the caller and holds no credentials. */
export class SearchError extends Error {
  override name = 'SearchError';
  readonly failure: SearchFailure;

  constructor(failure: SearchFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** Returns the error for a search that may not even wait for its turn. */
export const tooManySearches = (): SearchError =>
  new SearchError('busy', 'too many searches at the same time, try again later');

/**
 * Searches documents of one kind. All methods reject with a SearchError, or with the signal's
 * reason when it is aborted; an abort also ends the work in the backend.
 */
export interface SearchBackend {
  /** Returns a page of the matching documents in the order of their time. */
  query(search: Search, page: PageOptions, signal: AbortSignal): Promise<FoundPage>;

  statistics(search: Search, signal: AbortSignal): Promise<Statistics>;

  /** Counts documents by intervals such as `15m`, `1h`, `1d` or `1M`, empty ones between included. */
  histogram(search: Search, interval: string, signal: AbortSignal): Promise<Histogram>;

  /**
   * Yields the text of all matching log lines in batches, newest first, up to a bound of the
   * backend. The next batch is read when it is asked for; whatever the backend holds for the export
   * is released when the iteration ends, also early.
   */
  export(search: Search, signal: AbortSignal): AsyncIterable<readonly string[]>;
}
