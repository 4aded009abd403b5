import type { Handler, Method, Route } from '@ks-apiserver/http/routes/route';
import type { TSchema } from 'typebox';
import {
  LIST_PARAMETERS,
  LIVE_TYPES,
  PageableResponse,
  pathParameters,
  WATCH_PARAMETERS,
} from './parameters.ts';

/** One route of a group's table, in short form. */
export type RouteTuple = [
  method: Method,
  path: string,
  operationId: string,
  summary: string,
  handler: Handler,
  /** `live`: the list can be followed with `watch=true`. */
  schemas: { body?: TSchema; bodyLimit?: number; returns?: TSchema; live?: boolean },
];

/** Media types of patches; all are read as a merge patch (RFC 7386), as 3.0 does. */
const PATCH_TYPES = [
  'application/merge-patch+json',
  'application/json',
  'application/json-patch+json',
];

/**
 * Returns the routes of a group's table: paths are below `base`, path parameters are taken from the
 * path, lists get the parameters of all lists.
 */
export function routesOf(
  base: string,
  tags: readonly string[],
  table: readonly RouteTuple[],
): Route[] {
  return table.map(([method, path, operationId, summary, handler, { live, ...schemas }]) => {
    return {
      method,
      path: base + path,
      operationId,
      summary,
      tags,
      parameters: [
        ...pathParameters(path),
        ...(schemas.returns === PageableResponse ? LIST_PARAMETERS : []),
        ...(live ? WATCH_PARAMETERS : []),
      ],
      ...(live && { produces: LIVE_TYPES }),
      ...(method === 'PATCH' && { consumes: PATCH_TYPES }),
      ...schemas,
      handler,
    };
  });
}
