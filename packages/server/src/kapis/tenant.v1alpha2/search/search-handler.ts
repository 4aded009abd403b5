import {
  StatusError,
  serviceUnavailable,
  tooManyRequests,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { DocumentKind } from '@ks-apiserver/search/query/documents';
import type { PageOptions, Search } from '@ks-apiserver/search/query/search';
import {
  type FoundPage,
  type Histogram,
  type SearchBackend,
  SearchError,
  type Statistics,
} from '@ks-apiserver/search/query/search-backend';
import {
  parseSearch,
  type SearchParameters,
} from '../../../models/observability/search-parameters.ts';
import { SEARCH_MAKERS } from '../../../models/observability/searches.ts';
import type { SearchDependencies } from './dependencies.ts';

const RETRY_SECONDS = 5;

/** What is special about searches of a kind: its page, and how results are answered. */
export interface SearchAnswers {
  pageOptions(parameters: SearchParameters): PageOptions;
  query(found: FoundPage): unknown;
  statistics(found: Statistics): unknown;
  histogram(found: Histogram): unknown;
  /** Only logs are exported; elsewhere it is a query. */
  export?(backend: SearchBackend, search: Search, signal: AbortSignal): unknown;
}

/** Searches that find nothing, and that nobody has to be asked for. */
const NOTHING: SearchBackend = {
  query: async () => ({ total: 0, documents: [] }),
  statistics: async () => ({ total: 0, distinct: 0 }),
  histogram: async () => ({ total: 0, buckets: [] }),
  async *export() {},
};

/** Returns the error that a failed search is answered with: 500 as in 3.0 where it knows it. */
export function searchFailure(error: unknown): unknown {
  if (!(error instanceof SearchError)) {
    return error;
  }

  switch (error.failure) {
    case 'busy':
      return tooManyRequests(error.message, RETRY_SECONDS);
    case 'timeout':
      return new StatusError(504, 'Timeout', error.message);
    default:
      return new StatusError(500, 'InternalError', error.message, undefined, {
        cause: error.cause,
      });
  }
}

async function answer(
  backend: SearchBackend,
  search: Search,
  parameters: SearchParameters,
  answers: SearchAnswers,
  signal: AbortSignal,
): Promise<unknown> {
  switch (parameters.operation) {
    case 'statistics':
      return answers.statistics(await backend.statistics(search, signal));
    case 'histogram':
      return answers.histogram(await backend.histogram(search, parameters.interval, signal));
    case 'export':
      if (answers.export) {
        return answers.export(backend, search, signal);
      }
      break;
    case 'query':
  }

  return answers.query(await backend.query(search, answers.pageOptions(parameters), signal));
}

/** Returns the handler of the searches of a kind. */
export function searchHandler(
  kind: DocumentKind,
  answers: SearchAnswers,
  { scopes, backends }: SearchDependencies,
): Handler {
  return async ({ query, user, signal }: RouteRequest) => {
    const parameters = parseSearch(query);
    const search = await SEARCH_MAKERS[kind]({ query, parameters, user, signal }, scopes);

    // Who may read nothing is answered so, whatever is configured.
    const backend = search.scopes?.length === 0 ? NOTHING : backends[kind];
    if (!backend) {
      throw serviceUnavailable(`${kind}: nothing is configured that stores them`);
    }

    try {
      return await answer(backend, search, parameters, answers, signal);
    } catch (error) {
      throw searchFailure(error);
    }
  };
}
