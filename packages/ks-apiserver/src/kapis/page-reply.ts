import { RouteReply } from '@ks-apiserver/apiserver/routes/route';
import type { Catalog } from '../models/resources/catalog.ts';
import type { ResourceDefinition } from '../models/resources/definition.ts';
import type { Page } from '../models/resources/list.ts';
import { listBody, type TotalKey } from '../models/resources/render.ts';

/** The answer to a list of cached objects, `{items, totalItems}`: their bytes as they are. */
export function pageReply(page: Page, row: ResourceDefinition, catalog: Catalog, totalKey?: TotalKey): RouteReply {
  const { pieces, length } = listBody(page, row, catalog, totalKey);
  return new RouteReply(200, { 'content-type': 'application/json', 'content-length': String(length) }, pieces);
}

/** 3.0's answer to a write that has nothing else to say. */
export const SUCCESS = { message: 'success' };
