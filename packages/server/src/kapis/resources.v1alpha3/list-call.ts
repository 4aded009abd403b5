import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import { type LiveList, originOf } from '../../models/live/live-lists.ts';
import { isWhole, matcherOf, othersOf } from '../../models/live/matcher.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import { listPage, type Page } from '../../models/resources/list/list.ts';
import { NarrowedStore } from '../../models/resources/list/narrowed-store.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query/query.ts';
import type { ResourceDefinition } from '../../models/resources/query/resource-definition.ts';
import { searchPage } from '../../models/resources/search/search.ts';
import { searchQueryOf } from '../../models/resources/search/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../../models/resources/search/search-types.ts';
import { takeWatch, type WatchRequest } from '../watch-request.ts';
import { accessOf, type CallerAccess, withoutSight } from './caller-access.ts';
import type { ResourceDependencies } from './dependencies.ts';

/** A call for a list, ordinary or for a protocol upgrade. */
export type ListCall = Pick<
  RouteRequest,
  'params' | 'query' | 'user' | 'info' | 'signal' | 'headers'
>;

/** A requested list: of which resource, for whom, and how it continues. */
export interface Asked {
  definition: ResourceDefinition;
  store: InformerStore;
  namespace: string | undefined;
  list: ListQuery;
  /** With 3.0's older search. */
  searched: boolean;
  /** Whether `scope=visible` was asked for. */
  narrowed: boolean;
  access: CallerAccess;
  watch: WatchRequest | undefined;
}

/**
 * Kinds of KubeSphere 3.1 to 3.4 whose empty lists its consoles show: their pages have no menu to
 * hide.
 */
export const LATER_KINDS: ReadonlySet<string> = new Set([
  'ippools',
  'dashboards',
  'clusterdashboards',
]);

/** Parameters that may change from page to page of a snapshot. */
const PAGING = new Set(['limit', 'continue']);

/** 3.0 answers 500 for everything that is not found here, and its clients know these texts. */
export function fault(message: string): StatusError {
  return new StatusError(500, 'InternalError', message);
}

/**
 * Returns a list's query with the key of its continuation: a caller whose access has changed cannot
 * continue. `access` is undefined where that is decided by cluster.
 */
export function listQueryOf(
  { query, user, info }: Pick<ListCall, 'query' | 'user' | 'info'>,
  filters: URLSearchParams,
  access: CallerAccess | undefined,
): ListQuery {
  const list = { ...parseListQuery(filters), hidden: access?.hidden };
  if (list.continue === undefined) {
    return list;
  }

  const asked = [...query].filter(([name]) => !PAGING.has(name)).sort();
  const { uid, groups, name } = user;

  const scope = JSON.stringify([
    name,
    uid,
    groups,
    info.namespace,
    info.resource,
    access?.visible?.key,
    asked,
  ]);

  return { ...list, caller: name, scope };
}

function askFor(
  dependencies: ResourceDependencies,
  call: ListCall,
  definition: ResourceDefinition | undefined,
): Awaitable<Asked> {
  const { catalog } = dependencies;
  const { params, query, headers } = call;
  const { resources = '', namespace } = params;

  const searched =
    definition !== undefined &&
    SEARCHED_IN_V1ALPHA3.has(definition.resource) &&
    catalog.find(definition.resource) === definition;

  if (!definition || (searched && !definition.namespaced && namespace !== undefined)) {
    throw fault(`resource ${resources} is not supported`);
  }

  const watch = takeWatch(query, headers);
  if (watch && query.has('continue')) {
    throw badRequest('parameter continue: a list with watch=true has no snapshot');
  }

  // Removed before it is examined: it is no filter in either case.
  const narrowed = call.info.visibleOnly;
  const access = accessOf(dependencies, definition, call);

  const whole = (store: InformerStore, seen: CallerAccess): Asked => {
    const list = listQueryOf(call, narrowed ? withoutSight(query, definition) : query, seen);
    return { definition, store, namespace, list, searched, narrowed, access: seen, watch };
  };

  const store = catalog.ready(definition);
  if (store && !(access instanceof Promise)) {
    return whole(store, access);
  }

  return Promise.all([store ?? catalog.synced(definition, call), access]).then(([synced, seen]) =>
    whole(synced, seen),
  );
}

/**
 * Parses what a call asks for, without waiting when that is not needed. Throws Forbidden,
 * BadRequest, and 3.0's 500 for an unknown resource.
 */
export function ask(dependencies: ResourceDependencies, call: ListCall): Awaitable<Asked> {
  return whenReady(dependencies.catalog.resolve(call.params.resources ?? ''), (definition) =>
    askFor(dependencies, call, definition),
  );
}

/** Returns the requested page, as it is now. */
export function pageOf(
  { definition, store, namespace, list, searched, access }: Asked,
  catalog: Catalog,
): Awaitable<Page> {
  const readable = access.visible ? new NarrowedStore(store, access.visible.names) : store;
  const source = { store: readable, definition, catalog };
  return searched
    ? searchPage(source, searchQueryOf(list), namespace)
    : listPage(source, list, namespace);
}

/** Returns the same as a live list. */
export function liveListOf(asked: Asked, catalog: Catalog, query: URLSearchParams): LiveList {
  const { definition, store, namespace, list, searched, narrowed, access } = asked;

  query.sort();

  const { visible, hidden } = access;
  const where = { namespace, visible: visible?.names, searched };

  return {
    origin: originOf(definition, store, catalog),
    key: JSON.stringify([namespace, narrowed, query.toString(), visible?.key, [...(hidden ?? [])]]),
    page: async () => pageOf(asked, catalog),
    matches: isWhole(list) ? matcherOf(definition, list, catalog, where) : undefined,
    offset: list.limit === -1 ? undefined : Math.max(0, (list.page - 1) * list.limit),
    others: othersOf(definition, list, catalog),
  };
}
