import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler, RouteRequest, UpgradeHandler, UpgradeRequest } from '@ks-apiserver/apiserver/routes/route';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { requireSecretAccess } from '../../models/authorization/secret-access.ts';
import type { Visibility } from '../../models/authorization/visible-namespaces.ts';
import type { LiveList, LiveLists } from '../../models/live/live-lists.ts';
import { isWhole, matcherOf, othersOf } from '../../models/live/matcher.ts';
import type { Catalog } from '../../models/resources/catalog.ts';
import type { ResourceDefinition } from '../../models/resources/definition.ts';
import { listPage, type Page } from '../../models/resources/list.ts';
import { NarrowedStore } from '../../models/resources/narrowed-store.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query.ts';
import { searchPage } from '../../models/resources/search.ts';
import { searchQueryOf } from '../../models/resources/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../../models/resources/search-types.ts';
import { liveReply, liveSocket } from '../live-reply.ts';
import { objectReply, pageReply } from '../page-reply.ts';
import { takeWatch, type WatchRequest } from '../watch-request.ts';
import { type CallerView, sightCheck, viewOf, withoutSight } from './caller-view.ts';

/** 3.0 answers 500 for whatever is not found here, and its clients know these texts. */
function fault(message: string): StatusError {
  return new StatusError(500, 'InternalError', message);
}

function singular({ kind, group }: ResourceDefinition): string {
  const name = kind.toLowerCase();
  return group === '' ? name : `${name}.${group}`;
}

/** What the handlers of this group work with. */
export interface ResourceParts {
  catalog: Catalog;
  authorizer: Authorizer;
  visibility: Visibility;
  live: LiveLists;
}

/** A call for a list, ordinary or for a protocol upgrade. */
type ListCall = Pick<RouteRequest, 'params' | 'query' | 'user' | 'info' | 'signal' | 'headers'>;

/** A list that is asked for: of what, for whom, and how it goes on. */
interface Asked {
  row: ResourceDefinition;
  store: Store;
  namespace: string | undefined;
  list: ListQuery;
  /** Whether `scope=visible` was asked for. */
  narrowed: boolean;
  view: CallerView;
  watch: WatchRequest | undefined;
}

function isSearched({ resource }: ResourceDefinition): boolean {
  return SEARCHED_IN_V1ALPHA3.has(resource);
}

/** Reads what a call asks for, without waiting where that is not needed. Throws Forbidden, BadRequest, and 3.0's 500 for an unknown resource. */
function ask(parts: ResourceParts, call: ListCall): Asked | Promise<Asked> {
  const { catalog } = parts;
  const { params, query, headers } = call;
  const { resources = '', namespace } = params;
  const row = catalog.listed(resources);
  if (!row || (isSearched(row) && !row.namespaced && namespace !== undefined))
    throw fault(`resource ${resources} is not supported`);
  const watch = takeWatch(query, headers);
  // Before it is found to be of no use here: it is no filter in either case.
  const narrowed = call.info.visibleOnly;
  const view = viewOf(parts, row, call);
  const whole = (store: Store, seen: CallerView): Asked => {
    const filters = narrowed ? withoutSight(query, row) : query;
    const list = { ...parseListQuery(filters), hidden: seen.hidden };
    return { row, store, namespace, list, narrowed, view: seen, watch };
  };
  const store = catalog.ready(row);
  if (store && !(view instanceof Promise)) return whole(store, view);
  return Promise.all([store ?? catalog.synced(row, call.signal), view]).then(([synced, seen]) => whole(synced, seen));
}

/** The page that is asked for, as it is now. */
function pageOf({ row, store, namespace, list, view }: Asked, catalog: Catalog): Page {
  const readable = view.visible ? new NarrowedStore(store, view.visible.names) : store;
  return isSearched(row)
    ? searchPage(readable, row, searchQueryOf(list), catalog, namespace)
    : listPage(readable, row, list, catalog, namespace);
}

function liveListOf(asked: Asked, catalog: Catalog, query: URLSearchParams): LiveList {
  const { row, store, namespace, list, narrowed, view } = asked;
  query.sort();
  const { visible, hidden } = view;
  return {
    row,
    store,
    key: JSON.stringify([namespace, narrowed, query.toString(), visible?.key, [...(hidden ?? [])]]),
    page: async () => pageOf(asked, catalog),
    matches: isWhole(list) ? matcherOf(row, list, catalog, { namespace, visible: visible?.names }) : undefined,
    offset: list.limit === -1 ? undefined : Math.max(0, (list.page - 1) * list.limit),
    others: othersOf(row, list, catalog),
  };
}

/** Lists a resource, of one namespace, of all, or of those that the caller sees; with `watch=true` the list goes on. */
export function listResources(parts: ResourceParts): Handler {
  const { catalog, live } = parts;
  const answer = (asked: Asked, request: RouteRequest) => {
    const { query, headers } = request;
    const { row, watch, view } = asked;
    if (watch) {
      const follow = { ...watch, check: sightCheck(parts, row, request, view) };
      return liveReply(live, liveListOf(asked, catalog, query), follow, headers, catalog.staleness(row));
    }
    return pageReply(pageOf(asked, catalog), row, catalog);
  };
  return (request: RouteRequest) => {
    const asked = ask(parts, request);
    return asked instanceof Promise ? asked.then((it) => answer(it, request)) : answer(asked, request);
  };
}

/** Serves live lists over WebSocket. */
export function watchResources(parts: ResourceParts): UpgradeHandler {
  const { catalog, live } = parts;
  return async (request: UpgradeRequest) => {
    const { incoming, params, query } = request;
    const { req, user, info, signal } = incoming;
    const call = { params, query, user, info, signal, headers: req.headers };
    const asked = await ask(parts, call);
    if (!asked.watch) throw badRequest('of lists only those with watch=true can be upgraded');
    const follow = { ...asked.watch, check: sightCheck(parts, asked.row, call, asked.view) };
    await liveSocket(live, liveListOf(asked, catalog, query), follow, request);
  };
}

/** Reads one object by name. */
export function getResource({ catalog, authorizer }: ResourceParts): Handler {
  const entryOf = (row: ResourceDefinition, store: Store, { namespace = '', name = '' }: RouteRequest['params']) => {
    const entry = store.get(name, row.namespaced ? namespace : '');
    if (!entry) throw fault(`${singular(row)} "${name}" not found`);
    return objectReply(entry, row, catalog);
  };
  return (request: RouteRequest) => {
    const { params, user } = request;
    const { resources = '', namespace = '', name = '' } = params;
    const row = catalog.listed(resources);
    if (!row) throw fault(`resource ${namespace}.${resources}.${name} not found`);
    if (row.resource === 'secrets') requireSecretAccess(authorizer, user, namespace, name);
    const store = catalog.ready(row);
    return store
      ? entryOf(row, store, params)
      : catalog.synced(row, request.signal).then((synced) => entryOf(row, synced, params));
  };
}
