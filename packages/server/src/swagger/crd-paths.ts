import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { definitionName } from './crd-definitions.ts';
import {
  type PathItem,
  ref,
  type SwaggerOperation,
  type SwaggerParameter,
  type SwaggerSchema,
} from './document.ts';
import { metaName } from './meta-definitions.ts';

const query = (name: string, type: string, description: string): SwaggerParameter => ({
  uniqueItems: true,
  type,
  description,
  name,
  in: 'query',
});

const allowWatchBookmarks = query(
  'allowWatchBookmarks',
  'boolean',
  'Ask a watch for events of type BOOKMARK.',
);

const continueToken = query(
  'continue',
  'string',
  'The token that the previous page of the list ended with.',
);

const dryRun = query('dryRun', 'string', 'All: check and answer the request, but store nothing.');
const fieldManager = query('fieldManager', 'string', 'Who the written fields belong to.');
const fieldSelector = query('fieldSelector', 'string', 'Only objects with these values of fields.');

const force = query(
  'force',
  'boolean',
  'Take over fields of other managers. Only for apply patches.',
);

const gracePeriodSeconds = query(
  'gracePeriodSeconds',
  'integer',
  'Seconds until the object is deleted; 0 is at once.',
);

const labelSelector = query('labelSelector', 'string', 'Only objects with these labels.');
const limit = query('limit', 'integer', 'Largest number of objects in the answer.');
const orphanDependents = query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.');
const pretty = query('pretty', 'string', 'true: indent the answer.');

const propagationPolicy = query(
  'propagationPolicy',
  'string',
  'Orphan, Background or Foreground: what happens to dependents.',
);

const resourceVersion = query(
  'resourceVersion',
  'string',
  'The state of the store that the answer is taken from, or starts after.',
);

const timeoutSeconds = query('timeoutSeconds', 'integer', 'Seconds after which the call is ended.');
const watch = query('watch', 'boolean', 'Answer with a stream of changes.');

const listing = [
  continueToken,
  fieldSelector,
  labelSelector,
  limit,
  resourceVersion,
  timeoutSeconds,
  watch,
];

const deleting = [dryRun, gracePeriodSeconds, orphanDependents, propagationPolicy];

/** Query parameters of lists, deletions and other writes of any resource of Kubernetes. */
export const LIST_PARAMETERS: SwaggerParameter[] = [allowWatchBookmarks, ...listing, pretty];
export const DELETE_PARAMETERS: SwaggerParameter[] = [...deleting, pretty];
export const WRITE_PARAMETERS: SwaggerParameter[] = [dryRun, fieldManager, force, pretty];

const json = ['application/json', 'application/yaml'];
const stream = [...json, 'application/json;stream=watch'];

const patches = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** Media types of objects, of lists that may be watched, and of patches. */
export { json as JSON_AND_YAML, patches as PATCH_TYPES, stream as WATCHED_TYPES };

const schemes = ['https'];

const body = (schema: SwaggerSchema, { required }: { required: boolean }): SwaggerParameter => ({
  name: 'body',
  in: 'body',
  ...(required && { required }),
  schema,
});

const responses = (schema: SwaggerSchema, ...statuses: [string, string][]) =>
  Object.fromEntries(
    [['200', 'OK'] as const, ...statuses].map(([code, description]) => [
      code,
      { description, schema },
    ]),
  );

const capital = (text: string) =>
  text.replace(/(?:^|[.])([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Returns a group's part of operationIds: `cluster.kubesphere.io` gives `ClusterKubesphereIo`. */
export const groupId = capital;

const tagOf = (group: string) => capital(group).replace(/^./, (letter) => letter.toLowerCase());

/** Returns the operation that reads a discovery document. */
export function discoveryOperation(
  id: string,
  group: string | undefined,
  version: string | undefined,
  kind: string,
  about: string,
): PathItem {
  const groupTag = group === undefined ? 'apis' : tagOf(group);
  const tag = version === undefined ? groupTag : `${groupTag}_${version}`;

  const get: SwaggerOperation = {
    description: about,
    consumes: json,
    produces: json,
    schemes,
    tags: [tag],
    operationId: id,
    responses: responses(ref(metaName(kind))),
  };

  return { get };
}

/**
 * Returns the paths of a CRD's resource as KubeSphere publishes them: collection, object, status,
 * and the old watch paths.
 */
export function crdPaths(crd: KubeObject): [string, PathItem][] {
  const { group, names, versions } = crd.spec as {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string }[];
  };

  const version = versions[0]?.name ?? '';
  const { kind, plural } = names;
  const object = ref(definitionName(group, version, kind));
  const objects = ref(definitionName(group, version, `${kind}List`));
  const status = ref(metaName('Status'));
  const created: [string, string] = ['201', 'Created'];
  const accepted: [string, string] = ['202', 'Accepted'];
  const scope = `${groupId(group)}${capital(version)}`;

  const name: SwaggerParameter = {
    uniqueItems: true,
    type: 'string',
    description: `Name of the ${kind}.`,
    name: 'name',
    in: 'path',
    required: true,
  };

  const operation = (
    verb: string,
    id: string,
    description: string,
    answers: SwaggerOperation['responses'],
    parameters: SwaggerParameter[] = [],
    types: { consumes?: string[]; produces?: string[] } = {},
  ): SwaggerOperation => ({
    description,
    consumes: types.consumes ?? ['*/*'],
    produces: types.produces ?? json,
    schemes,
    tags: [`${tagOf(group)}_${version}`],
    operationId: id,
    ...(parameters.length > 0 && { parameters }),
    responses: answers,
    'x-kubernetes-action': verb,
    'x-kubernetes-group-version-kind': { group, version, kind },
  });

  const single = (suffix: string, what: string): PathItem => ({
    get: operation('get', `read${scope}${kind}${suffix}`, `Read ${what}.`, responses(object)),
    put: operation(
      'put',
      `replace${scope}${kind}${suffix}`,
      `Replace ${what}.`,
      responses(object, created),
      [body(object, { required: true }), dryRun, fieldManager],
    ),
    patch: operation(
      'patch',
      `patch${scope}${kind}${suffix}`,
      `Change parts of ${what}.`,
      responses(object),
      [body(ref(metaName('Patch')), { required: true }), dryRun, fieldManager, force],
      { consumes: patches },
    ),
    parameters: [name, pretty],
  });

  const options = body(ref(metaName('DeleteOptions')), { required: false });
  const base = `/apis/${group}/${version}`;
  const event = responses(ref(metaName('WatchEvent')));

  return [
    [
      `${base}/${plural}`,
      {
        get: operation(
          'list',
          `list${scope}${kind}`,
          `List or watch ${plural}.`,
          responses(objects),
          [allowWatchBookmarks, ...listing],
          {
            produces: stream,
          },
        ),
        post: operation(
          'post',
          `create${scope}${kind}`,
          `Create a ${kind}.`,
          responses(object, created, accepted),
          [body(object, { required: true }), dryRun, fieldManager],
        ),
        delete: operation(
          'deletecollection',
          `delete${scope}Collection${kind}`,
          `Delete ${plural}.`,
          responses(status),
          [allowWatchBookmarks, options, ...listing, ...deleting],
        ),
        parameters: [pretty],
      },
    ],
    [
      `${base}/${plural}/{name}`,
      {
        ...single('', `a ${kind}`),
        delete: operation(
          'delete',
          `delete${scope}${kind}`,
          `Delete a ${kind}.`,
          responses(status, accepted),
          [options, ...deleting],
        ),
      },
    ],
    [`${base}/${plural}/{name}/status`, single('Status', `the status of a ${kind}`)],
    [
      `${base}/watch/${plural}`,
      {
        get: operation(
          'watchlist',
          `watch${scope}${kind}List`,
          `Watch ${plural}. Deprecated: list with the parameter watch.`,
          event,
          [],
          {
            produces: stream,
          },
        ),
        parameters: [allowWatchBookmarks, ...listing, pretty],
      },
    ],
    [
      `${base}/watch/${plural}/{name}`,
      {
        get: operation(
          'watch',
          `watch${scope}${kind}`,
          `Watch a ${kind}. Deprecated: list with the parameters watch and fieldSelector.`,
          event,
          [],
          { produces: stream },
        ),
        parameters: [allowWatchBookmarks, ...listing, name, pretty],
      },
    ],
  ];
}
