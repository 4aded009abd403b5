import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LiveStream } from '@ks-apiserver/server/test/support/live-stream';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const K = '/kapis/resources.kubesphere.io/v1alpha3';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const PASSWORD = 'Passw0rd!';
let server: TestServer;
let admin: string;

/** Member of two projects of two workspaces, as viewer and operator. */
let member: string;

/** Viewer of the workspace red, which has three projects. */
let viewer: string;

async function post(path: string, body: unknown): Promise<void> {
  const { status, text } = await server.call(path, { token: admin, body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
}

const join = (namespace: string, username: string, role: string) =>
  eventually(() => post(`${IAM}/namespaces/${namespace}/members`, [{ username, roleRef: role }]));

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  admin = await server.token();

  for (const name of ['member', 'viewer', 'stranger']) {
    await post(`${IAM}/users`, {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${name}@example.com`, password: PASSWORD },
    });
  }

  for (const [workspace, ...projects] of [
    ['red', 'red-1', 'red-2', 'red-3'],
    ['blue', 'blue-1', 'blue-2'],
  ] as const) {
    await post('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
      metadata: { name: workspace },
      spec: { template: { spec: { manager: 'admin' } } },
    });

    for (const name of projects) {
      const labels = { 'kubesphere.io/workspace': workspace };
      await post('/api/v1/namespaces', {
        metadata: { name, labels, annotations: { 'kubesphere.io/creator': 'admin' } },
      });

      const secret = { metadata: { name: `key-${name}` }, stringData: { key: 'value' } };
      await post(`/api/v1/namespaces/${name}/secrets`, secret);

      for (const app of ['a', 'b']) {
        await post(`/api/v1/namespaces/${name}/configmaps`, {
          metadata: { name: `cm-${app}-${name}`, labels: { app } },
        });
      }
    }
  }

  await eventually(() =>
    post(`${IAM}/workspaces/red/workspacemembers`, [{ username: 'viewer', roleRef: 'red-viewer' }]),
  );
  await join('red-1', 'member', 'viewer');
  await join('blue-2', 'member', 'operator');
  member = await server.token('member', PASSWORD);
  viewer = await server.token('viewer', PASSWORD);
  await eventually(async () =>
    assert.equal((await names(member, 'configmaps?scope=visible')).total, 4),
  );
  await eventually(async () =>
    assert.equal((await names(viewer, 'configmaps?scope=visible')).total, 6),
  );
});

after(() => server.stop());

async function names(token: string, path: string): Promise<{ names: string[]; total: number }> {
  const sorted = `${path}${path.includes('?') ? '&' : '?'}name=cm-&sortBy=name&ascending=true`;
  const { status, json, text } = await server.call(`${K}/${sorted}`, { token });

  assert.equal(status, 200, text);

  return {
    names: json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name),
    total: json.totalItems,
  };
}

test('a member lists the objects of their namespaces in one order, page by page', async () => {
  const all = ['cm-a-blue-2', 'cm-a-red-1', 'cm-b-blue-2', 'cm-b-red-1'];
  assert.deepEqual(await names(member, 'configmaps?scope=visible'), { names: all, total: 4 });

  assert.deepEqual(
    (await names(member, 'configmaps?scope=visible&limit=2&page=2')).names,
    all.slice(2),
  );

  assert.deepEqual((await names(member, 'configmaps?scope=visible&labelSelector=app=b')).names, [
    'cm-b-blue-2',
    'cm-b-red-1',
  ]);

  assert.deepEqual((await names(member, 'configmaps?scope=visible&workspace=red')).names, [
    'cm-a-red-1',
    'cm-b-red-1',
  ]);

  assert.deepEqual((await names(member, 'configmaps?scope=visible&workspace=nosuch')).names, []);
  assert.equal((await names(viewer, 'configmaps?scope=visible&workspace=red')).total, 6);
});

test('pages of a snapshot contain only objects that the caller sees', async () => {
  const first = await server.call(`${K}/configmaps?scope=visible&name=cm-&limit=3&continue=`, {
    token: member,
  });
  assert.deepEqual([first.json.items.length, first.json.totalItems], [3, 4]);

  const next = `${K}/configmaps?scope=visible&name=cm-&limit=3&continue=${first.json.continue}`;
  assert.equal((await server.call(next, { token: member })).json.items.length, 1);
  assert.equal((await server.call(next, { token: viewer })).status, 400);
});

test('without the parameter it is 403, as in 3.0', async () => {
  for (const query of ['', '?scope=all', '?scope=', '?watch=true', '?scope=x&scope=visible2']) {
    assert.equal(
      (await server.call(`${K}/configmaps${query}`, { token: member })).status,
      403,
      query,
    );
  }
});

test('callers who may list everything get everything, or one workspace of it', async () => {
  assert.equal((await names(admin, 'configmaps?scope=visible')).total, 10);
  assert.equal((await names(admin, 'configmaps?scope=visible&workspace=blue')).total, 4);

  const roles = await server.call(`${K}/workspaceroles?scope=visible&workspace=blue`, {
    token: admin,
  });
  assert.ok(roles.json.totalItems > 0 && roles.json.totalItems < 10, roles.text);

  // Another spelling is an unknown filter, as in 3.0.
  assert.equal((await names(admin, 'configmaps?scope=visibl%65')).total, 0);
});

test('a caller without namespaces gets an empty list; one without a log-in is refused', async () => {
  const stranger = await server.token('stranger', PASSWORD);
  assert.equal((await names(stranger, 'configmaps?scope=visible')).total, 0);
  assert.equal((await server.call(`${K}/configmaps?scope=visible`)).status, 403);
});

test('cluster-scoped resources and other calls need their usual rights', async () => {
  for (const path of ['nodes', 'users', 'components', 'componenthealth', 'nodes/x']) {
    assert.equal(
      (await server.call(`${K}/${path}?scope=visible`, { token: member })).status,
      403,
      path,
    );
  }

  for (const path of [
    `/kapis/resources.kubesphere.io/v1alpha2/nodes`,
    `${IAM}/users/viewer/loginrecords`,
    '/api/v1/configmaps',
  ]) {
    assert.equal((await server.call(`${path}?scope=visible`, { token: member })).status, 403, path);
  }

  // A second value adds no rights to the first.
  const twice = await server.call(`${K}/configmaps?scope=x&scope=visible`, { token: member });
  const namespaces = twice.json.items.map(
    ({ metadata }: { metadata: { namespace: string } }) => metadata.namespace,
  );

  assert.deepEqual([...new Set(namespaces)].sort(), ['blue-2', 'red-1']);
});

test('Secrets are shown only in namespaces where the caller may list Secrets', async () => {
  const role = {
    metadata: { name: 'no-secrets' },
    rules: [{ apiGroups: ['resources.kubesphere.io'], resources: ['*'], verbs: ['*'] }],
  };

  await post('/apis/rbac.authorization.k8s.io/v1/namespaces/blue-1/roles', role);
  await join('blue-1', 'member', 'no-secrets');
  await eventually(async () =>
    assert.equal((await names(member, 'configmaps?scope=visible')).total, 6),
  );

  const { json } = await server.call(`${K}/secrets?scope=visible&name=key-`, { token: member });
  assert.deepEqual(
    json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).sort(),
    ['key-blue-2', 'key-red-1'],
  );

  // The same holds for kinds that 3.0 never showed.
  const accounts = await server.call(`${K}/serviceaccounts?scope=visible&name=default`, {
    token: member,
  });

  assert.deepEqual(
    accounts.json.items
      .map(({ metadata }: { metadata: { namespace: string } }) => metadata.namespace)
      .sort(),
    ['blue-2', 'red-1'],
  );
});

test('a live list of visible namespaces ends when the caller’s access changes, and shows nothing else before', async () => {
  const stream = await LiveStream.open(
    server,
    `${K}/configmaps?scope=visible&workspace=red&watch=true&name=live`,
    member,
  );

  await stream.initial();

  for (const namespace of ['red-2', 'red-1']) {
    await post(`/api/v1/namespaces/${namespace}/configmaps`, {
      metadata: { name: `live-${namespace}` },
    });
  }

  assert.deepEqual(await stream.next(1), ['ADDED live-red-1']);

  const start = performance.now();

  const gone = await server.call(`${IAM}/namespaces/red-1/members/member`, {
    token: admin,
    method: 'DELETE',
  });

  assert.equal(gone.status, 200, gone.text);
  await stream.finished();
  assert.ok(performance.now() - start < 2500, 'within a second, and some room');
  assert.equal(stream.events.at(-1)!.object.code, 410);
  assert.ok(!stream.parts.join().includes('live-red-2'));
});
