import { routeTables } from '@ks-apiserver/server/kapis/routes';
import { tenantsOf } from '../attack/built-in-roles.ts';
import { PATHS, SYSTEM } from '../support/test-platform.ts';
import { CLUSTER, VICTIM } from './plant.ts';

const { own } = tenantsOf('');

/** One read: a path with its query, its Accept header, and whether its answer may be a stream. */
export interface Read {
  path: string;
  headers?: Record<string, string>;
  stream?: boolean;
}

/** Objects that contain marks, by resource. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  secrets: [VICTIM],
  configmaps: [VICTIM, 'kubeconfig-admin', `kubeconfig-${VICTIM}`],
  users: [VICTIM],
  clusters: [CLUSTER],
};

const NAMESPACED = new Set(['secrets', 'configmaps']);

/** GET routes that change something or wait for another party. */
const ACTING = /^\/oauth\/(logout|login|callback)/;

/** Values of path parameters for which marks exist. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  namespace: [own.namespace, ...SYSTEM],
  workspace: [own.workspace, 'system-workspace'],
  devops: [own.devops],
  user: [VICTIM, 'admin'],
  cluster: [CLUSTER],
  resources: [...Object.keys(HOLDERS), 'loginrecords', 'serviceaccounts', 'federatedusers'],
};

/**
 * Returns all paths of a route: every value of each parameter, with names that fit their resource.
 */
function pathsOf(template: string): string[] {
  const parameter = /\{(\w+)\}/.exec(template);
  if (!parameter) {
    return [template];
  }

  const [whole, key = ''] = parameter;
  const resource = /\/([a-z]+)\/\{name\}$/.exec(template)?.[1] ?? '';
  const values = key === 'name' ? (HOLDERS[resource] ?? ['x']) : (VALUES[key] ?? [VICTIM]);

  return values.flatMap((value) => pathsOf(template.replace(whole, value)));
}

const SSE = { accept: 'text/event-stream' };
const selector = encodeURIComponent('metadata.namespace=kubesphere-controls-system');

/** Further queries that lists of this server take. */
const QUERIES = [
  'limit=-1',
  'scope=visible',
  'q=mark',
  'q=mark&scope=visible',
  `fieldSelector=${encodeURIComponent(`metadata.name=${VICTIM}`)}`,
  `fieldSelector=${selector}&scope=visible`,
  'labelSelector=kubesphere.io%2Fmark%3Dyes',
  'labelSelector=kubesphere.io%2Fmark%3Dyes&scope=visible&sortBy=data.mark',
  `names=${VICTIM}&annotation=x`,
];

/**
 * Reports whether a list covers its marks: all namespaces, or the namespace of kubeconfigs for
 * namespaced kinds.
 */
function isAlone(path: string): boolean {
  const namespaced = NAMESPACED.has(path.split('/').at(-1) ?? '');
  return path.includes('/namespaces/') ? namespaced && path.includes('controls-system') : true;
}

/**
 * Returns every GET of every route table, with the queries that lists take, live lists included.
 */
export function routeReads(): Read[] {
  const templates = routeTables()
    .filter(({ method, path }) => method === 'GET' && !ACTING.test(path))
    .map(({ path }) => path);

  return templates.flatMap((template) => {
    const paths = pathsOf(template);

    if (!template.endsWith('{resources}')) {
      return paths.map((path) => ({ path }));
    }

    const holders = paths.filter((path) =>
      Object.keys(HOLDERS).includes(path.split('/').at(-1) ?? ''),
    );
    const live = template.includes('/v1alpha3/') ? holders : [];

    return [
      ...paths.map((path) => ({ path })),
      ...holders.flatMap((path) => QUERIES.map((query) => ({ path: `${path}?${query}` }))),
      ...live.flatMap((path) => [
        { path: `${path}?watch=true`, stream: true },
        ...(isAlone(path)
          ? [
              { path: `${path}?watch=true&scope=visible`, stream: true },
              { path: `${path}?watch=true&scope=visible`, headers: SSE, stream: true },
            ]
          : []),
      ]),
    ];
  });
}

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** Forms in which the Kubernetes API answers lists and objects. */
const FORMS: readonly [query: string, accept: string][] = [
  ['', 'application/json'],
  ['includeObject=Object', TABLE],
  ['', TABLE],
  ['', 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'],
  ['', 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'],
  ['', 'application/yaml'],
  ['', 'application/vnd.kubernetes.protobuf'],
  ['', 'application/cbor'],
  ['', '*/*'],
  ['pretty=true', 'application/json'],
];

const WATCHES = [
  'watch=true&timeoutSeconds=1',
  'watch=1&timeoutSeconds=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
  `watch=true&timeoutSeconds=1&fieldSelector=${encodeURIComponent(`metadata.name=${VICTIM}`)}`,
];

/**
 * Returns the collections of the Kubernetes API that contain marks: each with its path before and
 * after the `watch` segment of old clients.
 */
function collections(): { base: string; rest: string; resource: string }[] {
  const core = '/api/v1';
  const places = ['', ...SYSTEM.map((namespace) => `/namespaces/${namespace}`)];

  return [
    ...[...NAMESPACED].flatMap((resource) =>
      places.map((place) => ({ base: core, rest: `${place}/${resource}`, resource })),
    ),
    { base: PATHS.iamObjects, rest: '/users', resource: 'users' },
    { base: PATHS.clusters.replace('/clusters', ''), rest: '/clusters', resource: 'clusters' },
  ];
}

/**
 * Returns gets, lists and watches of everything that contains marks through the Kubernetes API, in
 * every form.
 */
export function kubernetesReads(): Read[] {
  return collections().flatMap(({ base, rest, resource }) => {
    const list = base + rest;
    const alone = rest.split('/').length > 2 || !NAMESPACED.has(resource);
    const objects = alone ? HOLDERS[resource]!.map((name) => `${list}/${name}`) : [];
    const marked = 'labelSelector=kubesphere.io%2Fmark%3Dyes';

    return [
      ...[list, ...objects].flatMap((path) =>
        FORMS.map(([query, accept]) => ({
          path: query ? `${path}?${query}` : path,
          headers: { accept },
        })),
      ),
      ...[
        `limit=1`,
        marked,
        `fieldSelector=${encodeURIComponent(`metadata.name=${VICTIM}`)}`,
        'resourceVersion=0',
      ].map((query) => ({ path: `${list}?${query}` })),
      // A workspace of the caller, for the watch of a workspace.
      {
        path: `${list}?watch=true&timeoutSeconds=1&labelSelector=kubesphere.io/workspace=system-workspace`,
        stream: true,
      },
      ...WATCHES.map((query) => ({ path: `${list}?${query}`, stream: true })),
      {
        path: `${list}?watch=true&timeoutSeconds=1&includeObject=Object`,
        headers: { accept: TABLE },
        stream: true,
      },
      { path: `${base}/watch${rest}?timeoutSeconds=1`, stream: true },
      ...objects.map((path) => ({
        path: `${base}/watch${path.slice(base.length)}?timeoutSeconds=1`,
        stream: true,
      })),
      ...objects.map((path) => ({ path: `${path}/status` })),
    ];
  });
}

/**
 * Returns writes that change nothing but whose answers could show hidden data: dry runs and failing
 * patches.
 */
export function revealingPatches(): { path: string; ops: object[] }[] {
  const secrets: [string, string[]][] = [
    [`${PATHS.iamObjects}/users/${VICTIM}`, ['/spec/password']],
    [`${PATHS.clusters}/${CLUSTER}`, ['/spec/connection/kubeconfig', '/spec/connection/token']],
    ...SYSTEM.flatMap((namespace): [string, string[]][] => [
      [`/api/v1/namespaces/${namespace}/secrets/${VICTIM}`, ['/data/mark']],
      [`/api/v1/namespaces/${namespace}/configmaps/${VICTIM}`, ['/data/mark']],
    ]),
  ];

  const targets = [
    '/metadata/name',
    '/metadata/uid',
    '/metadata/resourceVersion',
    '/metadata/creationTimestamp',
    '/metadata/finalizers',
    '/metadata/labels',
    '/metadata/labels/x',
    '/metadata/annotations',
    '/kind',
    '/apiVersion',
    '/status',
  ];

  return secrets.flatMap(([path, fields]) =>
    fields.flatMap((from) => [
      { path, ops: [{ op: 'test', path: from, value: 'guess' }] },
      { path, ops: [] },
      ...targets.flatMap((to) => [
        { path, ops: [{ op: 'copy', from, path: to }] },
        { path, ops: [{ op: 'move', from, path: to }] },
      ]),
    ]),
  );
}
