import type { Handler, Method, Route } from '@ks-apiserver/http/routes/route';
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
  options: RouteOptions,
];

/** Whatever is special about a route; `parameters` are those of the query. */
export interface RouteOptions
  extends Partial<
    Pick<
      Route,
      | 'body'
      | 'bodyLimit'
      | 'consumes'
      | 'errors'
      | 'parameters'
      | 'produces'
      | 'rawBody'
      | 'returns'
      | 'tags'
    >
  > {
  /** Whether the list can be followed with `watch=true`. */
  live?: boolean;
}

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
  return table.map(([method, path, operationId, summary, handler, { live, ...options }]) => {
    const ofLists = options.returns === PageableResponse ? LIST_PARAMETERS : [];

    return {
      method,
      path: base + path,
      operationId,
      summary,
      tags,
      ...(live && { produces: LIVE_TYPES }),
      ...(method === 'PATCH' && { consumes: PATCH_TYPES }),
      ...options,
      parameters: [
        ...pathParameters(path),
        ...(options.parameters ?? ofLists),
        ...(live ? WATCH_PARAMETERS : []),
      ],
      handler,
    };
  });
}
