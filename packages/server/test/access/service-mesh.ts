import { LOGGED_IN, PLATFORM, READERS, type Row, type Table } from './row.ts';

const K = '/kapis/servicemesh.kubesphere.io/v1alpha2/namespaces';

/** The rules of the platform's manager do not name this group. */
const OF_NAMESPACE: readonly Row[] = [
  { allowed: { own: [...READERS, ...PLATFORM], other: PLATFORM, none: PLATFORM } },
];

const NAMESPACED = [
  '/metrics',
  '/health',
  '/graph',
  '/apps/{app}/metrics',
  '/apps/{app}/health',
  '/services/{service}/metrics',
  '/services/{service}/health',
  '/services/{service}/traces',
  '/workloads/{workload}/metrics',
  '/workloads/{workload}/health',
];

/** Rows of the service mesh API. */
export const SERVICE_MESH: Table = {
  ...Object.fromEntries(NAMESPACED.map((path) => [`GET ${K}/{namespace}${path}`, OF_NAMESPACE])),
  // Whatever the path says, the handler asks for the right to each namespace of the list.
  [`GET ${K}/graph`]: [
    { allowed: LOGGED_IN },
    { query: '?namespaces=ns-a', allowed: [...READERS, ...PLATFORM] },
    { query: '?namespaces=ns-b', allowed: PLATFORM },
    { query: '?namespaces=ns-a,ns-b', allowed: PLATFORM },
    { query: '?namespaces=ns-a&namespace=ns-b', allowed: PLATFORM },
    { query: '?namespaces=ns-a%2F..%2Fns-b', allowed: [] },
    { query: '?namespaces=default', allowed: PLATFORM },
  ],
};
