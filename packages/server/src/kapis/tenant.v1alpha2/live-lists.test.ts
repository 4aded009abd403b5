import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LiveStream } from '@ks-apiserver/server/test/support/live-stream';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
let server: TestServer;
let admin: string;

async function post(path: string, body: unknown): Promise<void> {
  const { status, text } = await server.call(path, { token: admin, body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
}

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  admin = await server.token();

  await post(`${IAM}/users`, {
    metadata: { name: 'mia', annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
    spec: { email: 'mia@example.com', password: 'Passw0rd!' },
  });

  await post(`${T}/workspaces`, {
    metadata: { name: 'live' },
    spec: { template: { spec: { manager: 'admin' } } },
  });

  for (const name of ['live-1', 'live-2']) {
    await post('/api/v1/namespaces', {
      metadata: {
        name,
        labels: { 'kubesphere.io/workspace': 'live' },
        annotations: { 'kubesphere.io/creator': 'admin' },
      },
    });
  }
});

after(() => server.stop());

test('a live list of a member’s projects follows their memberships', async () => {
  const token = await server.token('mia', 'Passw0rd!');
  const stream = await LiveStream.open(server, `${T}/workspaces/live/namespaces?watch=true`, token);

  assert.equal(stream.status, 200);
  assert.deepEqual(await stream.initial(), []);
  await eventually(() =>
    post(`${IAM}/namespaces/live-2/members`, [{ username: 'mia', roleRef: 'viewer' }]),
  );
  assert.deepEqual(await stream.next(1), ['ADDED live-2']);

  const gone = await server.call(`${IAM}/namespaces/live-2/members/mia`, {
    token: admin,
    method: 'DELETE',
  });

  assert.equal(gone.status, 200, gone.text);
  assert.deepEqual(await stream.next(1), ['DELETED live-2']);
  stream.close();
});

test('another member’s objects are shown only while the caller may ask', async () => {
  const token = await server.token('mia', 'Passw0rd!');
  const path = `${T}/workspaces/live/workspacemembers/admin/namespaces?watch=true`;
  assert.equal((await server.call(path, { token })).status, 403);
});
