import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/apiserver/routes/route';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Authorizer } from '../../models/authorization/authorizer.ts';
import { requireSecretAccess } from '../../models/authorization/secret-access.ts';
import type { Catalog } from '../../models/resources/catalog.ts';
import type { ResourceDefinition } from '../../models/resources/definition.ts';
import { listPage } from '../../models/resources/list.ts';
import { parseListQuery } from '../../models/resources/query.ts';
import { bytesOf } from '../../models/resources/render.ts';
import { searchPage } from '../../models/resources/search.ts';
import { searchQueryOf } from '../../models/resources/search-query.ts';
import { SEARCHED_IN_V1ALPHA3 } from '../../models/resources/search-types.ts';
import { pageReply } from '../page-reply.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** 3.0 answers 500 for whatever is not found here, and its clients know these texts. */
function fault(message: string): StatusError {
  return new StatusError(500, 'InternalError', message);
}

function singular({ kind, group }: ResourceDefinition): string {
  const name = kind.toLowerCase();
  return group === '' ? name : `${name}.${group}`;
}

function isSearched({ resource }: ResourceDefinition): boolean {
  return SEARCHED_IN_V1ALPHA3.has(resource);
}

/** Lists a resource, of one namespace or of all. */
export function listResources(catalog: Catalog, authorizer: Authorizer): Handler {
  const pageOf = (row: ResourceDefinition, store: Store, { params, query, user, info }: RouteRequest) => {
    const list = { ...parseListQuery(query), hidden: authorizer.hiddenFrom(user, info) };
    const page = isSearched(row)
      ? searchPage(store, row, searchQueryOf(list), catalog, params.namespace)
      : listPage(store, row, list, catalog, params.namespace);
    return pageReply(page, row, catalog);
  };
  return (request: RouteRequest) => {
    const { params, user } = request;
    const row = catalog.listed(params.resources ?? '');
    if (!row || (isSearched(row) && !row.namespaced && params.namespace !== undefined))
      throw fault(`resource ${params.resources} is not supported`);
    if (row.resource === 'secrets') requireSecretAccess(authorizer, user, params.namespace);
    const store = catalog.ready(row);
    return store
      ? pageOf(row, store, request)
      : catalog.synced(row, request.signal).then((synced) => pageOf(row, synced, request));
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
