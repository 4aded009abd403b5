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

/** Rows of the older resources API. */
export function resourcesV1alpha2Rows(): Table {
  const R = '/kapis/resources.kubesphere.io/v1alpha2';
  const ns = '/namespaces/{namespace}';
  const readers = members(...READERS);
  const writers = members('ns-operator', 'ws-admin');

  const table: Record<string, readonly Row[]> = {
    [`GET ${R}/{resources}`]: [
      { resources: 'nodes', allowed: PLATFORM },
      { resources: 'secrets', allowed: MANAGERS },
      { resources: 'clusterroles', allowed: PLATFORM },
    ],
    [`GET ${R}${ns}/{resources}`]: [
      { resources: 'deployments', allowed: readers },
      { resources: 'secrets', allowed: readers },
    ],
    [`GET ${R}/quotas`]: [{ allowed: MANAGERS }],
    [`GET ${R}/abnormalworkloads`]: [{ allowed: MANAGERS }],
    [`GET ${R}${ns}/quotas`]: [{ allowed: readers }],
    [`GET ${R}${ns}/abnormalworkloads`]: [{ allowed: readers }],
    [`GET ${R}${ns}/router`]: [{ allowed: readers }],
    [`GET ${R}/users/{user}/kubectl`]: [{ allowed: PLATFORM }],
    [`GET ${R}/users/{user}/kubeconfig`]: [{ allowed: PLATFORM }],
    'POST /kapis/operations.kubesphere.io/v1alpha2/namespaces/{namespace}/jobs/{job}': [
      { allowed: writers },
    ],
    // Plain calls, which are then refused; upgrades take the same path.
    'GET /kapis/terminal.kubesphere.io/v1alpha2/namespaces/{namespace}/pods/{pod}': [
      { allowed: EXECUTORS },
    ],
    [`POST ${R}/git/verify`]: [{ allowed: LOGGED_IN }],
    [`POST ${R}/registry/verify`]: [{ allowed: LOGGED_IN }],
    [`GET ${R}/registry/blob`]: [{ allowed: LOGGED_IN }],
  };

  for (const kind of ['deployment', 'statefulset', 'daemonset']) {
    table[`GET ${R}${ns}/${kind}s/{${kind}}/revisions/{revision}`] = [
      // The manager's rules do not name revisions.
      { allowed: { own: [...READERS, 'admin'], other: PLATFORM, none: PLATFORM } },
    ];
  }

  for (const method of ['POST', 'PUT', 'DELETE']) {
    table[`${method} ${R}${ns}/router`] = [{ allowed: writers }];
  }

  for (const base of [R, '/kapis/resources.kubesphere.io/v1alpha3']) {
    for (const path of ['/components', '/components/{component}', '/componenthealth']) {
      table[`GET ${base}${path}`] = [{ allowed: PLATFORM }];
    }
  }

  return table;
}
