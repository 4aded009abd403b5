import {
  EXECUTORS,
  LOGGED_IN,
  MANAGERS,
  members,
  PLATFORM,
  READERS,
  type Row,
  type Table,
} from './row.ts';

const K = '/kapis/resources.kubesphere.io/v1alpha3';

const REGISTRY_READERS: Row['allowed'] = {
  own: [...READERS, 'admin'],
  other: PLATFORM,
  none: PLATFORM,
};

const VISIBLE = '?scope=visible';
const CLUSTERS = '?clusters=*';
const GONE = '?watch=true&resourceVersion=0badcafe-1';

/** Rows of the resources API. */
export const RESOURCES_V1ALPHA3: Table = {
  [`GET ${K}/{resources}`]: [
    { resources: 'nodes', allowed: PLATFORM },
    { resources: 'users', allowed: ['users-manager', ...MANAGERS] },
    { resources: 'pods', allowed: MANAGERS },
    { resources: 'globalroles', allowed: ['users-manager', 'admin'] },
    { resources: 'loginrecords', allowed: PLATFORM },
    { resources: 'secrets', allowed: MANAGERS },
    { resources: 'storageclasses', allowed: LOGGED_IN },
    // A list over all namespaces may be empty for a caller; lists of cluster-scoped kinds need a
    // right.
    { resources: 'pods', query: VISIBLE, allowed: LOGGED_IN },
    { resources: 'secrets', query: VISIBLE, allowed: LOGGED_IN },
    { resources: 'nodes', query: VISIBLE, allowed: PLATFORM },
    { resources: 'users', query: VISIBLE, allowed: ['users-manager', ...MANAGERS] },
    { resources: 'globalroles', query: VISIBLE, allowed: ['users-manager', 'admin'] },
    // Lists of several clusters: what they show is decided in each.
    { resources: 'pods', query: CLUSTERS, allowed: MANAGERS },
    { resources: 'nodes', query: CLUSTERS, allowed: PLATFORM },
    { resources: 'pods', query: `${VISIBLE}&clusters=*`, allowed: LOGGED_IN },
    { resources: 'nodes', query: `${VISIBLE}&clusters=*`, allowed: LOGGED_IN },
    // Live lists that end at once.
    { resources: 'pods', query: GONE, allowed: MANAGERS },
    { resources: 'pods', query: `${GONE}&scope=visible`, allowed: LOGGED_IN },
    { resources: 'secrets', query: GONE, allowed: MANAGERS },
    // Kinds that discovery finds need the right to the kind itself.
    { resources: 'persistentvolumes', allowed: PLATFORM },
    { resources: 'validatingwebhookconfigurations', allowed: PLATFORM },
    { resources: 'serviceaccounts', allowed: MANAGERS },
    { resources: 'federatedsecrets', allowed: MANAGERS },
  ],
  // The manager's rules name none of these.
  [`GET ${K}/namespaces/{namespace}/imageconfig`]: [
    { allowed: REGISTRY_READERS },
    { query: '?image=x&secret=x', allowed: REGISTRY_READERS },
  ],
  [`GET ${K}/namespaces/{namespace}/repositorytags`]: [
    { allowed: REGISTRY_READERS },
    { query: '?repository=x&secret=x', allowed: REGISTRY_READERS },
  ],
  [`POST ${K}/namespaces/{namespace}/registrysecrets/{secret}/verify`]: [{ allowed: EXECUTORS }],
  [`GET ${K}/{resources}/{name}`]: [
    { resources: 'nodes', name: 'x', allowed: PLATFORM },
    { resources: 'workspaces', name: 'ws-a', allowed: ['ws-viewer', 'ws-admin', ...MANAGERS] },
    { resources: 'workspaces', name: 'ws-b', allowed: MANAGERS },
  ],
  [`GET ${K}/namespaces/{namespace}/{resources}`]: [
    { resources: 'pods', allowed: members(...READERS) },
    { resources: 'deployments', allowed: members(...READERS) },
    { resources: 'secrets', allowed: members(...READERS) },
    { resources: 'pods', query: GONE, allowed: members(...READERS) },
    { resources: 'pods', query: CLUSTERS, allowed: members(...READERS) },
    { resources: 'secrets', query: GONE, allowed: members(...READERS) },
    { resources: 'pods', query: VISIBLE, allowed: members(...READERS) },
    { resources: 'serviceaccounts', allowed: members(...READERS) },
    {
      resources: 'events.events.k8s.io',
      allowed: { own: [...READERS, 'admin'], other: PLATFORM, none: PLATFORM },
    },
    // A namespace in the path of a cluster-scoped kind gives no rights.
    { resources: 'users', allowed: ['users-manager', ...MANAGERS] },
    { resources: 'nodes', allowed: PLATFORM },
    { resources: 'persistentvolumes', allowed: PLATFORM },
  ],
  [`GET ${K}/namespaces/{namespace}/{resources}/{name}`]: [
    { resources: 'users', name: 'admin', allowed: ['users-manager', ...MANAGERS] },
    { resources: 'serviceaccounts', name: 'default', allowed: members(...READERS) },
    { resources: 'secrets', name: 'x', allowed: members(...READERS) },
    { resources: 'pods', name: 'x', allowed: members(...READERS) },
  ],
};
