import type { Entry } from '@ks-apiserver/client/informer/entry';
import { RouteReply } from '@ks-apiserver/http/routes/route';
import type { Catalog } from '../models/resources/catalog/catalog.ts';
import type { Page } from '../models/resources/list/list.ts';
import { bytesOf, listBody, type TotalKey } from '../models/resources/list/render.ts';
import type { ResourceDefinition } from '../models/resources/query/resource-definition.ts';
import { entityTag } from './entity-tag.ts';
import { staleHeaders } from './stale-headers.ts';

/** Caches must revalidate answers each time, and answers belong to one caller. */
const CACHING = { 'cache-control': 'no-cache, private', vary: 'Authorization, Accept-Encoding' };
const JSON_TYPE = 'application/json';
const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');

/** Returns the headers of an answer of cached objects: its tag, and which copies are out of date. */
export function cachingHeaders(
  etag: string | undefined,
  stale: string | undefined,
): Record<string, string> {
  return { ...(etag !== undefined && { etag }), ...CACHING, ...staleHeaders(stale) };
}

function pageHeaders(
  page: Page,
  definition: ResourceDefinition,
  catalog: Catalog,
  form: string,
  stale = catalog.staleness(definition),
): Record<string, string> {
  // A page of a list snapshot contains the link to the next one, and must not be cached longer than
  // that works.
  const etag = page.continue === undefined ? entityTag(page, definition, catalog, form) : undefined;
  return cachingHeaders(etag, stale);
}

/**
 * Returns the answer to a list of cached objects, `{items, totalItems}`, with their bytes as they
 * are.
 */
export function pageReply(
  page: Page,
  definition: ResourceDefinition,
  catalog: Catalog,
  totalKey: TotalKey = 'totalItems',
): RouteReply {
  const headers = {
    'content-type': JSON_TYPE,
    ...pageHeaders(page, definition, catalog, totalKey),
  };
  const { etag } = headers as { etag?: string };
  const body = () => listBody(page, definition, catalog, totalKey);
  const joined = etag === undefined ? undefined : catalog.bodies.of(etag, page.entries, body);
  if (joined) {
    return new RouteReply(200, headers, joined);
  }

  const { pieces, length } = body();

  return new RouteReply(200, { ...headers, 'content-length': String(length) }, pieces);
}

/** Answers to gets, kept while their objects are unchanged. */
const replies = new WeakMap<Entry, RouteReply>();

/** Returns the answer to a get of a cached object. */
export function objectReply(
  entry: Entry,
  definition: ResourceDefinition,
  catalog: Catalog,
): RouteReply {
  const stale = catalog.staleness(definition);
  const lasts = !definition.annotate && stale === undefined;
  const known = lasts ? replies.get(entry) : undefined;
  if (known) {
    return known;
  }

  const headers = {
    'content-type': JSON_TYPE,
    ...pageHeaders({ entries: [entry], total: -1 }, definition, catalog, '', stale),
  };

  const reply = new RouteReply(200, headers, bytesOf(entry, definition, catalog));

  if (lasts) {
    replies.set(entry, reply);
  }

  return reply;
}

/** Returns the answer with an array of cached objects. */
export function arrayReply(entries: readonly Entry[]): RouteReply {
  const pieces = entries.flatMap(({ bytes }, i) => (i === 0 ? [bytes] : [COMMA, bytes]));

  return new RouteReply(
    200,
    { 'content-type': JSON_TYPE },
    Buffer.concat([OPEN, ...pieces, CLOSE]),
  );
}

/** 3.0's answer to a write without content. */
export const SUCCESS = { message: 'success' };
