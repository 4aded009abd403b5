import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, GARBAGE_MS, TestServer } from '@ks-apiserver/server/test/support/test-server';

const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const V3 = '/kapis/tenant.kubesphere.io/v1alpha3';
const QUOTAS = `${T}/workspaces/ws-a/resourcequotas`;

let server: TestServer;
const tokens: Record<string, string> = {};

/** Anna manages ws-a, which has two projects and a limit; ws-b has none. */
before(async () => {
  server = await TestServer.start();
  tokens.admin = await server.token();

  await createObject('/kapis/iam.kubesphere.io/v1alpha2/users', {
    metadata: { name: 'anna', annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
    spec: { email: 'anna@example.com', password: 'Passw0rd!' },
  });

  for (const name of ['ws-a', 'ws-b']) {
    await createObject(`${T}/workspaces`, {
      metadata: { name },
      spec: { template: { spec: { manager: name === 'ws-a' ? 'anna' : 'admin' } } },
    });
  }

  for (const [name, workspace] of [
    ['one', 'ws-a'],
    ['two', 'ws-a'],
    ['free', 'ws-b'],
  ] as const) {
    await createObject(`${T}/workspaces/${workspace}/namespaces`, { metadata: { name } });
  }

  await createObject(QUOTAS, {
    metadata: { name: 'ws-a' },
    spec: {
      quota: {
        hard: {
          pods: '3',
          'requests.cpu': '2',
          'services.nodeports': '1',
          'count/configmaps': '4',
          'requests.storage': '10Gi',
        },
      },
    },
  });

  tokens.anna = await server.token('anna', 'Passw0rd!');
  await eventually(async () =>
    assert.equal((await call('/api/v1/namespaces/one/pods', { token: tokens.anna })).status, 200),
  );
});

after(() => server.stop());

const call = (path: string, options = {}) => server.call(path, { token: tokens.admin, ...options });

async function createObject(path: string, body: unknown) {
  const answer = await call(path, { body });
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${answer.text}`);
  return answer.json;
}

const pod = (name: string, cpu: string | undefined = '500m') => ({
  metadata: { name },
  spec: {
    containers: [
      { name: 'c', image: 'c', ...(cpu !== '' && { resources: { requests: { cpu } } }) },
    ],
  },
});

const create = (path: string, body: object, token = tokens.anna) => call(path, { token, body });

test('the object is the one of 3.1: labelled, selecting, owned by its workspace, with the usage in its status', async () => {
  await createObject('/api/v1/namespaces/one/pods', pod('first'));

  await eventually(async () => {
    const { json } = await call(`${QUOTAS}/ws-a`, { token: tokens.anna });
    assert.equal(json.metadata.labels['kubesphere.io/workspace'], 'ws-a');
    assert.deepEqual(json.spec.selector, { 'kubesphere.io/workspace': 'ws-a' });
    assert.equal(json.metadata.ownerReferences[0].kind, 'Workspace');

    assert.deepEqual(json.status.total.used, {
      pods: '1',
      'requests.cpu': '500m',
      'services.nodeports': '0',
      'count/configmaps': '2',
      'requests.storage': '0',
    });

    assert.deepEqual(
      json.status.namespaces.map(({ namespace }: { namespace: string }) => namespace),
      ['one', 'two'],
    );

    assert.equal(json.status.namespaces[0].used.pods, '1');
  }, 25_000);
});

test('requests beyond the workspace’s limits are refused for every caller', async () => {
  const over = await create('/api/v1/namespaces/two/pods', pod('big', '1600m'));
  assert.equal(over.status, 403);

  assert.match(
    over.json.message,
    /pods "big" is forbidden: exceeded quota: ws-a, requested: requests.cpu=1600m, used: requests.cpu=500m, limited: requests.cpu=2/,
  );

  assert.equal(
    (await create('/api/v1/namespaces/two/pods', pod('big', '1600m'), tokens.admin)).status,
    403,
  );

  assert.match(
    (await create('/api/v1/namespaces/two/pods', pod('silent', ''))).json.message,
    /must specify requests.cpu/,
  );

  assert.equal(
    (await create('/api/v1/namespaces/free/pods', pod('big', '1600m'), tokens.admin)).status,
    201,
    'another workspace',
  );

  assert.equal((await create('/api/v1/namespaces/two/pods?dryRun=All', pod('tried'))).status, 201);
});

test('concurrent writes count each other', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      create('/api/v1/namespaces/two/pods', pod(`p${i}`, '100m')),
    ),
  );

  assert.deepEqual(
    answers.map(({ status }) => status).sort(),
    [201, 201, 403, 403, 403, 403, 403, 403],
  );

  const { json } = await call('/api/v1/namespaces/two/pods');
  const [{ metadata }] = json.items;
  assert.equal(
    (
      await call(`/api/v1/namespaces/two/pods/${metadata.name}?gracePeriodSeconds=0`, {
        method: 'DELETE',
      })
    ).status,
    200,
  );

  await eventually(async () =>
    assert.equal((await create('/api/v1/namespaces/two/pods', pod('again', '100m'))).status, 201),
  );
});

test('changes that use more, and counted kinds, are refused too', async () => {
  const service = {
    metadata: { name: 's' },
    spec: { ports: [{ port: 80 }, { name: 'b', port: 81 }] },
  };

  const made = await create('/api/v1/namespaces/one/services', {
    ...service,
    spec: {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    },
  });

  assert.equal(made.status, 201, made.text);

  const patch = {
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json' },
    token: tokens.anna,
  };

  assert.equal(
    (
      await call('/api/v1/namespaces/one/services/s', {
        ...patch,
        body: { spec: { type: 'NodePort' } },
      })
    ).status,
    403,
  );

  assert.equal(
    (
      await call('/api/v1/namespaces/one/services/s', {
        ...patch,
        body: { metadata: { labels: { a: 'b' } } },
      })
    ).status,
    200,
  );

  const claim = {
    metadata: { name: 'c' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '11Gi' } } },
  };

  assert.equal((await create('/api/v1/namespaces/one/persistentvolumeclaims', claim)).status, 403);

  for (const [name, status] of [
    ['a', 201],
    ['b', 201],
    ['c', 403],
  ] as const) {
    assert.equal(
      (await create('/api/v1/namespaces/one/configmaps', { metadata: { name } })).status,
      status,
      name,
    );
  }
});

test('a workspace under limits cannot raise them, and invalid limits are refused', async () => {
  const { json } = await call(`${QUOTAS}/ws-a`);
  json.spec.quota.hard.pods = '100';
  assert.equal(
    (await call(`${QUOTAS}/ws-a`, { method: 'PUT', token: tokens.anna, body: json })).status,
    403,
  );

  assert.equal(
    (await call(`${QUOTAS}/ws-a`, { method: 'DELETE', token: tokens.anna })).status,
    403,
  );

  const typed = { method: 'PUT', token: tokens.anna, body: json };
  assert.equal(
    (await call('/apis/quota.kubesphere.io/v1alpha2/resourcequotas/ws-a', typed)).status,
    403,
  );

  for (const hard of [{ nonsense: '1' }, { pods: 'many' }]) {
    assert.equal(
      (await call(QUOTAS, { body: { metadata: { name: 'x' }, spec: { quota: { hard } } } })).status,
      400,
    );
  }

  assert.equal((await call(`${T}/workspaces/ws-b/resourcequotas/ws-a`)).status, 404);

  // The controller may write the counted usage between the read and the write.
  await eventually(async () => {
    const { json: body } = await call(`${QUOTAS}/ws-a`);
    body.spec.quota.hard.pods = '100';
    assert.equal((await call(`${QUOTAS}/ws-a`, { method: 'PUT', body })).status, 200);
  });
});

test('a quota is deleted with its workspace', async () => {
  await createObject(`${T}/workspaces/ws-b/resourcequotas`, {
    metadata: { name: 'ws-b' },
    spec: { quota: { hard: { pods: '1' } } },
  });

  await eventually(async () => {
    const { json } = await call('/apis/quota.kubesphere.io/v1alpha2/resourcequotas/ws-b');
    assert.equal(json.metadata.ownerReferences?.length, 1);
  });

  assert.equal((await call(`${T}/workspaces/ws-b`, { method: 'DELETE' })).status, 200);

  await eventually(
    async () =>
      assert.equal(
        (await call('/apis/quota.kubesphere.io/v1alpha2/resourcequotas/ws-b')).status,
        404,
      ),
    GARBAGE_MS,
  );
});

test('v1alpha3 serves the same templates, and workspaces', async () => {
  const names = async (path: string, token = tokens.anna) =>
    (await call(path, { token })).json.items.map(
      ({ metadata }: { metadata: { name: string } }) => metadata.name,
    );

  assert.deepEqual(await names(`${V3}/workspacetemplates`), ['ws-a']);
  assert.deepEqual(await names(`${V3}/workspaces`), ['ws-a']);
  assert.equal((await call(`${V3}/workspacetemplates/ws-a`)).json.kind, 'WorkspaceTemplate');

  assert.equal(
    (await call(`${V3}/workspaces/ws-a`, { token: tokens.anna })).json.kind,
    'Workspace',
  );

  assert.equal(
    (
      await create(
        `${V3}/workspacetemplates`,
        { metadata: { name: 'ws-c' }, spec: { template: { spec: {} } } },
        tokens.admin,
      )
    ).status,
    200,
  );

  assert.equal((await call(`${V3}/workspacetemplates/ws-c`, { token: tokens.anna })).status, 404);
  assert.equal((await call(`${V3}/workspacetemplates/ws-c`, { method: 'DELETE' })).status, 200);
});
