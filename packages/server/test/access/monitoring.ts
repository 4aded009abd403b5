import { LOGGED_IN, MANAGERS, members, PLATFORM, READERS, type Row, type Table } from './row.ts';

const K = '/kapis/monitoring.kubesphere.io/v1alpha3';

const OF_NAMESPACE: readonly Row[] = [{ allowed: members(...READERS) }];

/** Paths below a namespace: its members read them. */
const NAMESPACED = [
  '',
  '/workloads',
  '/workloads/{kind}',
  '/pods',
  '/pods/{pod}',
  '/pods/{pod}/containers',
  '/pods/{pod}/containers/{container}',
  '/persistentvolumeclaims',
  '/persistentvolumeclaims/{pvc}',
  '/ingresses',
  '/ingresses/{ingress}',
];

/** Paths below a namespace that the rules of the platform's manager do not name. */
const OF_MEMBERS = [
  '/workloads/{kind}/{workload}/pods',
  '/targets/metadata',
  '/targets/labelsets',
  '/targets/query',
];

/** Paths about the whole cluster. */
const OF_CLUSTER = [
  '/kubesphere',
  '/nodes',
  '/nodes/{node}',
  '/nodes/{node}/pods',
  '/nodes/{node}/pods/{pod}',
  '/storageclasses/{storageclass}/persistentvolumeclaims',
  '/components/{component}',
  '/targets/metadata',
  '/targets/labelsets',
  '/targets/query',
];

const rows = (paths: readonly string[], row: readonly Row[]) =>
  Object.fromEntries(paths.map((path) => [`GET ${K}${path}`, row]));

const PROMETHEUS = '/kapis/monitoring.kubesphere.io/prometheus/api/v1';

function prometheusRows(): Table {
  const both = ['/query', '/query_range', '/series', '/labels'];
  const reads = ['/label/{label}/values', '/metadata', '/status/buildinfo'];

  return Object.fromEntries([
    ...[...both, ...reads].map((path) => [`GET ${PROMETHEUS}${path}`, [{ allowed: LOGGED_IN }]]),
    ...both.map((path) => [`POST ${PROMETHEUS}${path}`, [{ allowed: LOGGED_IN }]]),
  ]);
}

/** Rows of the monitoring API. */
export const MONITORING: Table = {
  ...rows(
    NAMESPACED.map((path) => `/namespaces/{namespace}${path}`),
    OF_NAMESPACE,
  ),
  ...rows(
    OF_MEMBERS.map((path) => `/namespaces/{namespace}${path}`),
    [{ allowed: { own: [...READERS, 'admin'], other: PLATFORM, none: PLATFORM } }],
  ),
  ...rows(OF_CLUSTER, [{ allowed: PLATFORM }]),
  ...rows(['/namespaces', '/workspaces', '/pods'], [{ allowed: MANAGERS }]),
  // As in 3.0, every page of the console shows how busy the cluster is.
  [`GET ${K}/cluster`]: [{ allowed: LOGGED_IN }],
  // The handlers read series of namespaces that the caller may read.
  ...prometheusRows(),
  [`GET ${K}/workspaces/{workspace}`]: [
    { allowed: members('ws-viewer', 'ws-admin') },
    { query: '?type=statistics', allowed: members('ws-viewer', 'ws-admin') },
  ],
  [`GET ${K}/workspaces/{workspace}/namespaces`]: [{ allowed: members('ws-viewer', 'ws-admin') }],
};
