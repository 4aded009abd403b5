import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Call,
  eventually,
  GARBAGE_MS,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const PODS = '/api/v1/namespaces/ns-a/pods';
const NODES = '/api/v1/nodes';

let server: TestServer;
const tokens: Record<string, string> = {};

/**
 * Anna manages ws-a, Bert manages ws-b; Cleo and Dora are members of nothing; Hugo may add members
 * to groups of ws-a and no more.
 */
before(async () => {
  server = await TestServer.start();
  tokens.admin = await server.token();

  for (const name of ['anna', 'bert', 'cleo', 'dora', 'hugo']) {
    await create(`${I}/users`, 'admin', {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });
  }

  for (const [workspace, namespace, manager] of [
    ['ws-a', 'ns-a', 'anna'],
    ['ws-b', 'ns-b', 'bert'],
  ] as const) {
    await create('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', 'admin', {
      metadata: { name: workspace },
      spec: { template: { spec: { manager } } },
    });

    const labels = { 'kubesphere.io/workspace': workspace };
    await create('/api/v1/namespaces', 'admin', { metadata: { name: namespace, labels } });
  }

  await create(`${IAM}/workspaceroles`, 'admin', {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'WorkspaceRole',
    metadata: { name: 'ws-a-adder', labels: { 'kubesphere.io/workspace': 'ws-a' } },
    rules: [
      { apiGroups: ['iam.kubesphere.io'], resources: ['groupbindings', 'groups'], verbs: ['*'] },
    ],
  });

  await eventually(() =>
    create(`${I}/workspaces/ws-a/workspacemembers`, 'admin', [
      { username: 'hugo', roleRef: 'ws-a-adder' },
    ]),
  );

  for (const name of ['anna', 'bert', 'cleo', 'dora', 'hugo']) {
    tokens[name] = await server.token(name, 'Passw0rd!');
  }

  await eventually(async () => {
    assert.equal(await status(PODS, 'anna'), 200);
    assert.equal(await status('/api/v1/namespaces/ns-b/pods', 'bert'), 200);
    assert.equal(await status(`${I}/namespaces/ns-a/roles/viewer`, 'anna'), 200);
    assert.equal(await status(`${I}/workspaces/ws-a/groups`, 'hugo'), 200);
  });
});

after(() => server.stop());

const call = (path: string, as: string, options: Call = {}) =>
  server.call(path, { token: tokens[as], ...options });
const status = async (path: string, as: string, options?: Call) =>
  (await call(path, as, options)).status;

async function create(path: string, as: string, body: unknown) {
  const { status, text, json } = await call(path, as, { body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
  return json;
}

const group = (generateName: string, labels = {}) => ({
  metadata: { generateName, labels },
  spec: {},
});

const toGroup = (name: string, role: string) => [
  {
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name }],
    roleRef: { kind: 'WorkspaceRole', name: role },
  },
];

const add = (workspace: string, as: string, groupName: string, userName: string) =>
  call(`${I}/workspaces/${workspace}/groupbindings`, as, { body: [{ userName, groupName }] });

test('a role of a group applies to its members, at once and during their membership', async () => {
  const one = await create(`${I}/workspaces/ws-a/groups`, 'anna', group('viewers'));
  assert.match(one.metadata.name, /^viewers/);
  assert.equal(one.metadata.labels['kubesphere.io/workspace'], 'ws-a');

  assert.equal(
    await status(`${I}/workspaces/ws-a/groups`, 'anna', { body: group('viewers') }),
    409,
  );

  assert.equal(
    await status(`${I}/workspaces/ws-a/groups`, 'anna', { body: { metadata: { name: 'x' } } }),
    400,
  );

  const { name } = one.metadata;
  await eventually(async () => {
    const { json } = await call(`${I}/workspaces/ws-a/groups/${name}`, 'anna');
    assert.deepEqual(json.metadata.finalizers, ['finalizers.kubesphere.io/groups']);
    assert.equal(json.metadata.ownerReferences[0].kind, 'WorkspaceTemplate');
  });

  const [role] = await create(
    `${I}/workspaces/ws-a/workspacerolebindings`,
    'anna',
    toGroup(name, 'ws-a-viewer'),
  );

  assert.equal(role.metadata.labels['iam.kubesphere.io/group-ref'], name);
  assert.equal(role.metadata.labels['kubesphere.io/workspace'], 'ws-a');

  const { json: joined } = await add('ws-a', 'anna', name, 'cleo');
  assert.equal(joined[0].metadata.labels['iam.kubesphere.io/user-ref'], 'cleo');
  await eventually(async () => assert.equal(await status(PODS, 'cleo'), 200));
  assert.equal(await status(PODS, 'cleo', { method: 'DELETE' }), 403);
  assert.equal(await status('/api/v1/namespaces/ns-b/pods', 'cleo'), 403);

  const { json: workspaces } = await call(
    '/kapis/tenant.kubesphere.io/v1alpha2/workspaces',
    'cleo',
  );

  assert.deepEqual(
    workspaces.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    ['ws-a'],
  );

  await eventually(async () => {
    const { json } = await call(`${I}/users?ingroup=${name}`, 'admin');
    assert.deepEqual(
      json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
      ['cleo'],
    );
  });

  assert.equal((await call(`${I}/workspaces/ws-a/groupbindings`, 'anna')).json.totalItems, 1);

  assert.equal(
    await status(`${I}/workspaces/ws-b/groupbindings/${joined[0].metadata.name}`, 'bert', {
      method: 'DELETE',
    }),
    404,
  );

  assert.equal(
    await status(`${I}/workspaces/ws-a/groupbindings/${joined[0].metadata.name}`, 'anna', {
      method: 'DELETE',
    }),
    200,
  );

  await eventually(async () => assert.equal(await status(PODS, 'cleo'), 403));
});

test('a role of a project can be given to a group, and is removed when the group is deleted', async () => {
  const { name } = (await create(`${I}/workspaces/ws-a/groups`, 'anna', group('ops'))).metadata;

  const child = await create(
    `${I}/workspaces/ws-a/groups`,
    'anna',
    group('ops-child', { 'iam.kubesphere.io/group-parent': name }),
  );

  await add('ws-a', 'anna', name, 'dora');

  const body = [{ subjects: [{ kind: 'Group', name }], roleRef: { kind: 'Role', name: 'viewer' } }];
  await create(`${I}/namespaces/ns-a/rolebindings`, 'anna', body);
  await eventually(async () => assert.equal(await status(PODS, 'dora'), 200));
  assert.equal(await status('/api/v1/namespaces/ns-a', 'dora'), 200);

  const { json } = await call(
    `${I}/workspaces/ws-a/rolebindings?labelSelector=iam.kubesphere.io/group-ref=${name}`,
    'anna',
  );

  assert.equal(json.totalItems, 1);
  assert.equal(json.items[0].metadata.namespace, 'ns-a');

  await eventually(async () => {
    const { json } = await call(`${I}/workspaces/ws-a/groups/${child.metadata.name}`, 'anna');
    assert.equal(json.metadata.ownerReferences[0].name, name);
  });

  assert.equal(
    await status(`${I}/workspaces/ws-a/groups/${name}`, 'anna', { method: 'DELETE' }),
    200,
  );

  await eventually(async () => {
    assert.equal(await status(PODS, 'dora'), 403);

    for (const what of ['groupbindings', 'rolebindings']) {
      assert.equal(
        (
          await call(
            `${I}/workspaces/ws-a/${what}?labelSelector=iam.kubesphere.io/group-ref=${name}`,
            'anna',
          )
        ).json.totalItems,
        0,
      );
    }

    assert.equal(await status(`${I}/workspaces/ws-a/groups/${child.metadata.name}`, 'anna'), 404);
  }, GARBAGE_MS);
});

test('the name of a group counts in its own workspace only', async () => {
  const { name } = (await create(`${I}/workspaces/ws-a/groups`, 'anna', group('secret'))).metadata;
  await create(`${I}/workspaces/ws-a/workspacerolebindings`, 'anna', toGroup(name, 'ws-a-admin'));

  // Bert may not use the group of another workspace, nor create memberships of it by its name.
  assert.equal((await add('ws-b', 'bert', name, 'cleo')).status, 404);

  const membership = (groupName: string, workspace: string) => ({
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GroupBinding',
    metadata: { generateName: 'forged-', labels: { 'kubesphere.io/workspace': workspace } },
    groupRef: { apiGroup: 'iam.kubesphere.io', kind: 'groups', name: groupName },
    users: ['cleo'],
  });

  await create(`${IAM}/groupbindings`, 'admin', membership(name, 'ws-b'));

  for (const forged of ['system:masters', 'system:authenticated', 'github:devs', 'platform']) {
    await create(`${IAM}/groupbindings`, 'admin', membership(forged, 'ws-b'));
  }

  // Kubernetes' own group, and one of an identity provider, have all rights.
  for (const subject of ['system:masters', 'github:devs']) {
    await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', 'admin', {
      metadata: { name: `all-${subject.replace(':', '-')}` },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: subject }],
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: 'cluster-admin',
      },
    });
  }

  // A group of a workspace that is bound on the platform, by any user with the right, gives nothing
  // either.
  const own = (await create(`${I}/workspaces/ws-b/groups`, 'bert', group('platform'))).metadata
    .name;
  await create(`${I}/workspaces/ws-b/groupbindings`, 'bert', [
    { userName: 'cleo', groupName: own },
  ]);

  await create(`${IAM}/globalrolebindings`, 'admin', {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRoleBinding',
    metadata: { name: 'to-a-workspace-group' },
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: own }],
    roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'platform-admin' },
  });

  // This one arrives after all the others.
  await create(`${I}/workspaces/ws-b/workspacerolebindings`, 'bert', toGroup(own, 'ws-b-viewer'));
  await eventually(async () =>
    assert.equal(await status('/api/v1/namespaces/ns-b/pods', 'cleo'), 200),
  );
  assert.equal(await status(PODS, 'cleo'), 403);
  assert.equal(await status(NODES, 'cleo'), 403);
  assert.equal(await status(`${I}/users/anna`, 'cleo'), 403);
});

test('adding a member to a group is granting its roles, and so is binding a role to it', async () => {
  const { name } = (await create(`${I}/workspaces/ws-a/groups`, 'anna', group('chiefs'))).metadata;
  assert.equal(
    (await add('ws-a', 'hugo', name, 'hugo')).status,
    200,
    'a group without roles gives nothing',
  );

  await eventually(async () =>
    assert.equal((await call(`${I}/workspaces/ws-a/groupbindings`, 'anna')).json.totalItems, 1),
  );

  const { name: bosses } = (await create(`${I}/workspaces/ws-a/groups`, 'anna', group('bosses')))
    .metadata;
  await create(`${I}/workspaces/ws-a/workspacerolebindings`, 'anna', toGroup(bosses, 'ws-a-admin'));
  await eventually(async () =>
    assert.equal((await add('ws-a', 'hugo', bosses, 'hugo')).status, 403),
  );

  assert.equal(
    await status(`${I}/workspaces/ws-a/workspacerolebindings`, 'hugo', {
      body: toGroup(name, 'ws-a-admin'),
    }),
    403,
  );

  assert.equal(
    (await add('ws-a', 'anna', bosses, 'nobody')).status,
    404,
    'not to a name that nobody has yet',
  );

  // The same through the Kubernetes API, for a user who may write memberships there.
  await create('/apis/rbac.authorization.k8s.io/v1/clusterroles', 'admin', {
    metadata: { name: 'group-writer' },
    rules: [
      { apiGroups: ['iam.kubesphere.io'], resources: ['groupbindings', 'groups'], verbs: ['*'] },
    ],
  });

  await create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', 'admin', {
    metadata: { name: 'hugo-group-writer' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'hugo' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'group-writer' },
  });

  const forged = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GroupBinding',
    metadata: { name: 'hugo-boss', labels: { 'kubesphere.io/workspace': 'ws-a' } },
    groupRef: { apiGroup: 'iam.kubesphere.io', kind: 'groups', name: bosses },
    users: ['hugo'],
  };

  await eventually(async () => assert.equal(await status(`${IAM}/groups`, 'hugo'), 200));
  assert.equal(await status(`${IAM}/groupbindings`, 'hugo', { body: forged }), 403);

  const harmless = { ...forged, groupRef: { ...forged.groupRef, name: 'nothing' } };
  assert.equal(await status(`${IAM}/groupbindings`, 'hugo', { body: harmless }), 201);

  const merge = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
  assert.equal(
    await status(`${IAM}/groupbindings/hugo-boss`, 'hugo', {
      ...merge,
      body: { groupRef: { name: bosses } },
    }),
    403,
  );

  assert.equal(await status(PODS, 'hugo', { method: 'DELETE' }), 403);
});

const RETIRED_FRED = '/api/v1/namespaces/kubesphere-system/configmaps/retired-user-fred';

test('memberships are deleted with their user, and a later user of the name has none', async () => {
  const { name } = (await create(`${I}/workspaces/ws-a/groups`, 'anna', group('movers'))).metadata;
  await create(`${I}/workspaces/ws-a/workspacerolebindings`, 'anna', toGroup(name, 'ws-a-viewer'));

  const user = {
    metadata: { name: 'fred' },
    spec: { email: 'fred@example.com', password: 'Passw0rd!' },
  };

  await create(`${I}/users`, 'admin', user);
  await eventually(async () => assert.equal((await add('ws-a', 'anna', name, 'fred')).status, 200));
  tokens.fred = await server.token('fred', 'Passw0rd!');
  await eventually(async () => assert.equal(await status(PODS, 'fred'), 200));
  assert.equal(await status(`${I}/users/fred`, 'admin', { method: 'DELETE' }), 200);
  await eventually(async () => {
    // On a cluster the name is retired where its certificate was signed already.
    await server.kubernetes(RETIRED_FRED, { method: 'DELETE' });
    assert.equal((await create(`${I}/users`, 'admin', user)).metadata.name, 'fred');
  });
  tokens.fred = await server.token('fred', 'Passw0rd!');
  assert.equal(await status(PODS, 'fred'), 403);
});
