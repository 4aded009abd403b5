import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeSigningRequest } from '@ks-apiserver/kubernetes/server/sign-request';
import { type Call, eventually, TestServer } from '../support/test-server.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const ANYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

let server: TestServer;
let admin: string;
let eve: string;
let wanda: string;

/**
 * Eve may write every role, binding and namespace of the cluster, read pods, and nothing else.
 * Wanda only manages ws-a.
 */
before(async () => {
  server = await TestServer.start();
  admin = await server.token();
  const post = async (path: string, body: unknown) => {
    const { status, text } = await server.call(path, { token: admin, body });
    assert.ok(status < 300, `${path}: ${status} ${text}`);
  };

  for (const name of ['eve', 'wanda']) {
    await post('/kapis/iam.kubesphere.io/v1alpha2/users', {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });
  }

  for (const name of ['ws-a', 'ws-b']) {
    const spec = { template: { spec: { manager: name === 'ws-a' ? 'wanda' : 'admin' } } };
    await post('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', { metadata: { name }, spec });
    const labels = { 'kubesphere.io/workspace': name };
    await post('/api/v1/namespaces', { metadata: { name: `ns-${name}`, labels } });
  }

  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch'];

  const rules = [
    { apiGroups: ['rbac.authorization.k8s.io', 'iam.kubesphere.io'], resources: ['*'], verbs },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'update', 'patch'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: ['certificates.k8s.io'], resources: ['*'], verbs },
  ];

  await post(`${RBAC}/clusterroles`, { metadata: { name: 'role-writer' }, rules });
  await post(`${RBAC}/clusterrolebindings`, binding('role-writer', 'ClusterRole', 'role-writer'));
  eve = await server.token('eve', 'Passw0rd!');
  wanda = await server.token('wanda', 'Passw0rd!');
  await eventually(async () => {
    assert.equal((await server.call(`${RBAC}/clusterroles`, { token: eve })).status, 200);

    assert.equal(
      (await server.call('/api/v1/namespaces/ns-ws-a/pods', { token: wanda })).status,
      200,
    );
  });
});

after(() => server.stop());

function binding(name: string, kind: string, role: string, user = 'eve', labels = {}) {
  const roleRef = {
    apiGroup: /Global|Workspace/.test(kind) ? 'iam.kubesphere.io' : RBAC.split('/')[2],
    kind,
    name: role,
  };

  return {
    metadata: { name, labels },
    roleRef,
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: user }],
  };
}

/** Custom resources are only accepted with their kind. */
const KINDS: Record<string, string> = {
  globalroles: 'GlobalRole',
  globalrolebindings: 'GlobalRoleBinding',
  workspaceroles: 'WorkspaceRole',
  workspacerolebindings: 'WorkspaceRoleBinding',
  rolebases: 'RoleBase',
};

const status = async (path: string, { body, ...options }: Call) => {
  const kind = KINDS[path.split('/').at(-1)!];
  const typed = kind
    ? { apiVersion: 'iam.kubesphere.io/v1alpha2', kind, ...(body as object) }
    : body;
  const answer = await server.call(path, { ...options, body: typed });

  return `${answer.status}${answer.status === 403 ? '' : ` ${answer.text}`}`;
};

const assertRefused = async (path: string, options: Call) =>
  assert.match(
    await status(path, options),
    /^403/,
    `${options.method ?? 'POST'} ${path} ${JSON.stringify(options.body)}`,
  );

const wsLabel = { 'kubesphere.io/workspace': 'ws-b' };

const bindings: [string, string, string, Record<string, string>?][] = [
  [`${RBAC}/clusterrolebindings`, 'ClusterRole', 'cluster-admin'],
  [`${RBAC}/clusterrolebindings`, 'ClusterRole', 'nosuch'],
  [`${RBAC}/namespaces/ns-ws-b/rolebindings`, 'ClusterRole', 'admin'],
  [`${RBAC}/namespaces/kube-system/rolebindings`, 'ClusterRole', 'cluster-admin'],
  [`${IAM}/globalrolebindings`, 'GlobalRole', 'platform-admin'],
  [`${IAM}/workspacerolebindings`, 'WorkspaceRole', 'ws-b-admin', wsLabel],
];

for (const [path, kind, role, labels] of bindings) {
  test(`no user can bind more than they have: ${kind} ${role} at ${path}`, async () => {
    await assertRefused(path, { token: eve, body: binding('mine', kind, role, 'eve', labels) });
    await eventually(async () =>
      assert.equal((await server.call(`${path}/mine`, { token: admin })).status, 404),
    );
  });
}

test('no user may bind a role whose rules are aggregated later', async () => {
  const clusterRoleSelectors = [{ matchLabels: { 'example.com/none': 'yet' } }];

  const body = {
    metadata: { name: 'pending' },
    aggregationRule: { clusterRoleSelectors },
    rules: [],
  };

  const made = await server.call(`${RBAC}/clusterroles`, { token: admin, body });
  assert.equal(made.status, 201, made.text);

  await eventually(async () => {
    const { status } = await server.call(`${RBAC}/clusterroles/pending`, { token: admin });
    assert.equal(status, 200);
  });

  const path = `${RBAC}/namespaces/ns-ws-b/rolebindings`;
  await assertRefused(path, { token: eve, body: binding('mine', 'ClusterRole', 'pending', 'eve') });
});

test('no user may extend a role of their own, by any verb and kind of patch', async () => {
  for (const [path, extra] of [
    [`${RBAC}/clusterroles`, { rules: ANYTHING }],
    [
      `${RBAC}/clusterroles`,
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] }, rules: [] },
    ],
    [`${RBAC}/namespaces/ns-ws-b/roles`, { rules: ANYTHING }],
    [`${IAM}/globalroles`, { rules: ANYTHING }],
    [`${IAM}/workspaceroles`, { rules: ANYTHING }],
    [
      `${IAM}/rolebases`,
      {
        role: { apiVersion: 'iam.kubesphere.io/v1alpha2', kind: 'WorkspaceRole', rules: ANYTHING },
      },
    ],
  ] as const) {
    await assertRefused(path, { token: eve, body: { metadata: { name: 'more' }, ...extra } });
  }

  const own = `${RBAC}/clusterroles/role-writer`;
  const { json } = await server.call(own, { token: eve });

  await assertRefused(own, { method: 'PUT', token: eve, body: { ...json, rules: ANYTHING } });

  const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
  for (const headers of [MERGE, strategic]) {
    await assertRefused(own, { method: 'PATCH', token: eve, headers, body: { rules: ANYTHING } });
  }

  const op = { op: 'add', path: '/rules/0/verbs/0', value: '*' };
  await assertRefused(own, { method: 'PATCH', token: eve, headers: JSON_PATCH, body: [op] });

  const applied = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'role-writer' },
    rules: ANYTHING,
  };

  for (const name of ['role-writer', 'fresh']) {
    await assertRefused(`${RBAC}/clusterroles/${name}?fieldManager=eve&force=true`, {
      method: 'PATCH',
      token: eve,
      headers: APPLY,
      body: JSON.stringify({ ...applied, metadata: { name } }),
    });
  }

  await assertRefused(`${RBAC}/clusterroles/cluster-admin`, {
    method: 'PATCH',
    token: eve,
    headers: MERGE,
    body: { metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } },
  });

  assert.deepEqual((await server.call(own, { token: admin })).json.rules, json.rules);
});

test('callers may grant their own rights, and edit objects that grant nothing', async () => {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const assertAllowed = async (path: string, options: Call) =>
    assert.match(await status(path, { token: eve, ...options }), /^20/);

  await assertAllowed(`${RBAC}/clusterroles`, {
    body: { metadata: { name: 'pod-getter' }, rules },
  });

  await eventually(() =>
    assertAllowed(`${RBAC}/clusterrolebindings`, {
      body: binding('pod-getter', 'ClusterRole', 'pod-getter', 'wanda'),
    }),
  );

  const annotate = {
    method: 'PATCH',
    headers: MERGE,
    body: { metadata: { annotations: { a: 'b' } } },
  };

  await assertAllowed(`${RBAC}/clusterroles/cluster-admin`, annotate);
  await assertAllowed(`${RBAC}/clusterrolebindings/role-writer`, annotate);
  await assertAllowed('/api/v1/namespaces/ns-ws-b', annotate);

  const yes = await server.call(`${RBAC}/clusterrolebindings`, {
    token: admin,
    body: binding('by-admin', 'ClusterRole', 'cluster-admin', 'wanda2'),
  });

  assert.equal(yes.status, 201, yes.text);
});

test('a workspace manager grants roles in the projects of the workspace, and none elsewhere', async () => {
  const path = (namespace: string) => `${RBAC}/namespaces/${namespace}/rolebindings`;
  const body = binding('eve-admin', 'ClusterRole', 'view', 'eve');

  assert.match(await status(path('ns-ws-a'), { token: wanda, body }), /^201/);
  await assertRefused(path('ns-ws-b'), { token: wanda, body });
  await assertRefused(path('default'), { token: wanda, body });
});

test('no namespace moves to or from a workspace without rights in both', async () => {
  const label = (workspace: string | null) => ({
    metadata: { labels: { 'kubesphere.io/workspace': workspace } },
  });

  for (const [namespace, workspace] of [
    ['ns-ws-a', 'ws-b'],
    ['ns-ws-a', null],
  ] as const) {
    await assertRefused(`/api/v1/namespaces/${namespace}`, {
      method: 'PATCH',
      token: wanda,
      headers: MERGE,
      body: label(workspace),
    });
  }

  for (const [namespace, workspace] of [
    ['kube-system', 'ws-a'],
    ['ns-ws-b', 'ws-a'],
  ] as const) {
    const path = `/api/v1/namespaces/${namespace}`;
    await assertRefused(path, {
      method: 'PATCH',
      token: eve,
      headers: MERGE,
      body: label(workspace),
    });

    const { json } = await server.call(path, { token: admin });
    json.metadata.labels['kubesphere.io/workspace'] = workspace;
    await assertRefused(path, { method: 'PUT', token: eve, body: json });
    await assertRefused(`${path}/finalize`, { method: 'PUT', token: eve, body: json });
  }

  await assertRefused('/api/v1/namespaces', {
    token: wanda,
    body: { metadata: { name: 'stolen', ...label('ws-b').metadata } },
  });

  const tenant = '/kapis/tenant.kubesphere.io/v1alpha2/workspaces/ws-a/namespaces/ns-ws-a';
  const { json } = await server.call(tenant, { token: wanda });

  json.metadata.labels['kubesphere.io/workspace'] = 'ws-b';
  await server.call(tenant, { method: 'PUT', token: wanda, body: json });
  await server.call(tenant, { method: 'PATCH', token: wanda, headers: MERGE, body: label('ws-b') });

  const { json: after } = await server.call('/api/v1/namespaces/ns-ws-a', { token: admin });
  assert.equal(after.metadata.labels['kubesphere.io/workspace'], 'ws-a');

  const moved = await server.call('/api/v1/namespaces/ns-ws-b', {
    method: 'PATCH',
    token: admin,
    headers: MERGE,
    body: label('ws-a'),
  });

  assert.equal(moved.json.metadata.labels['kubesphere.io/workspace'], 'ws-a');
});

test('no role made from templates exceeds its creator’s rights, by any write of either API', async () => {
  const higher = JSON.stringify(['role-template-manage-users', 'role-template-manage-clusters']);
  const annotations = { 'iam.kubesphere.io/aggregation-roles': higher };
  const I = '/kapis/iam.kubesphere.io/v1alpha2';

  const made = await server.call(`${I}/globalroles`, {
    token: admin,
    body: {
      metadata: { name: 'low', annotations: { 'iam.kubesphere.io/aggregation-roles': '[]' } },
    },
  });

  assert.equal(made.status, 200, made.text);

  // Eve may write every role through the Kubernetes API and this server's own.
  await assertRefused(`${I}/globalroles`, {
    token: eve,
    body: { metadata: { name: 'mine', annotations } },
  });

  await assertRefused(`${I}/globalroles/low`, {
    method: 'PUT',
    token: eve,
    body: { ...made.json, metadata: { ...made.json.metadata, annotations } },
  });

  for (const headers of [MERGE, { 'content-type': 'application/json' }]) {
    await assertRefused(`${I}/globalroles/low`, {
      method: 'PATCH',
      token: eve,
      headers,
      body: { metadata: { annotations } },
    });
  }

  // Through the Kubernetes API the annotation alone gives nothing: only a write by a user with
  // these rights makes rules of it.
  await server.call(`${IAM}/globalroles/low`, {
    method: 'PATCH',
    token: eve,
    headers: MERGE,
    body: { metadata: { annotations } },
  });

  await server.call(`${I}/globalroles/low`, {
    method: 'PATCH',
    token: eve,
    headers: MERGE,
    body: { metadata: { labels: { a: 'b' } } },
  });

  const { json } = await server.call(`${IAM}/globalroles/low`, { token: admin });
  assert.deepEqual(json.rules, []);

  // A workspace manager creates roles from the workspace's own templates, not from those that the
  // platform keeps in other workspaces.
  const own = `${I}/workspaces/ws-a/workspaceroles`;
  await assertRefused(`${own.replace('ws-a', 'ws-b')}`, {
    token: wanda,
    body: { metadata: { name: 'ws-b-mine', annotations } },
  });
});

test('no user may change the role bases of new workspaces and projects, by any verb', async () => {
  const path = `${IAM}/rolebases/workspace-regular`;
  const { json } = await server.call(path, { token: eve });
  const role = { ...json.role, rules: ANYTHING };

  await assertRefused(path, { method: 'PUT', token: eve, body: { ...json, role } });

  await assertRefused(path, {
    method: 'PATCH',
    token: eve,
    headers: MERGE,
    body: { role: { rules: ANYTHING } },
  });

  const op = { op: 'add', path: '/role/rules/-', value: ANYTHING[0] };
  await assertRefused(path, { method: 'PATCH', token: eve, headers: JSON_PATCH, body: [op] });

  const override = { 'iam.kubesphere.io/rego-override': 'package authz\nallow = true' };
  await assertRefused(path, {
    method: 'PATCH',
    token: eve,
    headers: MERGE,
    body: { role: { metadata: { annotations: override } } },
  });

  assert.deepEqual((await server.call(path, { token: admin })).json.role, json.role);
});

test('a JSON patch, an apply and a delete of a collection cannot move a namespace', async () => {
  const path = '/api/v1/namespaces/ns-ws-b';
  const key = 'kubesphere.io~1workspace';
  const before = (await server.call(path, { token: admin })).json.metadata.labels;

  const ops = [
    [{ op: 'remove', path: `/metadata/labels/${key}` }],
    [{ op: 'replace', path: `/metadata/labels/${key}`, value: 'elsewhere' }],
    [{ op: 'move', from: `/metadata/labels/${key}`, path: '/metadata/labels/other' }],
  ];

  for (const body of ops) {
    await assertRefused(path, { method: 'PATCH', token: eve, headers: JSON_PATCH, body });
  }

  const applied = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ns-ws-b', labels: { 'kubesphere.io/workspace': 'elsewhere' } },
  };

  await assertRefused(`${path}?fieldManager=eve&force=true`, {
    method: 'PATCH',
    token: eve,
    headers: APPLY,
    body: JSON.stringify(applied),
  });

  await assertRefused(`${path}/status`, {
    method: 'PATCH',
    token: wanda,
    headers: MERGE,
    body: { metadata: { labels: { 'kubesphere.io/workspace': 'ws-b' } } },
  });

  const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
  await assertRefused(path, {
    method: 'PATCH',
    token: eve,
    headers: strategic,
    body: { metadata: { labels: { $patch: 'replace' } } },
  });

  for (const token of [eve, wanda]) {
    for (const query of [
      '',
      '?labelSelector=kubesphere.io/workspace=ws-b',
      '?fieldSelector=metadata.name=ns-ws-b',
    ]) {
      await assertRefused(`/api/v1/namespaces${query}`, { method: 'DELETE', token });
    }
  }

  assert.deepEqual((await server.call(path, { token: admin })).json.metadata.labels, before);
});

test('rules of a workspace do not apply outside of it', async () => {
  for (const path of [
    '/api/v1/namespaces/default/pods',
    '/api/v1/namespaces/nosuch/pods',
    '/api/v1/namespaces/kube-system/secrets',
  ]) {
    await assertRefused(path, { method: 'GET', token: wanda });
  }

  await assertRefused('/api/v1/secrets?watch=true&labelSelector=kubesphere.io/workspace=', {
    method: 'GET',
    token: wanda,
  });

  await assertRefused('/api/v1/secrets?watch=true&labelSelector=kubesphere.io/workspace=nosuch', {
    method: 'GET',
    token: wanda,
  });
});

test('no user may approve certificates of other users', async () => {
  const path = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const { request } = await makeSigningRequest({ commonName: 'eve' });

  const spec = {
    request: Buffer.from(request).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
  };

  // Kubernetes approves some itself, by the rights of the requester: here these would be the
  // server's.
  for (const signerName of ['kubernetes.io/kube-apiserver-client-kubelet', 'example.com/x']) {
    await assertRefused(path, {
      token: eve,
      body: { metadata: { name: 'kubelet' }, spec: { ...spec, signerName } },
    });
  }

  const made = await server.call(path, { token: eve, body: { metadata: { name: 'eve' }, spec } });
  assert.equal(made.status, 201, made.text);
  made.json.status = {
    conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'x' }],
  };
  await assertRefused(`${path}/eve/approval`, { method: 'PUT', token: eve, body: made.json });
});

test('a body without an end is not kept', async () => {
  const body = { metadata: { name: 'big' }, rules: [], padding: 'x'.repeat(3 * 1024 * 1024) };
  assert.equal((await server.call(`${RBAC}/clusterroles`, { token: admin, body })).status, 413);
});
