import { EXECUTORS, LOGGED_IN, members, PLATFORM, READERS, type Row } from './row.ts';

/** Rows of the same calls through the Kubernetes API. */
export const KUBERNETES: readonly (Row & { method: string; path: string })[] = [
  { method: 'GET', path: '/api/v1/nodes', allowed: PLATFORM },
  {
    method: 'GET',
    path: '/api/v1/namespaces/{namespace}/pods',
    allowed: members(...READERS),
  },
  {
    method: 'POST',
    path: '/api/v1/namespaces/{namespace}/configmaps',
    allowed: members('ns-operator', 'ws-admin'),
  },
  {
    method: 'DELETE',
    path: '/apis/apps/v1/namespaces/{namespace}/deployments/x',
    allowed: members('ns-operator', 'ws-admin'),
  },
  {
    method: 'GET',
    path: '/api/v1/namespaces/{namespace}/pods?watch=true&timeoutSeconds=1',
    allowed: members(...READERS),
  },
  // A WebSocket of exec is a GET.
  {
    method: 'GET',
    path: '/api/v1/namespaces/{namespace}/pods/x/exec?command=id',
    allowed: EXECUTORS,
  },
  {
    method: 'PATCH',
    path: '/apis/iam.kubesphere.io/v1alpha2/users/regular',
    allowed: ['users-manager', 'admin'],
  },
  {
    method: 'PUT',
    path: '/apis/iam.kubesphere.io/v1alpha2/globalrolebindings/regular-platform-regular',
    allowed: PLATFORM,
  },
  // Discovery, which clients read first.
  ...[
    '/version',
    '/api',
    '/api/v1',
    '/apis',
    '/apis/apps',
    '/apis/apps/v1',
    '/openapi/v2',
    '/openapi/v3/apis/apps/v1',
  ].map((path) => ({ method: 'GET', path, allowed: LOGGED_IN })),
];
