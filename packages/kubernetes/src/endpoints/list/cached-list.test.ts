import assert from 'node:assert/strict';
import { Agent, request } from 'node:https';
import { after, before, test } from 'node:test';
import {
  startTestServer,
  type TestServer,
} from '@ks-apiserver/kubernetes/test/support/test-server';

let server: TestServer;
const path = '/api/v1/namespaces/default/configmaps';
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

before(async () => {
  server = await startTestServer({});

  for (let i = 0; i < 60; i++) {
    const body = { metadata: { name: `c-${i}` }, data: { text: `${'é"\\'.repeat(500)}${i}` } };
    assert.equal((await server.call('POST', path, { body })).status, 201);
  }
});

after(async () => {
  agent.destroy();
  await server.close();
});

/** Makes a raw call on the one connection of an anonymous user. */
function raw(
  method: string,
  url: string,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const req = request(
      { host: '127.0.0.1', port: server.port, method, path: url, agent },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', reject);
        res.on('end', () =>
          resolve({ status: res.statusCode!, headers: res.headers, body: Buffer.concat(chunks) }),
        );
      },
    );

    req.on('error', reject);
    req.end();
  });
}

test('a repeated list is the same, also on one connection and in every form', async () => {
  const role = {
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }],
  };

  await server.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterroles', { body: role });

  const binding = {
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:anonymous' }],
  };

  await server.call('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: binding,
  });

  const [first, ...later] = [
    await raw('GET', path),
    await raw('GET', path),
    await raw('GET', path),
    await raw('GET', path),
  ];

  const expected = JSON.parse(first!.body.toString());

  assert.equal(first!.status, 200);
  assert.ok(first!.body.byteLength > 100_000);

  for (const answer of later) {
    assert.deepEqual(JSON.parse(answer.body.toString()), expected);
  }

  const kept = later.at(-1)!;
  assert.equal(
    kept.headers['content-length'],
    String(kept.body.byteLength),
    'a kept list has its length',
  );

  const head = await raw('HEAD', path);
  assert.deepEqual([head.status, head.body.byteLength], [200, 0]);

  const page = await raw('GET', `${path}?limit=50`);
  const again = await raw('GET', `${path}?limit=50`);
  const { items, metadata } = JSON.parse((await raw('GET', `${path}?limit=50`)).body.toString());

  assert.deepEqual(items, expected.items.slice(0, 50));
  assert.deepEqual(JSON.parse(again.body.toString()), JSON.parse(page.body.toString()));

  const rest = await raw('GET', `${path}?limit=50&continue=${metadata.continue}`);
  assert.deepEqual(JSON.parse(rest.body.toString()).items, expected.items.slice(50));
});
