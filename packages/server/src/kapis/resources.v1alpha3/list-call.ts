import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import { after } from '../../models/after.ts';
import type { LiveList } from '../../models/live/live-lists.ts';
import { isWhole, matcherOf, othersOf } from '../../models/live/matcher.ts';
import type { Catalog } from '../../models/resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../../models/resources/catalog/definition.ts';
import { listPage, type Page } from '../../models/resources/list/list.ts';
import { NarrowedStore } from '../../models/resources/list/narrowed-store.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query/query.ts';
import { searchPage } from '../../models/resources/search/search.ts';
import { searchQueryOf } from '../../models/resources/search/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../../models/resources/search/search-types.ts';
import { takeWatch, type WatchRequest } from '../watch-request.ts';
import { type CallerView, viewOf, withoutSight } from './caller-view.ts';
import type { ResourceParts } from './parts.ts';

/** A call for a list, ordinary or for a protocol upgrade. */
export type ListCall = Pick<
  RouteRequest,
  'params' | 'query' | 'user' | 'info' | 'signal' | 'headers'
>;

/** A list that is asked for: of what, for whom, and how it goes on. */
export interface Asked {
  row: ResourceDefinition;
  store: Store;
  namespace: string | undefined;
  list: ListQuery;
  /** By the older searcher of 3.0. */
  searched: boolean;
  /** Whether `scope=visible` was asked for. */
  narrowed: boolean;
  view: CallerView;
  watch: WatchRequest | undefined;
}

/** Parameters that may change from page to page of a snapshot. */
const PAGING = new Set(['limit', 'continue']);

/** 3.0 answers 500 for whatever is not found here, and its clients know these texts. */
export function fault(message: string): StatusError {
  return new StatusError(500, 'InternalError', message);
}

/**
 * A list's query, with what it takes to go on with it: whoever sees more or less than before does
 * not go on where he was.
 */
function queryOf(
  { query, user, info }: ListCall,
  filters: URLSearchParams,
  view: CallerView,
): ListQuery {
  const list = { ...parseListQuery(filters), hidden: view.hidden };
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
    view.visible?.key,
    asked,
  ]);

  return { ...list, caller: name, scope };
}

function askFor(
  parts: ResourceParts,
  call: ListCall,
  row: ResourceDefinition | undefined,
): Asked | Promise<Asked> {
  const { catalog } = parts;
  const { params, query, headers } = call;
  const { resources = '', namespace } = params;

  const searched =
    row !== undefined &&
    SEARCHED_IN_V1ALPHA3.has(row.resource) &&
    catalog.find(row.resource) === row;

  if (!row || (searched && !row.namespaced && namespace !== undefined)) {
    throw fault(`resource ${resources} is not supported`);
  }

  const watch = takeWatch(query, headers);
  if (watch && query.has('continue')) {
    throw badRequest('parameter continue: a list that goes on is no snapshot');
  }

  // Before it is found to be of no use here: it is no filter in either case.
  const narrowed = call.info.visibleOnly;
  const view = viewOf(parts, row, call);

  const whole = (store: Store, seen: CallerView): Asked => {
    const list = queryOf(call, narrowed ? withoutSight(query, row) : query, seen);
    return { row, store, namespace, list, searched, narrowed, view: seen, watch };
  };

  const store = catalog.ready(row);
  if (store && !(view instanceof Promise)) {
    return whole(store, view);
  }

  return Promise.all([store ?? catalog.synced(row, call.signal), view]).then(([synced, seen]) =>
    whole(synced, seen),
  );
}

/**
 * Reads what a call asks for, without waiting where that is not needed. Throws Forbidden,
 * BadRequest, and 3.0's 500 for an unknown resource.
 */
export function ask(parts: ResourceParts, call: ListCall): Asked | Promise<Asked> {
  return after(parts.catalog.resolve(call.params.resources ?? ''), (row) =>
    askFor(parts, call, row),
  );
}

/** The page that is asked for, as it is now. */
export function pageOf(
  { row, store, namespace, list, searched, view }: Asked,
  catalog: Catalog,
): Page | Promise<Page> {
  const readable = view.visible ? new NarrowedStore(store, view.visible.names) : store;
  return searched
    ? searchPage(readable, row, searchQueryOf(list), catalog, namespace)
    : listPage(readable, row, list, catalog, namespace);
}

/** The same as a list that goes on. */
export function liveListOf(asked: Asked, catalog: Catalog, query: URLSearchParams): LiveList {
  const { row, store, namespace, list, searched, narrowed, view } = asked;

  query.sort();

  const { visible, hidden } = view;
  const where = { namespace, visible: visible?.names };

  return {
    row,
    store,
    key: JSON.stringify([namespace, narrowed, query.toString(), visible?.key, [...(hidden ?? [])]]),
    page: async () => pageOf(asked, catalog),
    matches: isWhole(list) ? matcherOf(row, list, catalog, where, searched) : undefined,
    offset: list.limit === -1 ? undefined : Math.max(0, (list.page - 1) * list.limit),
    others: othersOf(row, list, catalog),
  };
}
