import type { Parameter } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';

/** A page of objects of any kind. */
export const PageableResponse = Type.Object(
  {
    items: Type.Array(Type.Unknown(), { description: 'paging data' }),
    totalItems: Type.Integer({ description: 'total count', format: 'int32' }),
  },
  { $id: 'api.ListResult' },
);

/** Returns a query parameter with a text. */
export function queryText(name: string, description: string): Parameter {
  return { in: 'query', name, description, schema: Type.String() };
}

/** Parameters that every list of v1alpha3 takes; any other one is a filter of the resource. */
export const LIST_PARAMETERS: readonly Parameter[] = [
  queryText('name', 'part of the name'),
  { in: 'query', name: 'page', description: 'page, from 1', schema: Type.Integer({ default: 1 }) },
  {
    in: 'query',
    name: 'limit',
    description: 'items a page, -1 for all',
    schema: Type.Integer({ default: -1 }),
  },
  {
    in: 'query',
    name: 'ascending',
    description: 'oldest or first name first',
    schema: Type.Boolean({ default: false }),
  },
  queryText(
    'sortBy',
    'name, creationTimestamp or a key of the resource; or several, -key descending: status,-spec.replicas',
  ),
  queryText(
    'labelSelector',
    'selector in the form of Kubernetes, or several of which one must match: a=b||c=d',
  ),
  queryText(
    'fieldSelector',
    'conditions on fields, in the form of Kubernetes: spec.nodeName=n1,status.phase!=Running',
  ),
  queryText(
    'q',
    'words that must all occur in names, labels, annotations or what the kind is known by',
  ),
];

/** Media types of live lists. */
export const LIVE_TYPES: readonly string[] = ['application/json', 'text/event-stream'];

/** Parameters of live lists, as Kubernetes' watches have them. */
export const WATCH_PARAMETERS: readonly Parameter[] = [
  {
    in: 'query',
    name: 'watch',
    description:
      'go on with the list: events as lines of JSON, or Server-Sent Events where Accept asks for them',
    schema: Type.Boolean({ default: false }),
  },
  queryText(
    'resourceVersion',
    'with watch: the position after which to go on, as events and bookmarks name it',
  ),
  {
    in: 'query',
    name: 'sendInitialEvents',
    description: 'with watch: whether the objects that are there come first',
    schema: Type.Boolean({ default: true }),
  },
  {
    in: 'query',
    name: 'allowWatchBookmarks',
    description: 'with watch: whether bookmarks are sent',
    schema: Type.Boolean({ default: true }),
  },
  {
    in: 'query',
    name: 'timeoutSeconds',
    description: 'with watch: the stream ends after this time',
    schema: Type.Integer({ format: 'int32' }),
  },
];

/** Parameters of lists across namespaces. */
export const SCOPE_PARAMETERS: readonly Parameter[] = [
  queryText(
    'scope',
    '"visible" lists what is in all namespaces in which the caller may list the resource',
  ),
  queryText('workspace', 'with scope=visible: only namespaces of this workspace'),
];

/** Parameter of lists of several clusters. */
export const CLUSTERS_LIST_PARAMETER = queryText(
  'clusters',
  'clusters to list: *, names separated by commas, or a selector of their labels; items then have a member "cluster"',
);

/** Parameter of lists that are read page by page from a list snapshot. */
export const CONTINUE_PARAMETER = queryText(
  'continue',
  'empty for the first page of a snapshot, then what the last page answered',
);

/** Returns the parameters that a path names in braces. */
export function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/\{(\w+)(?::\*)?\}/g)].map(([, name = '']) =>
    pathParameter(name, `${name} name`),
  );
}

/** Returns the path parameter for the plural name of a resource. */
export const RESOURCES_PARAMETER: Parameter = {
  in: 'path',
  name: 'resources',
  description: 'plural name of the resource, such as deployments or nodes',
  schema: Type.String(),
  required: true,
};

/** Returns a path parameter. */
export function pathParameter(name: string, description: string): Parameter {
  return { in: 'path', name, description, schema: Type.String(), required: true };
}
