import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { parseRequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/apiserver/routes/route';
import type { Store } from '@ks-apiserver/client/informer/store';
import { after } from '../../models/after.ts';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { requireOwnRight } from '../../models/authorization/own-right.ts';
import type { UserList } from '../../models/iam/user-list.ts';
import type { Catalog } from '../../models/resources/catalog.ts';
import type { ResourceDefinition } from '../../models/resources/definition.ts';
import { listPage } from '../../models/resources/list.ts';
import { type ListQuery, parseListQuery } from '../../models/resources/query.ts';
import { bytesOf } from '../../models/resources/render.ts';
import { searchPage } from '../../models/resources/search.ts';
import { searchQueryOf } from '../../models/resources/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../../models/resources/search-types.ts';
import { pageReply } from '../page-reply.ts';
import { usersReply } from '../users-reply.ts';

/** Where the group's operations are. */
export const BASE = '/kapis/resources.kubesphere.io/v1alpha3';
const JSON_TYPE = { 'content-type': 'application/json' };
/** Parameters that may change from page to page of a snapshot. */
const PAGING = new Set(['limit', 'continue']);

/** 3.0 answers 500 for whatever is not found here, and its clients know these texts. */
function fault(message: string): StatusError {
  return new StatusError(500, 'InternalError', message);
}

function singular({ kind, group }: ResourceDefinition): string {
  const name = kind.toLowerCase();
  return group === '' ? name : `${name}.${group}`;
}

/** A list's query, with what it takes to go on with it. */
function queryOf({ query, user, info }: RouteRequest, authorizer: Authorizer): ListQuery {
  const list = { ...parseListQuery(query), hidden: authorizer.hiddenFrom(user, info) };
  if (list.continue === undefined) return list;
  const asked = [...query].filter(([name]) => !PAGING.has(name)).sort();
  const scope = JSON.stringify([user.name, user.uid, user.groups, info.namespace, info.resource, asked]);
  return { ...list, caller: user.name, scope };
}

/**
 * Throws Forbidden where more is needed than the right to the path. The namespace in it says nothing about what has none: a
 * member of one project would read all users.
 */
function requireRights(authorizer: Authorizer, { params, user }: RouteRequest, row: ResourceDefinition): void {
  const { resources = '', namespace, name } = params;
  if (row.needsOwnRight) requireOwnRight(authorizer, user, row, namespace, name);
  if (!row.namespaced && namespace !== undefined)
    authorizer.authorize(user, parseRequestInfo('GET', [BASE, resources, ...(name ? [name] : [])].join('/')));
}

/** Lists a resource, of one namespace or of all. */
export function listResources(catalog: Catalog, authorizer: Authorizer, userList: UserList): Handler {
  const isSearched = (row: ResourceDefinition) =>
    SEARCHED_IN_V1ALPHA3.has(row.resource) && catalog.find(row.resource) === row;
  const pageOf = (row: ResourceDefinition, store: Store, request: RouteRequest) => {
    const { params, signal } = request;
    const list = queryOf(request, authorizer);
    if (row.resource === 'users' && userList.scopeOf(list).scope) return userList.list(list, signal).then(usersReply);
    const page = isSearched(row)
      ? searchPage(store, row, searchQueryOf(list), catalog, params.namespace)
      : listPage(store, row, list, catalog, params.namespace);
    return after(page, (found) => pageReply(found, row, catalog));
  };
  return (request: RouteRequest) => {
    const { resources = '', namespace } = request.params;
    return after(catalog.resolve(resources), (row) => {
      if (!row || (isSearched(row) && !row.namespaced && namespace !== undefined))
        throw fault(`resource ${resources} is not supported`);
      requireRights(authorizer, request, row);
      const store = catalog.ready(row) ?? catalog.synced(row, request.signal);
      return after<Store, unknown>(store, (synced) => pageOf(row, synced, request));
    });
  };
}

/** Reads one object by name. */
export function getResource(catalog: Catalog, authorizer: Authorizer): Handler {
  const entryOf = (row: ResourceDefinition, store: Store, { namespace = '', name = '' }: RouteRequest['params']) => {
    const entry = store.get(name, row.namespaced ? namespace : '');
    if (!entry) throw fault(`${singular(row)} "${name}" not found`);
    return new RouteReply(200, JSON_TYPE, bytesOf(entry, row, catalog));
  };
  return (request: RouteRequest) => {
    const { params, signal } = request;
    const { resources = '', namespace = '', name = '' } = params;
    return after(catalog.resolve(resources), (row) => {
      if (!row) throw fault(`resource ${namespace}.${resources}.${name} not found`);
      requireRights(authorizer, request, row);
      const store = catalog.ready(row) ?? catalog.synced(row, signal);
      return after<Store, unknown>(store, (synced) => entryOf(row, synced, params));
    });
  };
}
