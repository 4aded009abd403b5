import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/apiserver/routes/route';
import type { Catalog } from '../../models/resources/catalog.ts';
import type { ResourceDefinition } from '../../models/resources/definition.ts';
import { listPage } from '../../models/resources/list.ts';
import { parseListQuery } from '../../models/resources/query.ts';
import { bytesOf } from '../../models/resources/render.ts';
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
export function listResources(catalog: Catalog): Handler {
  return async ({ params, query, signal }: RouteRequest) => {
    const row = catalog.find(params.resources ?? '');
    if (!row) throw fault(`resource ${params.resources} is not supported`);
    const store = await catalog.synced(row, signal);
    const page = listPage(store, row, parseListQuery(query), catalog, params.namespace);
    return pageReply(page, row, catalog);
  };
}

/** Reads one object by name. */
export function getResource(catalog: Catalog): Handler {
  return async ({ params, signal }: RouteRequest) => {
    const { resources = '', namespace = '', name = '' } = params;
    const row = catalog.find(resources);
    if (!row) throw fault(`resource ${namespace}.${resources}.${name} not found`);
    const store = await catalog.synced(row, signal);
    const entry = store.get(name, row.namespaced ? namespace : '');
    if (!entry) throw fault(`${singular(row)} "${name}" not found`);
    return new RouteReply(200, JSON_TYPE, bytesOf(entry, row, catalog));
  };
}
