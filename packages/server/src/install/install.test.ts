import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import type { Change } from './apply.ts';
import { requireInstalled } from './apply.ts';
import { install } from './install.ts';
import { builtinManifests } from './manifests.ts';

async function openFreshApi(): Promise<KubeClient> {
  return new KubeClient(await KubeApiServer.open({ backend: new MemoryBackend() }));
}

function results(changes: Change[]): Record<string, number> {
  const counts: Record<string, number> = {};

  for (const { result } of changes) {
    counts[result] = (counts[result] ?? 0) + 1;
  }

  return counts;
}

const globalRoles = { group: 'iam.kubesphere.io', version: 'v1alpha2', resource: 'globalroles' };
const services = { group: '', version: 'v1', resource: 'services' };
const service = { resource: services, namespace: 'kubesphere-system', name: 'ks-apiserver' };

test('a fresh embedded API gets everything, once', async () => {
  const client = await openFreshApi();
  const { crds, objects, embedded } = builtinManifests();
  const first = await install(client, { embedded: true });
  assert.deepEqual(
    first.flatMap(({ error }) => error?.message ?? []),
    [],
  );

  assert.equal(first.length, crds.length + objects.length + embedded.length + 1);

  const anonymous = await client.get({ resource: globalRoles, name: 'anonymous' });
  assert.deepEqual(
    anonymous.rules,
    objects.find(({ kind, metadata }) => kind === 'GlobalRole' && metadata.name === 'anonymous')
      ?.rules,
  );

  assert.equal(anonymous.metadata.managedFields?.[0]?.manager, 'ks-apiserver-install');

  const again = await install(client, { embedded: true });
  assert.deepEqual(results(again), { unchanged: first.length });
  assert.deepEqual(await install(client, { embedded: true, onlyIfOutdated: true }), []);
});

test('other users’ changes stay, and deleted objects are recreated only on request', async () => {
  const client = await openFreshApi();
  await install(client, { embedded: true });

  await client.patch(
    service,
    'merge',
    { spec: { type: 'NodePort' } },
    { fieldManager: 'kubectl-patch' },
  );

  await client.delete({ resource: globalRoles, name: 'platform-regular' });

  await install(client, { embedded: true, onlyIfOutdated: true });
  assert.equal(await client.find({ resource: globalRoles, name: 'platform-regular' }), undefined);

  const changes = await install(client, { embedded: true });
  const noted = changes
    .filter(({ result }) => result !== 'unchanged')
    .map(({ object, result }) => `${object} ${result}`);

  assert.deepEqual(noted.sort(), [
    'globalroles.iam.kubesphere.io/platform-regular created',
    'services/kubesphere-system/ks-apiserver kept',
  ]);

  assert.match(changes.find(({ result }) => result === 'kept')!.error!.message, /kubectl-patch/);
  assert.equal((await client.get(service)).spec.type, 'NodePort');
});

test('an object that fails is named, the others are applied, and the next start tries again', async () => {
  const client = await openFreshApi();

  const good = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'good', labels: { a: 'b' } },
  };

  const bad = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'bad', namespace: 'nowhere' },
  };

  const manifests = { hash: 'h', crds: [], objects: [good, bad], embedded: [], policies: [] };
  const changes = await install(client, { manifests });

  assert.deepEqual(results(changes), { created: 1, failed: 1 });

  assert.throws(
    () => requireInstalled(changes),
    /1 objects could not be installed: configmaps\/nowhere\/bad: namespaces "nowhere" not found/,
  );

  const next = await install(client, { manifests, onlyIfOutdated: true });
  assert.deepEqual(results(next), { unchanged: 1, failed: 1 });
});

test('definitions of other projects stay as they are on a cluster', async () => {
  const client = await openFreshApi();
  const name = 'volumesnapshots.snapshot.storage.k8s.io';

  const crds = {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    resource: 'customresourcedefinitions',
  };

  const ours = builtinManifests().crds.find(({ metadata }) => metadata.name === name)!;
  const [version] = ours.spec.versions;

  const theirs = {
    ...ours,
    spec: { ...ours.spec, versions: [{ ...version, name: 'v1', storage: true }] },
  };

  await client.create(crds, theirs, { fieldManager: 'snapshotter' });

  const changes = await install(client, { embedded: true });
  const change = changes.find(({ object }) => object.endsWith(`/${name}`));

  assert.equal(change?.result, 'kept', change?.error?.message);

  const { spec } = await client.get({ resource: crds, name });
  assert.deepEqual(
    spec.versions.map((one: { name: string }) => one.name),
    ['v1'],
  );

  assert.deepEqual(
    changes.filter(({ result }) => result === 'failed'),
    [],
  );
});

test('kinds of federated objects are installed on request, and later on too', async () => {
  const client = await openFreshApi();
  await install(client, { embedded: true, onlyIfOutdated: true });
  const changes = await install(client, {
    embedded: true,
    federation: true,
    onlyIfOutdated: true,
  });
  assert.deepEqual(
    changes.flatMap(({ error }) => error?.message ?? []),
    [],
  );

  const federatedSecrets = {
    group: 'types.kubefed.io',
    version: 'v1beta1',
    resource: 'federatedsecrets',
  };
  const spec = {
    template: { type: 'Opaque', data: { a: 'b' } },
    placement: { clusterSelector: {} },
    overrides: [
      { clusterName: 'east', clusterOverrides: [{ path: '/data/a', value: { b: [1] } }] },
    ],
  };
  const metadata = { name: 'x', namespace: 'default' };
  const made = await client.create(federatedSecrets, {
    apiVersion: 'types.kubefed.io/v1beta1',
    kind: 'FederatedSecret',
    metadata,
    spec,
  });

  assert.deepEqual(made.spec, spec);
  assert.deepEqual(
    await install(client, { embedded: true, federation: true, onlyIfOutdated: true }),
    [],
  );
});

test('KubeFed’s label of 3.0’s role is left out where objects are propagated', async () => {
  const key = {
    resource: { group: 'iam.kubesphere.io', version: 'v1alpha2', resource: 'globalroles' },
    name: 'role-template-view-workspaces',
  };
  const labelOf = async (client: KubeClient) =>
    (await client.find(key))?.metadata.labels?.['kubefed.io/managed'];

  const client = await openFreshApi();
  await install(client, { embedded: true });
  assert.equal(await labelOf(client), 'true');

  await install(client, { embedded: true, federation: true });
  assert.equal(await labelOf(client), undefined);
});
