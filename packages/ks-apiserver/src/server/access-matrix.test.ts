import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routeTables } from '../kapis/routes.ts';
import { eventually, TestServer } from '../testing/test-server.ts';

/** Who calls: nobody, users with one role each, and the administrator. */
const CALLERS = [
  'anonymous',
  'regular',
  'users-manager',
  'workspaces-manager',
  'ws-viewer',
  'ns-viewer',
  'ns-operator',
  'ws-admin',
  'admin',
] as const;
type Caller = (typeof CALLERS)[number];

/** Whose things are asked for: the members' own workspace and project, another one's, and what belongs to none. */
const TENANTS = {
  own: { workspace: 'ws-a', namespace: 'ns-a' },
  other: { workspace: 'ws-b', namespace: 'ns-b' },
  none: { workspace: 'nosuch', namespace: 'default' },
} as const;
type Tenant = keyof typeof TENANTS;

const EVERYBODY: readonly Caller[] = CALLERS;
const PLATFORM: readonly Caller[] = ['admin'];
const MANAGERS: readonly Caller[] = ['workspaces-manager', 'admin'];

/** A call and who may make it, for each tenant or for all alike. */
interface Row {
  resources?: string;
  /** The route changes something, although it is a GET. */
  acts?: boolean;
  /** The route answers 404, and not 403, to who may not know of the object. */
  hides?: boolean;
  name?: string;
  allowed: readonly Caller[] | Readonly<Record<Tenant, readonly Caller[]>>;
}

const K = '/kapis/resources.kubesphere.io/v1alpha3';
/** Members of the own workspace and project; 3.0's workspaces-manager manages every project of the platform. */
const members = (...own: Caller[]) => ({ own: [...own, ...MANAGERS], other: MANAGERS, none: MANAGERS });
const READERS: readonly Caller[] = ['ws-viewer', 'ns-viewer', 'ns-operator', 'ws-admin'];

/** Rows of roles and members, which are alike at every level. */
function iamRows(): Record<string, readonly Row[]> {
  const I = '/kapis/iam.kubesphere.io/v1alpha2';
  const USERS: readonly Caller[] = ['users-manager', 'admin'];
  const table: Record<string, readonly Row[]> = {
    [`GET ${I}/users`]: [{ allowed: CALLERS.slice(1) }],
    [`GET ${I}/users/{user}`]: [{ allowed: ['users-manager', ...MANAGERS] }],
    [`GET ${I}/users/{user}/loginrecords`]: [{ allowed: ['users-manager', ...MANAGERS] }],
    [`GET ${I}/users/{user}/globalroles`]: [{ allowed: PLATFORM }],
  };
  for (const operation of ['POST /users', 'PUT /users/{user}', 'DELETE /users/{user}', 'PUT /users/{user}/password'])
    table[operation.replace(' ', ` ${I}`)] = [{ allowed: USERS }];
  const add = (path: string, item: string, read: Row['allowed'], write: Row['allowed'], methods: string[]) => {
    table[`GET ${I}${path}`] = [{ allowed: read }];
    table[`POST ${I}${path}`] = [{ allowed: write }];
    table[`GET ${I}${path}/${item}`] = [{ allowed: read }];
    for (const method of methods) table[`${method} ${I}${path}/${item}`] = [{ allowed: write }];
  };
  const all = ['PUT', 'PATCH', 'DELETE'];
  const [ws, ns, devops] = ['/workspaces/{workspace}', '/namespaces/{namespace}', '/devops/{devops}'];
  const inWorkspace = members('ws-viewer', 'ws-admin');
  const owners = members('ws-admin');
  add('/globalroles', '{globalrole}', USERS, USERS, all);
  add('/clusterroles', '{clusterrole}', PLATFORM, PLATFORM, all);
  add(`${ws}/workspaceroles`, '{workspacerole}', inWorkspace, owners, all);
  add(`${ns}/roles`, '{role}', members(...READERS), owners, all);
  add(`${devops}/roles`, '{role}', MANAGERS, MANAGERS, all);
  add('/clustermembers', '{clustermember}', PLATFORM, PLATFORM, ['PUT', 'DELETE']);
  add(`${ws}/workspacemembers`, '{workspacemember}', inWorkspace, owners, ['PUT', 'DELETE']);
  add(`${ns}/members`, '{member}', members(...READERS), owners, ['PUT', 'DELETE']);
  add(`${devops}/members`, '{member}', MANAGERS, MANAGERS, ['PUT', 'DELETE']);
  const only = (...own: Caller[]) => ({ own: [...own, 'admin' as const], other: PLATFORM, none: PLATFORM });
  table[`GET ${I}/clustermembers/{clustermember}/clusterroles`] = [{ allowed: PLATFORM }];
  table[`GET ${I}${ws}/workspacemembers/{workspacemember}/workspaceroles`] = [
    { allowed: only('ws-viewer', 'ws-admin') },
  ];
  table[`GET ${I}${ns}/members/{member}/roles`] = [{ allowed: only(...READERS) }];
  table[`GET ${I}${devops}/members/{member}/roles`] = [{ allowed: PLATFORM }];
  return table;
}

/** Rows of the tenant API: everybody who is logged in may ask, and is shown what is his. */
function tenantRows(): Record<string, readonly Row[]> {
  const T = '/kapis/tenant.kubesphere.io/v1alpha2';
  const ws = '/workspaces/{workspace}';
  const loggedIn = CALLERS.slice(1);
  const owners = members('ws-admin');
  const table: Record<string, readonly Row[]> = {
    [`POST ${T}/workspaces`]: [{ allowed: MANAGERS }],
    [`POST ${T}${ws}/namespaces`]: [{ allowed: owners }],
  };
  for (const path of [
    '/workspaces',
    '/clusters',
    '/namespaces',
    '/federatednamespaces',
    `${ws}/namespaces`,
    `${ws}/federatednamespaces`,
    `${ws}/devops`,
  ])
    table[`GET ${T}${path}`] = [{ allowed: loggedIn }];
  for (const path of [ws, `${ws}/clusters`])
    table[`GET ${T}${path}`] = [
      { hides: true, allowed: { own: ['ws-viewer', 'ws-admin', ...MANAGERS], other: MANAGERS, none: [] } },
    ];
  table[`GET ${T}${ws}/namespaces/{namespace}`] = [
    { hides: true, allowed: { own: [...READERS, ...MANAGERS], other: MANAGERS, none: [] } },
  ];
  for (const what of ['namespaces', 'devops'])
    table[`GET ${T}${ws}/workspacemembers/{workspacemember}/${what}`] = [{ allowed: members('ws-viewer', 'ws-admin') }];
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    table[`${method} ${T}${ws}`] = [{ allowed: owners }];
    table[`${method} ${T}${ws}/namespaces/{namespace}`] = [{ allowed: owners }];
  }
  return table;
}

/** Rows of the older resources API. */
function resourcesV1alpha2Rows(): Record<string, readonly Row[]> {
  const R = '/kapis/resources.kubesphere.io/v1alpha2';
  const ns = '/namespaces/{namespace}';
  const readers = members(...READERS);
  const writers = members('ns-operator', 'ws-admin');
  const loggedIn = CALLERS.slice(1);
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
    'POST /kapis/operations.kubesphere.io/v1alpha2/namespaces/{namespace}/jobs/{job}': [{ allowed: writers }],
    [`POST ${R}/git/verify`]: [{ allowed: loggedIn }],
    [`POST ${R}/registry/verify`]: [{ allowed: loggedIn }],
    [`GET ${R}/registry/blob`]: [{ allowed: loggedIn }],
  };
  for (const kind of ['deployment', 'statefulset', 'daemonset'])
    table[`GET ${R}${ns}/${kind}s/{${kind}}/revisions/{revision}`] = [
      // The manager's rules name no revisions.
      { allowed: { own: [...READERS, 'admin'], other: PLATFORM, none: PLATFORM } },
    ];
  for (const method of ['POST', 'PUT', 'DELETE']) table[`${method} ${R}${ns}/router`] = [{ allowed: writers }];
  for (const base of [R, K])
    for (const path of ['/components', '/components/{component}', '/componenthealth'])
      table[`GET ${base}${path}`] = [{ allowed: PLATFORM }];
  return table;
}

/** Every registered route; a new one without a row fails the test. */
const ROUTES: Readonly<Record<string, readonly Row[]>> = {
  'POST /oauth/token': [{ allowed: EVERYBODY }],
  'GET /oauth/authorize': [{ allowed: EVERYBODY }],
  'POST /oauth/authenticate': [{ allowed: EVERYBODY }],
  'GET /oauth/logout': [{ acts: true, allowed: EVERYBODY }],
  'POST /oauth/logout': [{ allowed: EVERYBODY }],
  'GET /kapis/version': [{ allowed: EVERYBODY }],
  'GET /kapis/config.kubesphere.io/v1alpha2/configs/configz': [{ allowed: EVERYBODY }],
  'GET /kapis/config.kubesphere.io/v1alpha2/configs/oauth': [{ allowed: EVERYBODY }],
  'GET /healthz': [{ allowed: EVERYBODY }],
  'GET /livez': [{ allowed: EVERYBODY }],
  'GET /readyz': [{ allowed: EVERYBODY }],
  'GET /metrics': [{ allowed: PLATFORM }],
  [`GET ${K}/{resources}`]: [
    { resources: 'nodes', allowed: PLATFORM },
    { resources: 'users', allowed: ['users-manager', ...MANAGERS] },
    { resources: 'pods', allowed: MANAGERS },
    { resources: 'globalroles', allowed: ['users-manager', 'admin'] },
    { resources: 'loginrecords', allowed: PLATFORM },
    { resources: 'secrets', allowed: MANAGERS },
    { resources: 'storageclasses', allowed: CALLERS.slice(1) },
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
  ...iamRows(),
  ...tenantRows(),
  ...resourcesV1alpha2Rows(),
};

/** The same through the Kubernetes API. */
const KUBERNETES: readonly (Row & { method: string; path: string })[] = [
  { method: 'GET', path: '/api/v1/nodes', allowed: PLATFORM },
  {
    method: 'GET',
    path: '/api/v1/namespaces/{namespace}/pods',
    allowed: members(...READERS),
  },
  { method: 'POST', path: '/api/v1/namespaces/{namespace}/configmaps', allowed: members('ns-operator', 'ws-admin') },
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
  { method: 'PATCH', path: '/apis/iam.kubesphere.io/v1alpha2/users/regular', allowed: ['users-manager', 'admin'] },
  {
    method: 'PUT',
    path: '/apis/iam.kubesphere.io/v1alpha2/globalrolebindings/regular-platform-regular',
    allowed: PLATFORM,
  },
];

let server: TestServer;
const tokens = new Map<Caller, string | undefined>([['anonymous', undefined]]);

/** Makes users, two workspaces with a project each, and the members of the first. */
before(async () => {
  server = await TestServer.start();
  const admin = await server.token();
  tokens.set('admin', admin);
  const post = async (path: string, body: unknown) => {
    const { status, text } = await server.call(path, { token: admin, body });
    assert.ok(status < 300, `${path}: ${status} ${text}`);
  };
  const user = (name: string, globalrole: string) =>
    post('/kapis/iam.kubesphere.io/v1alpha2/users', {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': globalrole } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });
  for (const name of CALLERS.slice(1, -1)) await user(name, name.endsWith('manager') ? name : 'platform-regular');
  for (const [workspace, namespace] of [
    ['ws-a', 'ns-a'],
    ['ws-b', 'ns-b'],
  ] as const) {
    await post('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
      metadata: { name: workspace },
      spec: { template: { spec: { manager: 'admin' } } },
    });
    await post('/api/v1/namespaces', {
      metadata: {
        name: namespace,
        labels: { 'kubesphere.io/workspace': workspace },
        annotations: { 'kubesphere.io/creator': 'admin' },
      },
    });
  }
  const workspaceMembers = '/kapis/iam.kubesphere.io/v1alpha2/workspaces/ws-a/workspacemembers';
  const projectMembers = '/kapis/iam.kubesphere.io/v1alpha2/namespaces/ns-a/members';
  await eventually(() =>
    post(workspaceMembers, [
      { username: 'ws-viewer', roleRef: 'ws-a-viewer' },
      { username: 'ws-admin', roleRef: 'ws-a-admin' },
    ]),
  );
  await eventually(() =>
    post(projectMembers, [
      { username: 'ns-viewer', roleRef: 'viewer' },
      { username: 'ns-operator', roleRef: 'operator' },
    ]),
  );
  for (const name of CALLERS.slice(1, -1)) tokens.set(name, await server.token(name, 'Passw0rd!'));
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/namespaces/ns-a/pods', { token: tokens.get('ns-viewer') })).status, 200),
  );
});
after(() => server.stop());

async function check(method: string, template: string, row: Row): Promise<void> {
  const wrong: string[] = [];
  for (const tenant of Object.keys(TENANTS) as Tenant[]) {
    const allowed = 'own' in row.allowed ? row.allowed[tenant] : row.allowed;
    const values: Record<string, string> = { ...TENANTS[tenant], resources: row.resources ?? '', name: row.name ?? '' };
    const path = template.replace(/\{(\w+)\}/g, (_, key) => values[key]!);
    for (const caller of CALLERS) {
      // What no route produces and no handler decodes: allowed writes fail after authorization and change nothing.
      const writes = method !== 'GET' || row.acts === true;
      const body = writes && method !== 'DELETE' && method !== 'GET' ? '"x"' : undefined;
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { 'content-type': type, ...(writes && { accept: 'image/png' }) };
      const { status, text } = await server.call(path, {
        method,
        token: tokens.get(caller),
        headers,
        ...(body && { body }),
      });
      // OAuth endpoints answer 401 themselves, in words of their own.
      const denied =
        status === 403 || (status === 401 && text.startsWith('{')) || (row.hides === true && status === 404);
      if (denied === allowed.includes(caller)) wrong.push(`${caller} at ${path}: ${status}`);
    }
  }
  assert.equal(wrong.join('\n'), '');
}

test('every registered route has rows here', () => {
  const registered = routeTables().map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(
    registered.filter((key) => !ROUTES[key]),
    [],
  );
  assert.deepEqual(
    Object.keys(ROUTES).filter((key) => !registered.includes(key)),
    [],
  );
});

for (const [key, rows] of Object.entries(ROUTES)) {
  const [method, path] = key.split(' ') as [string, string];
  for (const row of rows) test(`${key} ${row.resources ?? ''}`, () => check(method, path, row));
}
for (const row of KUBERNETES) test(`${row.method} ${row.path} of Kubernetes`, () => check(row.method, row.path, row));

test('everybody reads his own user and kubeconfig, and no other', async () => {
  const kubeconfig = (name: string) => `/kapis/resources.kubesphere.io/v1alpha2/users/${name}/kubeconfig`;
  const token = tokens.get('regular');
  await eventually(async () => assert.equal((await server.call(kubeconfig('regular'), { token })).status, 200));
  assert.equal((await server.call(kubeconfig('ns-viewer'), { token })).status, 403);
  assert.equal((await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/regular', { token })).status, 200);
  assert.equal((await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/ns-viewer', { token })).status, 403);
});

test('headers that name somebody else change nothing', async () => {
  const headers = {
    'impersonate-user': 'admin',
    'impersonate-group': 'system:masters',
    'x-remote-user': 'admin',
    'x-remote-group': 'system:masters',
  };
  for (const path of ['/api/v1/nodes', '/api/v1/secrets', `${K}/nodes`]) {
    assert.equal((await server.call(path, { token: tokens.get('regular'), headers })).status, 403);
    assert.equal((await server.call(path, { headers })).status, 403);
  }
  // With rights, the call is made as the server and not as whom the headers name.
  const { status } = await server.call('/api/v1/nodes', {
    token: tokens.get('admin'),
    headers: { 'impersonate-user': 'nobody' },
  });
  assert.equal(status, 200);
});

test('a write does not pass for a watch', async () => {
  const token = tokens.get('ns-viewer');
  for (const method of ['DELETE', 'POST', 'PUT', 'PATCH']) {
    const path = '/api/v1/watch/namespaces/ns-a/configmaps/kube-root-ca.crt';
    const { status } = await server.call(path, { method, token });
    assert.ok([400, 403, 405].includes(status), `${method} ${status}`);
  }
  await server.call('/api/v1/watch/namespaces/ns-a/configmaps', { method: 'DELETE', token });
  const { status } = await server.call('/api/v1/namespaces/ns-a/configmaps/kube-root-ca.crt', {
    token: tokens.get('admin'),
  });
  assert.equal(status, 200);
});

test('paths that hide others are refused', async () => {
  const { hostname, port } = new URL(server.url);
  const { request } = await import('node:http');
  const raw = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = request(
        { hostname, port, path, headers: { authorization: `Bearer ${tokens.get('ns-viewer')}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      );
      sent.on('error', reject).end();
    });
  for (const path of [
    '/api/v1/namespaces/ns-a%2F..%2Fns-b/pods',
    '/api/v1/namespaces/ns-a/../ns-b/pods',
    '/api/v1/namespaces/ns-a/pods/%2e%2e/%2e%2e/ns-b/pods',
    '/kapis/config.kubesphere.io/../resources.kubesphere.io/v1alpha3/nodes',
    '/api/v1/namespaces/ns-a/pods#/x',
    '/api/v1/namespaces/ns-a/pods/x#/../../../ns-b/pods',
    ...['..', '%2e%2e', '.%2E', '..%2f..', '..\\..', '%2e%2e%5c'].map(
      (up) => `/api/v1/namespaces/ns-a/services/x/proxy/${`${up}/`.repeat(7)}apis/iam.kubesphere.io/v1alpha2/users`,
    ),
  ]) {
    assert.ok([400, 403, 404].includes(await raw(path)), path);
  }
  assert.equal(await raw('//api//v1///namespaces/ns-a/pods'), 200);
  assert.equal(await raw('//api//v1///namespaces/ns-b/pods'), 403);
});
