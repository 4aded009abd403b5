import { LOGGED_IN, MANAGERS, members, PLATFORM, READERS, type Table } from './row.ts';

const K = '/kapis/resources.kubesphere.io/v1alpha3';

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
  ],
  [`GET ${K}/{resources}/{name}`]: [
    { resources: 'nodes', name: 'x', allowed: PLATFORM },
    { resources: 'workspaces', name: 'ws-a', allowed: ['ws-viewer', 'ws-admin', ...MANAGERS] },
    { resources: 'workspaces', name: 'ws-b', allowed: MANAGERS },
  ],
  [`GET ${K}/namespaces/{namespace}/{resources}`]: [
    { resources: 'pods', allowed: members(...READERS) },
    { resources: 'deployments', allowed: members(...READERS) },
    { resources: 'secrets', allowed: members(...READERS) },
  ],
  [`GET ${K}/namespaces/{namespace}/{resources}/{name}`]: [
    { resources: 'secrets', name: 'x', allowed: members(...READERS) },
    { resources: 'pods', name: 'x', allowed: members(...READERS) },
  ],
};
