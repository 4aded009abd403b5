// The Helm chart applied to the embedded Kubernetes API, by helm and by kubectl.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../server.mjs';
import { toolPath } from '../tools/paths.mjs';
import { kubectl, run } from './kubectl.mjs';

const chart = fileURLToPath(new URL('../../deploy/chart/', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'chart-embedded-'));
const namespace = 'from-chart';
const embedded = { kubeconfig: join(dir, 'data/pki/admin.kubeconfig') };
let server;

before(async () => {
  server = await startServer({ dir: join(dir, 'data'), adminPassword: 'P@88w0rd' });
  await kubectl(embedded, ['create', 'namespace', namespace]);
});

after(async () => {
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const helm = (args) =>
  run(toolPath('helm'), args, { env: { HOME: dir, KUBECONFIG: embedded.kubeconfig } });

test('kubectl applies what helm renders, on the client side and on the server side', async () => {
  const text = await helm([
    'template',
    'ks-apiserver',
    chart,
    '--namespace',
    namespace,
    '--set',
    'podDisruptionBudget.enabled=true',
  ]);

  const first = await kubectl(embedded, ['apply', '-f', '-'], text);
  assert.match(first, /deployment\.apps\/ks-apiserver created/);

  assert.match(
    await kubectl(embedded, ['apply', '-f', '-'], text),
    /deployment\.apps\/ks-apiserver unchanged/,
  );

  await kubectl(embedded, ['apply', '--server-side', '--force-conflicts', '-f', '-'], text);

  assert.match(
    await kubectl(embedded, ['-n', namespace, 'get', 'deployment,service,pdb']),
    /deployment\.apps\/ks-apiserver +0\/1/,
  );

  await kubectl(embedded, ['delete', '-f', '-'], text);
});

test('helm installs, upgrades and uninstalls', async () => {
  await helm(['install', 'ks-apiserver', chart, '--namespace', namespace]);

  const secret = () =>
    kubectl(embedded, ['-n', namespace, 'get', 'secret', 'ks-apiserver', '-o', 'jsonpath={.data}']);
  const first = await secret();

  await helm(['upgrade', 'ks-apiserver', chart, '--namespace', namespace, '--set', 'replicas=2']);
  assert.equal(await secret(), first);

  const replicas = [
    '-n',
    namespace,
    'get',
    'deployment',
    'ks-apiserver',
    '-o',
    'jsonpath={.spec.replicas}',
  ];

  assert.equal(await kubectl(embedded, replicas), '2');
  await helm(['uninstall', 'ks-apiserver', '--namespace', namespace]);
  await assert.rejects(kubectl(embedded, replicas), /NotFound/);
});
