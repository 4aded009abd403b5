import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routeTables } from '@ks-apiserver/server/kapis/routes';
import { type Call, eventually, TestServer } from '../support/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MERGE = { 'content-type': 'application/merge-patch+json' };

let server: TestServer;
let admin: string;
let group: string;
let membership: string;

const call = (path: string, options: Call = {}) => server.call(path, { token: admin, ...options });

async function create(path: string, body: unknown) {
  const { status, text, json } = await call(path, { body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
  return json;
}

/** Una views ws-a and its project ns-a, and is in a group that administers ws-a. */
before(async () => {
  server = await TestServer.start();
  admin = await server.token();

  await create(`${I}/users`, {
    metadata: { name: 'una', annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
    spec: { email: 'una@example.com', password: 'Passw0rd!' },
  });

  await create(`${T}/workspaces`, {
    metadata: { name: 'ws-a' },
    spec: { template: { spec: { manager: 'admin' } } },
  });

  await create('/api/v1/namespaces', {
    metadata: { name: 'ns-a', labels: { 'kubesphere.io/workspace': 'ws-a' } },
  });
  await eventually(() =>
    create(`${I}/workspaces/ws-a/workspacemembers`, [{ username: 'una', roleRef: 'ws-a-viewer' }]),
  );
  await eventually(() =>
    create(`${I}/namespaces/ns-a/members`, [{ username: 'una', roleRef: 'viewer' }]),
  );
  await create(`${I}/clustermembers`, [{ username: 'una', roleRef: 'cluster-viewer' }]);
  group = (await create(`${I}/workspaces/ws-a/groups`, { metadata: { generateName: 'bosses' } }))
    .metadata.name;

  await create(`${I}/globalroles`, {
    metadata: {
      name: 'gr',
      annotations: { 'iam.kubesphere.io/aggregation-roles': '["role-template-view-users"]' },
    },
  });

  await eventually(async () => {
    [
      {
        metadata: { name: membership },
      },
    ] = await create(`${I}/workspaces/ws-a/groupbindings`, [{ userName: 'una', groupName: group }]);
  });

  await create(`${I}/workspaces/ws-a/workspacerolebindings`, bindingTo(group, 'ws-a-admin'));

  await create(`${T}/workspaces/ws-a/resourcequotas`, {
    metadata: { name: 'ws-a' },
    spec: { quota: { hard: { pods: '10' } } },
  });

  await waitUntilIdle();
});

after(() => server.stop());

const bindingTo = (name: string, role: string) => [
  { subjects: [{ kind: 'Group', name }], roleRef: { kind: 'WorkspaceRole', name: role } },
];

const KINDS = [
  `${IAM}/users`,
  `${IAM}/globalroles`,
  `${IAM}/globalrolebindings`,
  `${IAM}/workspaceroles`,
  `${IAM}/workspacerolebindings`,
  `${IAM}/groups`,
  `${IAM}/groupbindings`,
  `${RBAC}/roles`,
  `${RBAC}/rolebindings`,
  `${RBAC}/clusterroles`,
  `${RBAC}/clusterrolebindings`,
  '/api/v1/namespaces',
  '/apis/tenant.kubesphere.io/v1alpha2/workspacetemplates',
  '/apis/tenant.kubesphere.io/v1alpha1/workspaces',
];

/** Returns names and versions of everything that such a write could change. */
async function listVersions(): Promise<string[]> {
  const lists = await Promise.all(KINDS.map(async (path) => (await call(path)).json));

  return lists.flatMap(({ kind, items }) =>
    items.map(
      ({ metadata }: { metadata: { namespace?: string; name: string; resourceVersion: string } }) =>
        `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.resourceVersion}`,
    ),
  );
}

/** Waits until the controllers are idle. */
async function waitUntilIdle(): Promise<string[]> {
  let last = await listVersions();

  return eventually(async () => {
    await new Promise((resolve) => setTimeout(resolve, 500));

    const now = await listVersions();
    const before = last;

    last = now;
    assert.deepEqual(now, before);

    return now;
  }, 20_000);
}

/** A valid body for each write of the two groups. */
async function bodies(): Promise<Record<string, unknown>> {
  const read = async (path: string) => (await call(path)).json;
  const role = {
    metadata: { name: 'tried', annotations: { 'iam.kubesphere.io/aggregation-roles': '[]' } },
  };
  const changed = { metadata: { annotations: { tried: 'yes' } } };
  const member = (name: string) => [{ username: 'admin', roleRef: name }];

  const readAggregated = async (path: string) => {
    const json = await read(path);

    return {
      ...json,
      metadata: {
        ...json.metadata,
        annotations: { ...json.metadata.annotations, 'iam.kubesphere.io/aggregation-roles': '[]' },
      },
    };
  };

  return {
    'POST /users': {
      metadata: { name: 'tried' },
      spec: { email: 'tried@example.com', password: 'Passw0rd!' },
    },
    'PUT /users/{user}': await read(`${I}/users/una`),
    'PUT /users/{user}/password': { password: 'An0ther!Passw0rd' },
    'POST /globalroles': role,
    'PUT /globalroles/{globalrole}': await readAggregated(`${I}/globalroles/gr`),
    'PATCH /globalroles/{globalrole}': changed,
    'POST /clusterroles': role,
    'PUT /clusterroles/{clusterrole}': await readAggregated(`${I}/clusterroles/cluster-viewer`),
    'PATCH /clusterroles/{clusterrole}': changed,
    'POST /workspaces/{workspace}/workspaceroles': role,
    'PUT /workspaces/{workspace}/workspaceroles/{workspacerole}': await readAggregated(
      `${I}/workspaces/ws-a/workspaceroles/ws-a-viewer`,
    ),
    'PATCH /workspaces/{workspace}/workspaceroles/{workspacerole}': changed,
    'POST /namespaces/{namespace}/roles': role,
    'PUT /namespaces/{namespace}/roles/{role}': await readAggregated(
      `${I}/namespaces/ns-a/roles/viewer`,
    ),
    'PATCH /namespaces/{namespace}/roles/{role}': changed,
    'POST /clustermembers': member('cluster-viewer'),
    'PUT /clustermembers/{clustermember}': { username: 'una', roleRef: 'cluster-admin' },
    'POST /workspaces/{workspace}/workspacemembers': member('ws-a-viewer'),
    'PUT /workspaces/{workspace}/workspacemembers/{workspacemember}': {
      username: 'una',
      roleRef: 'ws-a-admin',
    },
    'POST /namespaces/{namespace}/members': member('viewer'),
    'PUT /namespaces/{namespace}/members/{member}': { username: 'una', roleRef: 'admin' },
    'POST /workspaces/{workspace}/groups': { metadata: { generateName: 'tried' } },
    'PUT /workspaces/{workspace}/groups/{group}': await read(
      `${I}/workspaces/ws-a/groups/${group}`,
    ),
    'PATCH /workspaces/{workspace}/groups/{group}': changed,
    'POST /workspaces/{workspace}/groupbindings': [{ userName: 'admin', groupName: group }],
    'POST /workspaces/{workspace}/workspacerolebindings': bindingTo(group, 'ws-a-viewer'),
    'POST /namespaces/{namespace}/rolebindings': [
      { subjects: [{ kind: 'Group', name: group }], roleRef: { kind: 'Role', name: 'viewer' } },
    ],
    'POST /workspaces/{workspace}/resourcequotas': {
      metadata: { name: 'tried' },
      spec: { quota: { hard: { pods: '5' } } },
    },
    'PUT /workspaces/{workspace}/resourcequotas/{resourcequota}': await read(
      `${T}/workspaces/ws-a/resourcequotas/ws-a`,
    ),
    'POST /workspaces': { metadata: { name: 'tried' }, spec: { template: { spec: {} } } },
    'PUT /workspaces/{workspace}': await read(`${T}/workspaces/ws-a`),
    'PATCH /workspaces/{workspace}': changed,
    'POST /workspaces/{workspace}/namespaces': { metadata: { name: 'tried' } },
    'PUT /workspaces/{workspace}/namespaces/{namespace}': await read(
      `${T}/workspaces/ws-a/namespaces/ns-a`,
    ),
    'PATCH /workspaces/{workspace}/namespaces/{namespace}': changed,
  };
}

const value = async (name: string, path: string): Promise<string> => {
  if (name === 'rolebinding') {
    const list = path.includes('/namespaces/')
      ? `${RBAC}/namespaces/ns-a/rolebindings`
      : `${IAM}/workspacerolebindings`;

    return (await call(list)).json.items.find(({ metadata }: { metadata: { name: string } }) =>
      metadata.name.startsWith(path.includes('/namespaces/') ? 'una' : group),
    ).metadata.name;
  }

  const values: Record<string, string> = {
    user: 'una',
    workspace: 'ws-a',
    namespace: 'ns-a',
    globalrole: 'gr',
    clusterrole: 'cluster-viewer',
    workspacerole: 'ws-a-viewer',
    role: 'viewer',
    group,
    groupbinding: membership,
    resourcequota: 'ws-a',
  };

  return values[name] ?? 'una';
};

/** Credentials that can only be checked once they are stored. */
const CREDENTIAL = /\/users\/\{user\}\/(tokens|totp|sessions)/;

/**
 * Routes of DevOps projects need a project with a namespace of its own; their handlers are the
 * same.
 */
const WRITES = routeTables().filter(
  ({ method, path }) =>
    method !== 'GET' &&
    (path.startsWith(`${I}/`) || path.startsWith(`${T}/`)) &&
    !path.includes('{devops}'),
);

test('a dry run neither tries nor creates a credential', async () => {
  for (const { method, path } of WRITES.filter(({ path }) => CREDENTIAL.test(path))) {
    const url = path.replace(/\{\w+\}/g, 'admin');
    const { status, text } = await call(`${url}?dryRun=All`, { method, body: { name: 'x' } });
    assert.deepEqual(
      [status, text],
      [400, 'dryRun: credentials cannot be tried\n'],
      `${method} ${url}`,
    );
  }

  assert.equal((await call(`${I}/users/admin/tokens`)).json.totalItems, 0);
});

test('every write of roles, members, groups, users and tenants accepts a dry run, which stores nothing', async () => {
  const given = await bodies();
  const before = await waitUntilIdle();
  const wrong: string[] = [];

  for (const { method, path } of WRITES.filter(
    ({ path }) => !CREDENTIAL.test(path) && !path.endsWith('/login'),
  )) {
    const short = `${method} ${path.replace(I, '').replace(T, '')}`;
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    let url = path;

    for (const name of names) {
      url = url.replace(`{${name}}`, await value(name, path));
    }

    const body = given[short];
    if (method !== 'DELETE' && body === undefined) {
      wrong.push(`${short}: no body here`);
    }

    const { status, text } = await call(`${url}?dryRun=All`, {
      method,
      ...(method === 'PATCH' && { headers: MERGE }),
      ...(method !== 'DELETE' && { body }),
    });

    if (status !== 200) {
      wrong.push(`${short} ${url}: ${status} ${text}`);
    }
  }

  assert.deepEqual(wrong, []);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual(await listVersions(), before);
  assert.equal((await server.login('una', 'Passw0rd!')).status, 200, 'the password is the old one');

  assert.equal(
    (await call(`${I}/globalroles?dryRun=yes`, { body: { metadata: { name: 'x' } } })).status,
    400,
  );
});

test('a dry run lists the users who gain or lose rights, beyond those that they have anyway', async () => {
  const member = async (role: string) =>
    (
      await call(`${I}/namespaces/ns-a/members/una?dryRun=All`, {
        method: 'PUT',
        body: { username: 'una', roleRef: role },
      })
    ).json;

  // Her group may do everything in ws-a, hence in ns-a.
  assert.deepEqual((await member('admin')).effects, { gains: [], loses: [] });

  const { json: left } = await call(`${I}/workspaces/ws-a/groupbindings/${membership}?dryRun=All`, {
    method: 'DELETE',
  });

  assert.deepEqual(left.effects.loses, [
    {
      subject: { kind: 'User', name: 'una' },
      scope: 'workspace ws-a',
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    },
  ]);

  const { json: global } = await call(`${I}/users?dryRun=All`, {
    body: {
      metadata: { name: 'new', annotations: { 'iam.kubesphere.io/globalrole': 'platform-admin' } },
      spec: { email: 'new@example.com', password: 'Passw0rd!' },
    },
  });

  assert.equal(global.effects.gains[0].scope, 'platform');
  assert.ok(!JSON.stringify(global).includes('$2'), 'no hash');

  // A change of a role affects every user who has it.
  await create(`${I}/users`, {
    metadata: { name: 'vito', annotations: { 'iam.kubesphere.io/globalrole': 'gr' } },
    spec: { email: 'vito@example.com', password: 'Passw0rd!' },
  });

  await eventually(async () => {
    const { json } = await call(`${I}/globalroles/gr?dryRun=All`, { method: 'DELETE' });
    assert.deepEqual(json.effects.loses[0]?.subject, { kind: 'User', name: 'vito' });
    assert.equal(json.effects.loses[0].scope, 'platform');
  });
});

test('through the Kubernetes API the answer is unchanged, and the outcome is a warning', async () => {
  const path = `${RBAC}/clusterrolebindings`;

  const body = {
    metadata: { name: 'tried' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'una' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  };

  const tried = await call(`${path}?dryRun=All`, { body });
  assert.equal(tried.status, 201);
  assert.equal(tried.json.effects, undefined);
  assert.match(tried.headers.get('warning')!, /^299 - "User una gains in cluster: \* on \*/);
  assert.equal((await call(`${path}/tried`)).status, 404);

  const gone = await call(`${path}/una-cluster-viewer?dryRun=All`, { method: 'DELETE' });
  assert.equal(gone.status, 200);
  assert.match(gone.headers.get('warning')!, /User una loses in cluster: /);
  assert.equal((await call(`${path}/una-cluster-viewer`)).status, 200);

  const role = await call(`${RBAC}/clusterroles/cluster-viewer?dryRun=All`, {
    method: 'PATCH',
    headers: MERGE,
    body: { rules: [] },
  });

  assert.match(role.headers.get('warning')!, /User una loses in cluster: /);
  assert.ok(role.headers.get('warning')!.length < 8192);

  const nothing = await call(`${RBAC}/clusterroles/cluster-viewer?dryRun=All`, {
    method: 'PATCH',
    headers: MERGE,
    body: { metadata: { annotations: { a: 'b' } } },
  });

  assert.equal(nothing.headers.get('warning'), '299 - "nobody gains or loses anything"');
});
