// Common commands of kubectl, in its oldest and newest supported version, at both ports of a server
// on the embedded API.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startServer } from '../server.mjs';
import { kubectl } from './kubectl.mjs';
import { testCommands } from './kubectl-commands.mjs';
import { startTlsFront, writeKubeconfig } from './tls-front.mjs';

const KUBECTLS = /** @type {const} */ (['kubectl', 'kubectl-1.32']);
const adminPassword = 'P@88w0rd';
const dir = mkdtempSync(join(tmpdir(), 'kubectl-embedded-'));
const embedded = { kubeconfig: join(dir, 'pki/admin.kubeconfig') };
let server;
let front;

async function tokenOf(username, password) {
  const body = new URLSearchParams({ grant_type: 'password', username, password });
  const response = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });

  assert.equal(response.status, 200);

  return (await response.json()).access_token;
}

/** Returns a kubeconfig of the KubeSphere port. */
const kubeSphere = (name, user) => writeKubeconfig(join(dir, name), front.cluster, user);

before(async () => {
  server = await startServer({ dir, adminPassword });
  front = await startTlsFront(() => server.url, dir);
});

after(async () => {
  front?.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

for (const name of KUBECTLS) {
  test(`${name} at the Kubernetes API`, (t) => testCommands(t, embedded, name));

  test(`${name} at the KubeSphere port, with a token`, async (t) => {
    const token = await tokenOf('admin', adminPassword);
    await testCommands(t, kubeSphere('token', { token }), name, {
      user: 'admin',
      impersonates: false,
    });
  });

  test(`${name} at the KubeSphere port, with a password`, async () => {
    const basic = kubeSphere('basic', { username: 'admin', password: adminPassword });
    assert.match(await kubectl(basic, ['get', 'namespaces'], '', name), /kubesphere-system/);
    assert.match(await kubectl(basic, ['get', 'users.iam.kubesphere.io'], '', name), /admin/);

    const wrong = kubeSphere('wrong', { username: 'admin', password: 'wrong' });
    await assert.rejects(
      kubectl(wrong, ['get', 'namespaces'], '', name),
      /must be logged in|Unauthorized/,
    );
  });
}
