// Tests which objects `ks-apiserver install` creates on a real kube-apiserver, and which it leaves
// unchanged.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { installCommand } from '../../packages/server/dist/cli/install/command.js';
import { builtinManifests } from '../../packages/server/dist/install/manifests.js';
import { kubectl } from './kubectl.mjs';
import { startRealCluster } from './real-cluster.mjs';

let cluster;
before(async () => {
  cluster = await startRealCluster();
});
after(() => cluster?.stop());

async function run() {
  const out = [];

  const code = await installCommand(['--kubeconfig', cluster.kubeconfig], {
    inCluster: () => Promise.reject(new Error('not in a cluster')),
    out: (line) => out.push(line),
    error: (line) => out.push(line),
  });

  return { code, out, summary: out.at(-1) };
}

test('creates every CRD, established, and every object', async () => {
  const { code, summary } = await run();
  assert.equal(code, 0);
  assert.match(summary, /, 0 kept, 0 failed$/);

  const { crds, objects } = builtinManifests();
  const names = (
    await kubectl(cluster, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=20s'])
  ).trim();

  assert.equal(names.split('\n').length, crds.length);

  const list = JSON.parse(await kubectl(cluster, ['get', 'rolebases', '-o', 'json']));
  assert.equal(list.items.length, objects.filter(({ kind }) => kind === 'RoleBase').length);

  for (const { kind, metadata, role } of list.items) {
    const wanted = objects.find(
      (object) => object.kind === kind && object.metadata.name === metadata.name,
    );
    assert.deepEqual(role, wanted.role, 'nothing is pruned');
  }
});

test('changes nothing the second time', async () => {
  const { code, summary } = await run();
  assert.equal(code, 0);
  assert.match(summary, /^0 created, 0 configured, \d+ unchanged, 0 kept, 0 failed$/);
});

test('recreates deleted objects, keeps changes of other users, and resets its CRDs', async () => {
  await kubectl(cluster, ['delete', 'globalrole', 'platform-regular']);

  await kubectl(cluster, [
    'patch',
    'globalrole',
    'anonymous',
    '--type=merge',
    '-p',
    '{"rules":[]}',
  ]);

  const patch = '{"spec":{"names":{"categories":["mine"]}}}';
  await kubectl(cluster, ['patch', 'crd', 'users.iam.kubesphere.io', '--type=merge', '-p', patch]);

  const { code, out, summary } = await run();
  assert.equal(code, 0);
  assert.match(summary, /^1 created, 1 configured, \d+ unchanged, 1 kept, 0 failed$/);
  assert.ok(out.includes('globalroles.iam.kubesphere.io/platform-regular created'));

  assert.ok(
    out.includes(
      'customresourcedefinitions.apiextensions.k8s.io/users.iam.kubesphere.io configured',
    ),
  );

  assert.match(out.join('\n'), /globalroles\.iam\.kubesphere\.io\/anonymous kept: .*kubectl-patch/);
});

test('prints the columns of the kinds and keeps statuses that are written with the object', async () => {
  const user = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name: 'jane' },
    spec: { email: 'jane@example.com' },
    status: { state: 'Active' },
  };

  await kubectl(cluster, ['create', '-f', '-'], JSON.stringify(user));

  assert.match(
    await kubectl(cluster, ['get', 'iam']),
    /user\.iam\.kubesphere\.io\/jane +jane@example\.com +Active/,
  );

  await assert.rejects(
    kubectl(
      cluster,
      ['create', '-f', '-'],
      JSON.stringify({ ...user, metadata: { name: 'joe' }, spec: {} }),
    ),
    /spec\.email: Required value/,
  );
});
