import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/apiserver/routes/route';
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

/** Lists a resource, of one namespace or of all. */
export function listResources(catalog: Catalog, authorizer: Authorizer): Handler {
  return async ({ params, query, user, info, signal }: RouteRequest) => {
    const row = catalog.listed(params.resources ?? '');
    const searched = row && SEARCHED_IN_V1ALPHA3.has(row.resource);
    if (!row || (searched && !row.namespaced && params.namespace !== undefined))
      throw fault(`resource ${params.resources} is not supported`);
    if (row.resource === 'secrets') requireSecretAccess(authorizer, user, params.namespace);
    const store = await catalog.synced(row, signal);
    const list = { ...parseListQuery(query), hidden: authorizer.hiddenFrom(user, info) };
    const page = searched
      ? searchPage(store, row, searchQueryOf(list), catalog, params.namespace)
      : listPage(store, row, list, catalog, params.namespace);
    return pageReply(page, row, catalog);
  };
}

/** Reads one object by name. */
export function getResource(catalog: Catalog, authorizer: Authorizer): Handler {
  return async ({ params, user, signal }: RouteRequest) => {
    const { resources = '', namespace = '', name = '' } = params;
    const row = catalog.listed(resources);
    if (!row) throw fault(`resource ${namespace}.${resources}.${name} not found`);
    if (row.resource === 'secrets') requireSecretAccess(authorizer, user, namespace, name);
    const store = await catalog.synced(row, signal);
    const entry = store.get(name, row.namespaced ? namespace : '');
    if (!entry) throw fault(`${singular(row)} "${name}" not found`);
    return new RouteReply(200, JSON_TYPE, bytesOf(entry, row, catalog));
  };
}
