import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ON_CLUSTER, TestPlatform } from '../support/test-platform.ts';
import { ADMIN_PASSWORD, TestServer } from '../support/test-server.ts';

let platform: TestPlatform;

before(async () => {
  platform = await TestPlatform.start();
});
after(() => platform?.stop());

interface Version {
  version: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
  resources: any[];
}

const versionsOf = ({ versions }: { versions: Version[] }) =>
  versions.map(({ version }) => version);

test('the list of groups has the older versions after those of the backend, and the group extensions', async () => {
  const { json } = await platform.call('/apis/');
  const groupOf = (name: string) =>
    json.groups.find((group: { name: string }) => group.name === name);

  assert.deepEqual(versionsOf(groupOf('batch')), ['v1', 'v1beta1']);
  assert.equal(groupOf('batch').preferredVersion.version, 'v1');
  assert.deepEqual(versionsOf(groupOf('autoscaling')).slice(-2), ['v2beta2', 'v2beta1']);
  assert.deepEqual(versionsOf(groupOf('apps')), ['v1', 'v1beta2', 'v1beta1']);

  assert.deepEqual(groupOf('extensions'), {
    name: 'extensions',
    versions: [{ groupVersion: 'extensions/v1beta1', version: 'v1beta1' }],
    preferredVersion: { groupVersion: 'extensions/v1beta1', version: 'v1beta1' },
  });

  assert.equal(json.groups.at(-1).name, 'extensions');
});

test('discovery of a group and of a version lists current names and verbs', async () => {
  const group = await platform.call('/apis/extensions/');
  assert.deepEqual(
    [group.status, group.json.kind, versionsOf(group.json)],
    [200, 'APIGroup', ['v1beta1']],
  );

  const { json } = await platform.call('/apis/extensions/v1beta1');
  assert.deepEqual([json.kind, json.groupVersion], ['APIResourceList', 'extensions/v1beta1']);

  const names = json.resources.map(({ name }: { name: string }) => name);
  assert.deepEqual(names, [
    'ingresses',
    'ingresses/status',
    'networkpolicies',
    'deployments',
    'deployments/scale',
    'deployments/status',
    'daemonsets',
    'daemonsets/status',
    'replicasets',
    'replicasets/scale',
    'replicasets/status',
  ]);

  const ingresses = json.resources[0];
  assert.deepEqual(
    [ingresses.kind, ingresses.namespaced, ingresses.shortNames],
    ['Ingress', true, undefined],
  );

  assert.ok(ingresses.verbs.includes('watch'));

  const scale = json.resources[4];
  assert.deepEqual([scale.kind, scale.group, scale.version], ['Scale', 'extensions', 'v1beta1']);
  assert.equal((await platform.call('/apis/extensions/v1')).status, 404);
  assert.equal((await platform.call('/apis/nosuch/')).status, 404);

  const rbac = await platform.call('/apis/rbac.authorization.k8s.io/v1beta1');
  assert.equal(rbac.json.resources.length, 4);

  const batch = await platform.call('/apis/batch/v1beta1');
  assert.deepEqual(
    [batch.json.resources[0].shortNames, batch.json.resources[0].categories],
    [['cj'], ['all']],
  );
});

test('aggregated discovery lists the same', async () => {
  // Kubernetes 1.36 no longer has the older one.
  for (const v of ON_CLUSTER ? ['v2'] : ['v2', 'v2beta1']) {
    const accept = `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList,application/json`;
    const { json, headers } = await platform.call('/apis', { headers: { accept } });

    assert.match(headers.get('content-type')!, /as=APIGroupDiscoveryList/);
    assert.equal(json.kind, 'APIGroupDiscoveryList');

    const batch = json.items.find(
      (item: { metadata: { name: string } }) => item.metadata.name === 'batch',
    );
    assert.deepEqual(versionsOf(batch), ['v1', 'v1beta1']);
    assert.equal(batch.versions[1].resources[0].responseKind.version, 'v1beta1');
  }
});

test('OpenAPI v3 has documents of the older versions', async () => {
  const { json } = await platform.call('/openapi/v3');
  const { serverRelativeURL } = json.paths['apis/extensions/v1beta1'];

  assert.match(serverRelativeURL, /^\/openapi\/v3\/apis\/extensions\/v1beta1\?hash=[0-9A-F]{32}$/);

  const document = (await platform.call(serverRelativeURL)).json;
  const operation =
    document.paths['/apis/extensions/v1beta1/namespaces/{namespace}/ingresses/{name}'].patch;
  assert.deepEqual(operation['x-kubernetes-group-version-kind'], {
    group: 'extensions',
    version: 'v1beta1',
    kind: 'Ingress',
  });

  assert.ok(
    Object.keys(document.paths).every((path) => path.startsWith('/apis/extensions/v1beta1/')),
  );

  assert.ok(
    Object.keys(document.paths).includes(
      '/apis/extensions/v1beta1/namespaces/{namespace}/deployments/{name}/scale',
    ),
  );

  const schemas = document.components.schemas;
  const ingress = schemas['io.k8s.api.networking.v1.Ingress'];
  assert.deepEqual(
    [ingress.properties.spec, ingress['x-kubernetes-preserve-unknown-fields']],
    [undefined, true],
  );

  assert.ok(schemas['io.k8s.api.apps.v1.Deployment'].properties.spec);
  assert.equal((await platform.call('/openapi/v3/apis/extensions/v1')).status, 404);
});

test('legacyVersions: false leaves all discovery to the backend', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'ks-legacy-'));
  const config = join(dir, 'kubesphere.yaml');

  await writeFile(config, 'legacyVersions: false\n');

  const server = await TestServer.start({ args: ['--config', config] });

  try {
    const token = await server.token('admin', ADMIN_PASSWORD);
    const call = (path: string) => server.call(path, { token });

    assert.equal((await call('/apis/batch/v1beta1/cronjobs')).status, 404);
    assert.equal((await call('/apis/extensions/v1beta1')).status, 404);
    assert.equal((await call('/apis/batch/v1/cronjobs')).status, 200);

    const groups = (await call('/apis/')).json.groups.map(({ name }: { name: string }) => name);
    assert.equal(groups.includes('extensions'), false);
    assert.equal((await call('/openapi/v3')).json.paths['apis/extensions/v1beta1'], undefined);
  } finally {
    await server.stop();
    await rm(dir, { recursive: true });
  }
});

test('discovery of unknown groups is left to the backend', async () => {
  for (const path of [
    '/apis/extensions/v1beta1/podsecuritypolicies',
    '/apis/batch/v1beta1/jobs',
    '/apis/batch/v1beta1/namespaces/default/cronjobs/x/scale',
    '/apis/b%61tch/v1beta1/cronjobs',
    '/apis/apps/v1beta1/namespaces/default/daemonsets',
  ]) {
    const { status, headers } = await platform.call(path);
    assert.deepEqual([status, headers.get('warning')], [404, null], path);
  }
});
