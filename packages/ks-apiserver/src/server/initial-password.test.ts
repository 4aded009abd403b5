import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_PASSWORD, eventually, TestServer } from '../testing/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
let server: TestServer;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-initial-')), 'kubesphere.yaml');
  await writeFile(config, 'authentication: {multipleLogin: true, passwordPolicy: {changeInitial: true}}\n');
  server = await TestServer.start({ args: ['--config', config] });
});
after(() => server.stop());

const setPassword = (name: string, token: string, currentPassword: string, password: string) =>
  server.call(`${I}/users/${name}/password`, { method: 'PUT', token, body: { currentPassword, password } });

test('the first administrator sets a password of his own before anything else', async () => {
  const token = await server.token();
  const refused = await server.call('/kapis/resources.kubesphere.io/v1alpha3/nodes', { token });
  assert.equal(refused.status, 403);
  assert.match(refused.json.message, /set one of your own first, PUT/);
  for (const path of [
    '/api/v1/nodes',
    `${I}/users`,
    `${I}/users/admin/tokens`,
    '/kapis/tenant.kubesphere.io/v1alpha2/workspaces',
  ])
    assert.equal((await server.call(path, { token })).status, 403, path);
  assert.equal((await server.call(`${I}/users/admin`, { token })).status, 200);
  const same = await setPassword('admin', token, ADMIN_PASSWORD, ADMIN_PASSWORD);
  assert.equal(same.status, 400, same.text);
  assert.equal((await setPassword('admin', token, ADMIN_PASSWORD, 'My-0wn-choice')).status, 200);
  const own = await server.token('admin', 'My-0wn-choice');
  await eventually(async () => assert.equal((await server.call('/api/v1/nodes', { token: own })).status, 200));
});

test('so do users whom somebody else has made or reset, and they cannot lift it themselves', async () => {
  const admin = await server.token('admin', 'My-0wn-choice');
  const made = await server.call(`${I}/users`, {
    token: admin,
    body: { metadata: { name: 'ann' }, spec: { email: 'ann@example.com', password: 'Passw0rd!' } },
  });
  assert.equal(made.status, 200, made.text);
  const token = await server.token('ann', 'Passw0rd!');
  const { json } = await server.call(`${I}/users/ann`, { token });
  assert.equal(json.metadata.annotations['iam.kubesphere.io/uninitialized'], 'true');
  delete json.metadata.annotations['iam.kubesphere.io/uninitialized'];
  assert.equal((await server.call(`${I}/users/ann`, { method: 'PUT', token, body: json })).status, 403);
  const tenant = '/kapis/tenant.kubesphere.io/v1alpha2/workspaces';
  assert.equal((await server.call(tenant, { token })).status, 403);
  assert.equal((await setPassword('ann', token, 'Passw0rd!', 'My-0wn-choice')).status, 200);
  const own = await server.token('ann', 'My-0wn-choice');
  await eventually(async () => assert.equal((await server.call(tenant, { token: own })).status, 200));
  assert.equal((await setPassword('ann', admin, '', 'Reset-by-admin')).status, 200);
  const reset = await server.token('ann', 'Reset-by-admin');
  await eventually(async () => assert.equal((await server.call(tenant, { token: reset })).status, 403));
});
