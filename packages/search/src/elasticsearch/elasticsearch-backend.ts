import { DOCUMENT_TYPES, type DocumentKind } from '../query/documents.ts';
import type { PageOptions, Search } from '../query/search.ts';
import type { FoundPage, Histogram, SearchBackend, Statistics } from '../query/search-backend.ts';
import { type ClusterOptions, RefusedError, type Result, SearchCluster } from './cluster.ts';
import type { ClusterRequest } from './connection.ts';
import { FAILURE_WORDS } from './failures.ts';
import { indexNames } from './index-names.ts';
import { distinctAggregation, histogramAggregation, KIND_STYLES } from './kind-style.ts';
import { bucketsOf, countedIn, countOf, logTextOf, scrollIdOf, totalOf } from './result.ts';
import { SCROLL_TIME, ScrollContexts } from './scroll-contexts.ts';
import { type KeywordPrefix, queryClause } from './search-body.ts';

/** Documents of a page of an export, and its most pages. */
const EXPORT_PAGE = 1000;
const EXPORT_PAGES = 100;

/** Longest context id that is sent in a URL; servers take about 4,000 bytes there. */
const MAX_ID_IN_URL = 2000;

const NONE = { total: 0 } as const;

/** How Elasticsearch 7 and later refuse a phrase that goes on for a keyword. */
const REFUSES_PHRASES = /phrase prefix queries on text fields/i;

/** A cluster, what is stored there, and how the names of its daily indices begin. */
export interface BackendOptions extends ClusterOptions {
  readonly kind: DocumentKind;
  readonly indexPrefix: string;
}

/**
 * Searches documents in Elasticsearch 5 to 9 or OpenSearch, with the requests that 3.0 sends. Where
 * a server stops counting at 10,000, the rest is asked for.
 */
export class ElasticsearchBackend implements SearchBackend {
  readonly #kind: DocumentKind;
  readonly #indexPrefix: string;
  readonly #cluster: SearchCluster;
  readonly #contexts: ScrollContexts;
  #keywordPrefix: KeywordPrefix = 'phrase';

  /** Throws a TypeError for options that cannot be used. */
  constructor(options: BackendOptions) {
    this.#kind = options.kind;
    this.#indexPrefix = options.indexPrefix;
    this.#cluster = new SearchCluster(options, FAILURE_WORDS[options.kind]);
    this.#contexts = new ScrollContexts(this.#cluster);
  }

  async query(search: Search, page: PageOptions, signal: AbortSignal): Promise<FoundPage> {
    const indices = this.#indices(search);
    if (indices === '') {
      return { ...NONE, documents: [] };
    }

    const keys = KIND_STYLES[this.#kind].page(page);
    const found = await this.#ask(() => this.#request(indices, search, keys), signal);

    return { total: await this.#total(search, found, signal), documents: found.documents };
  }

  async statistics(search: Search, signal: AbortSignal): Promise<Statistics> {
    const indices = this.#indices(search);
    if (indices === '') {
      return { ...NONE, distinct: 0 };
    }

    const { aggregated, distinct, scrollsStatistics } = KIND_STYLES[this.#kind];
    const keys = { ...aggregated, aggs: distinctAggregation(this.#kind) };
    const scroll = scrollsStatistics ? `&scroll=${SCROLL_TIME}` : '';
    const found = await this.#ask(() => this.#request(indices, search, keys, scroll), signal);

    this.#contexts.leave(scrollIdOf(found.result));

    return {
      total: await this.#total(search, found, signal),
      distinct: countOf(found.result, distinct),
    };
  }

  async histogram(search: Search, interval: string, signal: AbortSignal): Promise<Histogram> {
    const indices = this.#indices(search);
    if (indices === '') {
      return { ...NONE, buckets: [] };
    }

    const { aggregated, histogram } = KIND_STYLES[this.#kind];
    const dialect = await this.#cluster.dialect(signal);
    const keys = { ...aggregated, aggs: histogramAggregation(this.#kind, interval, dialect) };
    const { result } = await this.#ask(() => this.#request(indices, search, keys), signal);
    const buckets = bucketsOf(result, histogram);
    const total = this.#cluster.readable(() => totalOf(result, dialect));

    // Every document is in a bucket, also where the server stopped counting.
    const counted = total.isExact ? 0 : buckets.reduce((sum, { count }) => sum + count, 0);

    return { total: Math.max(total.value, counted), buckets };
  }

  async *export(search: Search, signal: AbortSignal): AsyncGenerator<readonly string[]> {
    const indices = this.#indices(search);
    if (indices === '') {
      return;
    }

    const keys = KIND_STYLES[this.#kind].page({ from: 0, size: EXPORT_PAGE, order: 'desc' });
    let request = () => this.#request(indices, search, keys, `&scroll=${SCROLL_TIME}`);
    let context = '';

    try {
      for (let page = 0; page < EXPORT_PAGES; page++) {
        const { result, documents } = await this.#ask(request, signal);
        context = scrollIdOf(result) || context;

        if (documents.length === 0) {
          return;
        }

        yield this.#cluster.readable(() => documents.map(logTextOf));
        request = () => continuation(context);
      }
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) {
        context = '';
      }
      throw error;
    } finally {
      await this.#contexts.close(context);
    }
  }

  /** Returns the indices to search; '' when nothing can be found. */
  #indices({ scopes, range }: Search): string {
    return scopes?.length === 0 ? '' : indexNames(this.#indexPrefix, range);
  }

  #request(indices: string, search: Search, keys: object, parameters = ''): ClusterRequest {
    return {
      method: 'GET',
      path: `/${indices}/_search?ignore_unavailable=true${parameters}`,
      body: { ...keys, query: this.#query(search) },
    };
  }

  #query(search: Search): object {
    return queryClause(search, DOCUMENT_TYPES[this.#kind], this.#keywordPrefix);
  }

  /** Makes a request, in the newer form from when the server refuses a phrase for a keyword. */
  async #ask(request: () => ClusterRequest, signal: AbortSignal): Promise<Result> {
    try {
      return await this.#cluster.search(request(), signal);
    } catch (error) {
      const isRefused = error instanceof RefusedError && REFUSES_PHRASES.test(error.message);
      if (!isRefused || this.#keywordPrefix === 'prefix') {
        throw error;
      }

      this.#keywordPrefix = 'prefix';

      return this.#cluster.search(request(), signal);
    }
  }

  /** Returns how many documents match; asks once more where the server stopped counting. */
  async #total(search: Search, { result }: Result, signal: AbortSignal): Promise<number> {
    const dialect = await this.#cluster.dialect(signal);
    const { value, isExact } = this.#cluster.readable(() => totalOf(result, dialect));

    return isExact ? value : Math.max(value, await this.#count(search, signal));
  }

  /** Returns how many documents match; 0 if the server does not count them. */
  async #count(search: Search, signal: AbortSignal): Promise<number> {
    const path = `/${this.#indices(search)}/_count?ignore_unavailable=true`;

    try {
      const { result } = await this.#cluster.search(
        { method: 'GET', path, body: { query: this.#query(search) } },
        signal,
      );
      return countedIn(result);
    } catch (error) {
      signal.throwIfAborted();

      if (error instanceof RefusedError) {
        return 0;
      }
      throw error;
    }
  }

  /** Ends requests in progress and idle connections. */
  close(): Promise<void> {
    return this.#cluster.close();
  }
}

/** Returns the request for the next page of a context. */
function continuation(id: string): ClusterRequest {
  const path = '/_search/scroll';

  return id.length > MAX_ID_IN_URL
    ? { method: 'GET', path, body: { scroll: SCROLL_TIME, scroll_id: id } }
    : { method: 'GET', path: `${path}?scroll=${SCROLL_TIME}&scroll_id=${encodeURIComponent(id)}` };
}
