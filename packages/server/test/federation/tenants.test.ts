// Federated projects of tenants, as the console writes them: users and workspaces arrive in
// members, and nobody gets rights there through a federated object that they do not have.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Answer, eventually, type TestServer } from '../support/test-server.ts';
import {
  type Clusters,
  create,
  eventuallyGone,
  eventuallyHas,
  FEDERATED,
  MERGE,
  memberOf,
  PROPAGATION_MS,
  patch,
  startClusters,
} from './clusters.ts';

const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const TENANT = '/kapis/tenant.kubesphere.io/v1alpha2';
const RESOURCES = '/kapis/resources.kubesphere.io/v1alpha3';
const IAM_OBJECTS = '/apis/iam.kubesphere.io/v1alpha2';
const PASSWORD = 'Passw0rd!';

let clusters: Clusters;
let host: TestServer;
let east: TestServer;
let admin: string;
let alice: string;

async function post(path: string, body: unknown, token = admin): Promise<Answer> {
  const answer = await host.call(path, { token, body, method: 'POST' });
  assert.ok(answer.status < 300, `POST ${path}: ${answer.status} ${answer.text}`);
  return answer;
}

const federated = (kind: string, name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'types.kubefed.io/v1beta1',
  kind: `Federated${kind}`,
  metadata: { name, ...metadata },
  spec: { placement: { clusters: [{ name: 'east' }] }, ...spec },
});

const inWorkspace = (name: string) => ({ labels: { 'kubesphere.io/workspace': name } });

before(async () => {
  clusters = await startClusters('east');
  host = clusters.host;
  east = memberOf(clusters, 'east');
  admin = await host.token();

  for (const name of ['alice', 'bob']) {
    await post(`${IAM}/users`, {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${name}@example.com`, password: PASSWORD },
    });
  }

  for (const name of ['shop', 'bank']) {
    await post(`${TENANT}/workspaces`, {
      metadata: { name },
      spec: {
        placement: { clusters: [{ name: 'host' }, { name: 'east' }] },
        template: { spec: { manager: 'admin' } },
      },
    });
  }

  await eventually(() =>
    post(`${IAM}/workspaces/shop/workspacemembers`, [
      { username: 'alice', roleRef: 'shop-admin' },
      { username: 'bob', roleRef: 'shop-viewer' },
    ]),
  );

  alice = await host.token('alice', PASSWORD);
});

after(async () => {
  await clusters?.stop();
});

test('users, roles and workspaces arrive in members, without passwords', async () => {
  const user = await eventuallyHas(east, `${IAM_OBJECTS}/users/alice`);
  assert.equal(user.spec.email, 'alice@example.com');
  assert.equal(user.spec.password, undefined);

  await eventuallyHas(east, '/apis/tenant.kubesphere.io/v1alpha1/workspaces/shop');
  await eventuallyHas(east, `${IAM_OBJECTS}/workspaceroles/shop-admin`);
  await eventuallyHas(east, `${IAM_OBJECTS}/globalrolebindings/alice-platform-regular`).catch(
    async () => {
      const { json } = await host.kubernetes(`${IAM_OBJECTS}/globalrolebindings`);
      assert.fail(
        json.items.map((one: { metadata: { name: string } }) => one.metadata.name).join(),
      );
    },
  );

  const { json } = await host.kubernetes(`${FEDERATED}/federatedusers/alice`);
  assert.equal(json.spec.template.spec.password, undefined);
  assert.doesNotMatch(JSON.stringify(json), /\$2[aby]\$/);
});

test('the member’s own administrator keeps their password', async () => {
  await eventuallyHas(east, `${IAM_OBJECTS}/users/admin`, ({ metadata }) =>
    assert.equal(metadata.labels['kubefed.io/managed'], 'true'),
  );
  assert.equal((await east.login('admin', 'P@88w0rd')).status, 200);
});

test('a member of a workspace works in a federated project as the console does', async () => {
  const namespace = `${FEDERATED}/namespaces/shop-web`;
  await post(
    `${TENANT}/workspaces/shop/namespaces`,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-web', ...inWorkspace('shop') } },
    alice,
  );

  await post(
    `${namespace}/federatednamespaces`,
    federated(
      'Namespace',
      'shop-web',
      { template: { metadata: inWorkspace('shop') } },
      inWorkspace('shop'),
    ),
    alice,
  );

  const deployment = (image: string) => ({
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image }] },
        },
      },
    },
  });

  const path = `${namespace}/federateddeployments`;
  await post(`${path}?dryRun=All`, federated('Deployment', 'web', deployment('nginx')), alice);
  await post(path, federated('Deployment', 'web', deployment('nginx')), alice);

  const inEast = '/apis/apps/v1/namespaces/shop-web/deployments/web';
  await eventuallyHas(east, inEast);

  const patched = await host.call(`${path}/web`, {
    method: 'PATCH',
    token: alice,
    headers: { 'content-type': MERGE },
    body: {
      spec: {
        overrides: [
          { clusterName: 'east', clusterOverrides: [{ path: '/spec/replicas', value: 2 }] },
        ],
      },
    },
  });
  assert.equal(patched.status, 200, patched.text);
  await eventuallyHas(east, inEast, ({ spec }) => assert.equal(spec.replicas, 2));

  for (const list of [
    `${RESOURCES}/namespaces/shop-web/federateddeployments?limit=10`,
    `${TENANT}/workspaces/shop/federatednamespaces?limit=10`,
  ]) {
    await eventually(async () => {
      const { status, json, text } = await host.call(list, { token: alice });
      assert.equal(status, 200, text);
      assert.equal(json.totalItems, 1, list);
    });
  }

  // Their role of the workspace counts in the member, too.
  await eventually(async () => {
    const { status, json, text } = await host.call(
      '/apis/clusters/east/apps/v1/namespaces/shop-web/deployments',
      { token: alice },
    );
    assert.equal(status, 200, text);
    assert.equal(json.items.length, 1);
  }, PROPAGATION_MS);

  const deleted = await host.call(`${path}/web`, { method: 'DELETE', token: alice, body: {} });
  assert.equal(deleted.status, 200, deleted.text);
  await eventuallyGone(east, inEast);
});

const REFUSED: Record<string, { path: string; method?: string; body: object }> = {
  'a ClusterRoleBinding': {
    path: 'federatedclusterrolebindings',
    body: federated('ClusterRoleBinding', 'evil', {
      template: {
        roleRef: {
          apiGroup: 'rbac.authorization.k8s.io',
          kind: 'ClusterRole',
          name: 'cluster-admin',
        },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
      },
    }),
  },
  'a GlobalRoleBinding': {
    path: 'federatedglobalrolebindings',
    body: federated('GlobalRoleBinding', 'evil', {
      template: {
        roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'platform-admin' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
      },
    }),
  },
  'a WorkspaceRoleBinding by an override': {
    path: 'federatedworkspacerolebindings',
    body: federated('WorkspaceRoleBinding', 'evil', {
      template: {
        metadata: inWorkspace('shop'),
        roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'WorkspaceRole', name: 'shop-viewer' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
      },
      overrides: [
        {
          clusterName: 'east',
          clusterOverrides: [{ path: '/roleRef/name', value: 'bank-admin' }],
        },
      ],
    }),
  },
  'a project in another workspace': {
    method: 'PATCH',
    path: 'namespaces/shop-web/federatednamespaces/shop-web',
    body: federated('Namespace', 'shop-web', { template: { metadata: inWorkspace('bank') } }),
  },
  'a project moved to another workspace by an override': {
    method: 'PATCH',
    path: 'namespaces/shop-web/federatednamespaces/shop-web',
    body: federated('Namespace', 'shop-web', {
      template: { metadata: inWorkspace('shop') },
      overrides: [
        {
          clusterName: 'east',
          clusterOverrides: [{ path: '/metadata/labels/kubesphere.io~1workspace', value: 'bank' }],
        },
      ],
    }),
  },
  'a project of another name': {
    path: 'namespaces/shop-web/federatednamespaces',
    body: federated('Namespace', 'bank-web', { template: { metadata: inWorkspace('shop') } }),
  },
  'a token of a ServiceAccount': {
    path: 'namespaces/shop-web/federatedsecrets',
    body: federated('Secret', 'evil', {
      template: { type: 'kubernetes.io/service-account-token' },
      overrides: [
        {
          clusterName: 'east',
          clusterOverrides: [
            {
              op: 'add',
              path: '/metadata/annotations',
              value: { 'kubernetes.io/service-account.name': 'default' },
            },
          ],
        },
      ],
    }),
  },
  'overrides that cannot be judged': {
    path: 'namespaces/shop-web/federatedconfigmaps',
    body: federated('ConfigMap', 'evil', {
      template: { data: {} },
      overrides: [{ clusterName: 'east' }, { clusterName: 'east' }],
    }),
  },
  'overrides of very many clusters': {
    path: 'namespaces/shop-web/federatedconfigmaps',
    body: federated('ConfigMap', 'evil', {
      template: { data: {} },
      overrides: Array.from({ length: 101 }, (_, i) => ({ clusterName: `c${i}` })),
    }),
  },
  'a cluster to propagate to': {
    path: '../../core.kubefed.io/v1beta1/namespaces/shop-web/kubefedclusters',
    body: {
      apiVersion: 'core.kubefed.io/v1beta1',
      kind: 'KubeFedCluster',
      metadata: { name: 'evil' },
      spec: { apiEndpoint: 'https://example.com', secretRef: { name: 'x' } },
    },
  },
};

for (const [what, { path, method = 'POST', body }] of Object.entries(REFUSED)) {
  test(`a workspace's admin gets nothing by ${what}`, async () => {
    const url = new URL(`http://x${FEDERATED}/${path}`).pathname;
    const headers = { 'content-type': method === 'PATCH' ? MERGE : 'application/json' };
    const { status, text } = await host.call(url, { token: alice, body, method, headers });
    assert.ok(status === 403 || status === 400, `${status} ${text}`);
  });
}

test('the right to write all federated objects is no right to everything in members', async () => {
  await create(host, `${IAM_OBJECTS}/globalroles`, {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name: 'federator' },
    rules: [{ apiGroups: ['types.kubefed.io'], resources: ['*'], verbs: ['*'] }],
  });
  await post(`${IAM}/users`, {
    metadata: { name: 'carol', annotations: { 'iam.kubesphere.io/globalrole': 'federator' } },
    spec: { email: 'carol@example.com', password: PASSWORD },
  });
  const carol = await eventually(() => host.token('carol', PASSWORD));

  for (const what of ['a ClusterRoleBinding', 'a GlobalRoleBinding']) {
    const { path = '', body } = REFUSED[what] ?? {};
    await eventually(async () => {
      const { status, json } = await host.call(`${FEDERATED}/${path}`, {
        token: carol,
        body,
        method: 'POST',
      });
      assert.equal(status, 403);
      assert.match(json.message, /may not write objects that other clusters act on/);
    });
  }

  const existing = `${FEDERATED}/federatedglobalrolebindings`;
  const { status, json } = await host.call(existing, { method: 'DELETE', token: carol });
  assert.equal(status, 403);
  assert.match(json.message, /may not write objects that other clusters act on/);

  const secret = REFUSED['a token of a ServiceAccount']?.body;
  const path = `${FEDERATED}/namespaces/shop-web/federatedsecrets`;
  const refused = await host.call(path, { token: carol, body: secret, method: 'POST' });
  assert.equal(refused.status, 403);
  assert.match(refused.json.message, /cannot create resource "secrets"/);
});

test('the status of a federated object cannot be forged', async () => {
  const path = `${FEDERATED}/namespaces/shop-web/federatednamespaces/shop-web/status`;
  const { status, text } = await host.call(path, {
    method: 'PATCH',
    token: alice,
    headers: { 'content-type': MERGE },
    body: { status: { clusters: [{ name: 'east' }] } },
  });
  assert.equal(status, 403, text);
});

test('a namespace is in a member in the workspace that it has in the host', async () => {
  await create(host, '/api/v1/namespaces', {
    metadata: { name: 'shop-db', ...inWorkspace('shop') },
  });
  const path = `${FEDERATED}/namespaces/shop-db/federatednamespaces`;
  await create(
    host,
    path,
    federated('Namespace', 'shop-db', { template: { metadata: inWorkspace('bank') } }),
  );
  await eventuallyHas(host, `${path}/shop-db`, ({ status }) =>
    assert.deepEqual(status?.clusters?.[0], { name: 'east', status: 'ComputeResourceFailed' }),
  );
  assert.equal((await east.kubernetes('/api/v1/namespaces/shop-db')).status, 404);
});

test('a project does not take over a namespace that a member gave to somebody else', async () => {
  await create(east, '/api/v1/namespaces', {
    metadata: { name: 'payroll', labels: { 'kubesphere.io/workspace': 'bank' } },
  });
  await create(east, '/api/v1/namespaces/payroll/secrets', {
    metadata: { name: 'keys' },
    stringData: { key: 'theirs' },
  });

  await post(
    `${TENANT}/workspaces/shop/namespaces`,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'payroll', ...inWorkspace('shop') } },
    alice,
  );
  await post(
    `${FEDERATED}/namespaces/payroll/federatednamespaces`,
    federated('Namespace', 'payroll', { template: { metadata: inWorkspace('shop') } }),
    alice,
  );
  await post(
    `${FEDERATED}/namespaces/payroll/federatedsecrets`,
    federated('Secret', 'keys', { template: { stringData: { key: 'mine' } } }),
    alice,
  );

  const conflict = await eventuallyHas(
    host,
    `${FEDERATED}/namespaces/payroll/federatednamespaces/payroll`,
    ({ status }) => assert.equal(status?.clusters?.[0]?.status, 'AlreadyExists'),
  );
  assert.equal(conflict.status.conditions[0].reason, 'CheckClusters');

  await eventuallyHas(host, `${FEDERATED}/namespaces/payroll/federatedsecrets/keys`, ({ status }) =>
    assert.equal(status?.clusters?.[0]?.status, 'CreationFailed'),
  );

  const { metadata } = (await east.kubernetes('/api/v1/namespaces/payroll')).json;
  assert.equal(metadata.labels['kubesphere.io/workspace'], 'bank');
  const secret = (await east.kubernetes('/api/v1/namespaces/payroll/secrets/keys')).json;
  assert.equal(Buffer.from(secret.data.key, 'base64').toString(), 'theirs');
});

test('a role that a member keeps for itself is not given to users of the host', async () => {
  const role = (rules: object[], labels: object = {}) => ({
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name: 'keeper', labels },
    rules,
  });
  const all = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };

  await create(east, `${IAM_OBJECTS}/globalroles`, role([all], { 'kubefed.io/managed': 'false' }));
  await create(host, `${IAM_OBJECTS}/globalroles`, role([]));
  await create(host, `${IAM_OBJECTS}/globalrolebindings`, {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRoleBinding',
    metadata: { name: 'bob-keeper' },
    roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'keeper' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
  });

  await eventuallyHas(host, `${FEDERATED}/federatedglobalroles/keeper`, ({ status }) =>
    assert.deepEqual(status?.clusters?.[0], { name: 'east', status: 'ManagedLabelFalse' }),
  );
  await eventuallyHas(host, `${FEDERATED}/federatedglobalrolebindings/bob-keeper`, ({ status }) =>
    assert.deepEqual(status?.clusters?.[0], { name: 'east', status: 'CreationFailed' }),
  );
  const binding = `${IAM_OBJECTS}/globalrolebindings/bob-keeper`;
  assert.equal((await east.kubernetes(binding)).status, 404);
});

test('a workspace is where its placement says, and projects keep it in the host', async () => {
  const workspace = '/apis/tenant.kubesphere.io/v1alpha1/workspaces/far';
  const templates = '/apis/tenant.kubesphere.io/v1alpha2/workspacetemplates';
  const place = (...names: string[]) => ({
    spec: { placement: { clusters: names.map((name) => ({ name })) } },
  });

  await post(`${TENANT}/workspaces`, {
    metadata: { name: 'far' },
    spec: { ...place('east').spec, template: { spec: { manager: 'admin' } } },
  });
  await eventuallyHas(east, workspace);
  assert.equal((await host.kubernetes(workspace)).status, 404);

  await patch(host, `${templates}/far`, place('host', 'east'));
  await eventuallyHas(host, workspace);
  const inFar = { metadata: { name: 'far-web', ...inWorkspace('far') } };
  await create(host, '/api/v1/namespaces', inFar);
  await create(east, '/api/v1/namespaces', inFar);
  await eventuallyHas(east, '/api/v1/namespaces/far-web', ({ metadata }) =>
    assert.equal(metadata.ownerReferences?.[0]?.kind, 'Workspace'),
  );

  await patch(host, `${templates}/far`, place('nowhere'));
  await eventuallyGone(east, workspace);
  await eventually(async () => {
    const { json } = await host.kubernetes('/api/v1/namespaces/default/events');
    assert.ok(json.items.some(({ reason }: { reason: string }) => reason === 'WorkspaceInUse'));
  }, PROPAGATION_MS);
  assert.equal((await host.kubernetes(workspace)).status, 200);

  const { metadata } = await eventuallyHas(east, '/api/v1/namespaces/far-web');
  assert.equal(metadata.deletionTimestamp, undefined);
});

test('a user who is deleted at the host is gone in members, with their roles', async () => {
  await eventuallyHas(east, `${IAM_OBJECTS}/users/bob`);
  const { status } = await host.call(`${IAM}/users/bob`, { method: 'DELETE', token: admin });
  assert.equal(status, 200);
  await eventuallyGone(east, `${IAM_OBJECTS}/users/bob`);
  await eventually(async () => {
    const { json } = await east.kubernetes(`${IAM_OBJECTS}/workspacerolebindings`);
    const ofBob = json.items.filter(({ subjects }: { subjects: { name: string }[] }) =>
      subjects.some(({ name }) => name === 'bob'),
    );
    assert.deepEqual(ofBob, []);
  }, PROPAGATION_MS);
});
