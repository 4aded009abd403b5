import { RouteReply } from '@ks-apiserver/apiserver/routes/route';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Catalog } from '../models/resources/catalog.ts';
import type { ResourceDefinition } from '../models/resources/definition.ts';
import type { Page } from '../models/resources/list.ts';
import { bytesOf, listBody, type TotalKey } from '../models/resources/render.ts';
import { entityTag } from './entity-tag.ts';
import { staleHeaders } from './stale-headers.ts';

/** Answers are asked for anew each time, but need not be sent anew; they are for their caller alone. */
const CACHING = { 'cache-control': 'no-cache, private', vary: 'Authorization, Accept-Encoding' };
const JSON_TYPE = 'application/json';

function cachingHeaders(page: Page, row: ResourceDefinition, catalog: Catalog, form: string): Record<string, string> {
  const etag = entityTag(page, row, catalog, form);
  return { ...(etag !== undefined && { etag }), ...CACHING, ...staleHeaders(catalog.staleness(row)) };
}

/** The answer to a list of cached objects, `{items, totalItems}`: their bytes as they are. */
export function pageReply(
  page: Page,
  row: ResourceDefinition,
  catalog: Catalog,
  totalKey: TotalKey = 'totalItems',
): RouteReply {
  const { pieces, length } = listBody(page, row, catalog, totalKey);
  const headers = {
    'content-type': JSON_TYPE,
    'content-length': String(length),
    ...cachingHeaders(page, row, catalog, totalKey),
  };
  return new RouteReply(200, headers, pieces);
}

/** The answer to a get of a cached object. */
export function objectReply(entry: Entry, row: ResourceDefinition, catalog: Catalog): RouteReply {
  const headers = {
    'content-type': JSON_TYPE,
    ...cachingHeaders({ entries: [entry], total: -1 }, row, catalog, ''),
  };
  return new RouteReply(200, headers, bytesOf(entry, row, catalog));
}

/** 3.0's answer to a write that has nothing else to say. */
export const SUCCESS = { message: 'success' };
