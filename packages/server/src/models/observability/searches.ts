import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { type DocumentKind, EVENT_FIELDS } from '@ks-apiserver/search/query/documents';
import type { AnyOf, Search } from '@ks-apiserver/search/query/search';
import type { SearchBackend } from '@ks-apiserver/search/query/search-backend';
import { AUDIT_CONDITIONS, EVENT_CONDITIONS, LOG_CONDITIONS } from './conditions.ts';
import { ANY_NAME } from './namespace-filter.ts';
import type { ReadableScopes, Scopes } from './readable-scopes.ts';
import { conditionsOf, nameFilterOf, type SearchParameters } from './search-parameters.ts';

/** The backend of each kind of documents that is searched; kinds without one are not configured. */
export type SearchBackends = Readonly<Record<DocumentKind, SearchBackend | undefined>>;

/** A call for documents of a kind. */
export interface SearchCall {
  readonly query: URLSearchParams;
  readonly parameters: SearchParameters;
  readonly user: UserInfo;
  readonly signal: AbortSignal;
}

/** Makes a search of a call: what its parameters say, within what its caller may read. */
export type SearchMaker = (call: SearchCall, scopes: ReadableScopes) => Promise<Search>;

function searchOf({ parameters }: SearchCall, scopes: Scopes, conditions: AnyOf[]): Search {
  return { scopes, conditions, range: parameters.range };
}

const logSearch: SearchMaker = async (call, readable) => {
  const { query, user } = call;
  const namespace = nameFilterOf(query, 'namespaces', 'namespace_query');
  const scopes = readable.ofLogs(user, { namespace, workspace: ANY_NAME });

  return searchOf(call, scopes, conditionsOf(query, LOG_CONDITIONS));
};

const eventSearch: SearchMaker = async (call, readable) => {
  const { query, user } = call;

  const scopes = readable.ofEvents(user, {
    namespace: nameFilterOf(
      query,
      'involved_object_namespace_filter',
      'involved_object_namespace_search',
    ),
    workspace: nameFilterOf(query, 'workspace_filter', 'workspace_search'),
  });

  const conditions: AnyOf[] = conditionsOf(query, EVENT_CONDITIONS);
  const type = query.get('type_filter') ?? '';
  if (type !== '') {
    conditions.push([{ match: 'phrase', field: EVENT_FIELDS.type, value: type }]);
  }

  return searchOf(call, scopes, conditions);
};

const auditSearch: SearchMaker = async (call, readable) => {
  const { query, user, signal } = call;

  const filter = {
    namespace: nameFilterOf(query, 'objectref_namespace_filter', 'objectref_namespace_search'),
    workspace: nameFilterOf(query, 'workspace_filter', 'workspace_search'),
  };

  const scopes = await readable.ofAuditing(user, filter, signal);

  return searchOf(call, scopes, conditionsOf(query, AUDIT_CONDITIONS));
};

/** How the search of each kind is made. */
export const SEARCH_MAKERS: Readonly<Record<DocumentKind, SearchMaker>> = {
  logs: logSearch,
  events: eventSearch,
  auditing: auditSearch,
};
