import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { EventRecorder } from '@ks-apiserver/controllers/events/recorder';
import { Controller } from '@ks-apiserver/controllers/runtime/controller';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { eventually, TestServer } from '../support/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

let server: TestServer;
let admin: string;

before(async () => {
  server = await TestServer.start();
  admin = await server.token();
});

after(() => server.stop());

const call = (path: string, options = {}) => server.call(path, { token: admin, ...options });

const user = (name: string) => ({
  metadata: { name },
  spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
});

const subject = (name: string) => ({ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name });

test('a controller whose every key fails retries at a bounded rate', async () => {
  let runs = 0;

  const reconcile = async () => {
    runs += 1;
    throw new Error('no');
  };

  const controller = new Controller({ name: 'failing', sources: [], reconcile }, () => {}).start();

  for (let i = 0; i < 500; i++) {
    controller.add(String(i));
  }

  await sleep(2000);
  await controller.stop();
  assert.ok(runs >= 600, `${runs}: each once, and a burst of retries`);
  assert.ok(runs <= 500 + 100 + 40, `${runs}`);
});

test('a controller that changes its object at each failure waits between its retries', async () => {
  let runs = 0;
  let resolveChange = () => {};

  const reconcile = async () => {
    runs += 1;
    resolveChange();
    throw new Error('no');
  };

  const controller = new Controller({ name: 'restless', sources: [], reconcile }, () => {});
  resolveChange = () => controller.add('key');
  controller.add('key');

  const meddling = setInterval(resolveChange, 1);

  await sleep(3000);
  clearInterval(meddling);
  await controller.stop();
  assert.ok(runs >= 8 && runs <= 13, `${runs}: after 5, 10, 20 … 640, 1000, 1000 ms`);
});

test('a repeated event is one object with a count, and a flood is limited', async () => {
  const api = await KubeApiServer.open({ backend: new MemoryBackend() });
  const client = new KubeClient(api);
  const errors: unknown[] = [];
  const events = new EventRecorder(client, (error) => errors.push(error));
  const about = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', uid: 'u' } };

  for (let i = 0; i < 50; i++) {
    events.record(about, 'Warning', 'Failed', 'the same');
  }

  const list = async () =>
    (await client.list({ group: '', version: 'v1', resource: 'events' })).items;
  await eventually(async () => assert.equal((await list()).length, 1));

  for (let i = 0; i < 5000; i++) {
    events.record(about, 'Warning', 'Failed', `different ${i}`);
  }

  await sleep(500);
  assert.ok((await list()).length <= 110, String((await list()).length));
  assert.deepEqual(errors, []);
  await events.stop();
  await api.close();
});

test('actions of controllers are recorded as events of the object', async () => {
  const template = {
    metadata: { name: 'ws-e' },
    spec: { template: { spec: { manager: 'nosuch' } } },
  };

  assert.equal(
    (await call('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', { body: template })).status,
    200,
  );

  await eventually(async () => {
    const { json } = await call(
      '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=ws-e',
    );

    assert.deepEqual(
      json.items.map(
        ({
          reason,
          type,
          involvedObject,
        }: {
          reason: string;
          type: string;
          involvedObject: { kind: string };
        }) => [reason, type, involvedObject.kind],
      ),
      [['ManagerRemoved', 'Warning', 'WorkspaceTemplate']],
    );
  });
});

test('bindings of any origin are deleted with the user, others keep theirs, and a later user of the name has none', async () => {
  for (const name of ['gina', 'hans']) {
    assert.equal((await call(`${I}/users`, { body: user(name) })).status, 200);
  }

  const roleRef = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'cluster-admin',
  };

  // Neither has the label by which 3.0 finds a user's bindings.
  for (const [name, subjects] of [
    ['both', ['gina', 'hans']],
    ['gina-alone', ['gina']],
  ] as const) {
    await call(`${RBAC}/clusterrolebindings`, {
      body: { metadata: { name }, roleRef, subjects: subjects.map(subject) },
    });
  }

  await call(`${RBAC}/namespaces/default/rolebindings`, {
    body: { metadata: { name: 'gina-here' }, roleRef, subjects: [subject('gina')] },
  });

  const gina = await server.token('gina', 'Passw0rd!');
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/nodes', { token: gina })).status, 200),
  );
  assert.equal((await call(`${I}/users/gina`, { method: 'DELETE' })).status, 200);

  await eventually(async () => {
    assert.equal((await call(`${RBAC}/clusterrolebindings/gina-alone`)).status, 404);
    assert.equal((await call(`${RBAC}/namespaces/default/rolebindings/gina-here`)).status, 404);
    assert.deepEqual((await call(`${RBAC}/clusterrolebindings/both`)).json.subjects, [
      subject('hans'),
    ]);
    assert.equal((await call(`${I}/users`, { body: user('gina') })).status, 200);
  });

  const again = await server.token('gina', 'Passw0rd!');
  assert.equal((await server.call('/api/v1/nodes', { token: again })).status, 403);
});

test('the role of a deleted user does not apply to a later user of the name, through either API', async () => {
  for (const [path, extra] of [
    [`${I}/users`, {}],
    [`${IAM}/users`, { apiVersion: 'iam.kubesphere.io/v1alpha2', kind: 'User' }],
  ] as const) {
    const name = path === `${I}/users` ? 'ida' : 'jan';

    // The name has no user yet: as in 3.0, a member may be named before the user exists.
    assert.equal(
      (await call(`${I}/clustermembers`, { body: [{ username: name, roleRef: 'cluster-admin' }] }))
        .status,
      200,
    );

    await eventually(async () =>
      assert.equal((await call(`${RBAC}/clusterrolebindings/${name}-cluster-admin`)).status, 200),
    );

    const made = await call(path, { body: { ...extra, ...user(name) } });
    assert.ok(made.status < 300, made.text);
    assert.equal((await call(`${RBAC}/clusterrolebindings/${name}-cluster-admin`)).status, 404);

    await eventually(async () => {
      const token = await server.token(name, 'Passw0rd!');
      assert.equal((await server.call('/api/v1/nodes', { token })).status, 403);
    });
  }
});

test('no user may create a user whose name already has more rights than they have', async () => {
  const roleRef = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'cluster-admin',
  };

  const body = {
    metadata: { name: 'of-kubernetes' },
    roleRef,
    subjects: [subject('kubernetes-admin')],
  };

  assert.equal((await call(`${RBAC}/clusterrolebindings`, { body })).status, 201);

  const manager = {
    ...user('umar'),
    metadata: { name: 'umar', annotations: { 'iam.kubesphere.io/globalrole': 'users-manager' } },
  };

  assert.equal((await call(`${I}/users`, { body: manager })).status, 200);

  const token = await server.token('umar', 'Passw0rd!');
  await eventually(async () => {
    const made = await server.call(`${I}/users?dryRun=All`, { token, body: user('harmless') });
    assert.equal(made.status, 200, made.text);
  });

  assert.equal(
    (await server.call(`${I}/users`, { token, body: user('kubernetes-admin') })).status,
    403,
  );

  const typed = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    ...user('kubernetes-admin'),
  };

  assert.equal((await server.call(`${IAM}/users`, { token, body: typed })).status, 403);

  // Nor do they take over a cluster administrator by setting the password.
  assert.equal((await call(`${I}/users`, { body: user('clara') })).status, 200);

  assert.equal(
    (await call(`${I}/clustermembers`, { body: [{ username: 'clara', roleRef: 'cluster-admin' }] }))
      .status,
    200,
  );

  await eventually(async () => {
    const { status } = await server.call(`${I}/users/clara/password`, {
      method: 'PUT',
      token,
      body: { password: 'An0ther!Passw0rd' },
    });

    assert.equal(status, 403);
  });
});

test('without a policy server a Rego module of a role allows nothing, and the role reports it', async () => {
  const module = 'package authz\nallow = true';

  const body = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'GlobalRole',
    metadata: { name: 'overriding', annotations: { 'iam.kubesphere.io/rego-override': module } },
    rules: [],
  };

  assert.equal((await call(`${IAM}/globalroles`, { body })).status, 201);

  const orla = {
    ...user('orla'),
    metadata: { name: 'orla', annotations: { 'iam.kubesphere.io/globalrole': 'overriding' } },
  };

  await eventually(async () =>
    assert.equal((await call(`${I}/users`, { body: orla })).status, 200),
  );

  const token = await server.token('orla', 'Passw0rd!');

  await eventually(async () => {
    const { json } = await call(`${IAM}/globalroles/overriding`);
    const condition = JSON.parse(
      json.metadata.annotations['iam.kubesphere.io/rego-override-condition'],
    );

    assert.deepEqual(
      [condition.type, condition.status, condition.reason],
      ['RegoOverrideEvaluated', 'False', 'NoPolicyServer'],
    );

    const { json: events } = await call(
      '/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=overriding',
    );

    assert.deepEqual(
      events.items.map(({ type }: { type: string }) => type),
      ['Warning'],
    );
  });

  assert.match(server.output, /a rego-override of a role allows nothing/);
  assert.equal((await server.call('/api/v1/nodes', { token })).status, 403);

  const patch = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
  const annotations = { 'iam.kubesphere.io/rego-override': null };
  assert.equal(
    (await call(`${IAM}/globalroles/overriding`, { ...patch, body: { metadata: { annotations } } }))
      .status,
    200,
  );

  await eventually(async () => {
    const { json } = await call(`${IAM}/globalroles/overriding`);
    assert.deepEqual(json.metadata.annotations ?? {}, {});
  });
});
