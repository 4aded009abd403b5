import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATHS, TestPlatform } from '../support/test-platform.ts';
import { eventually, GARBAGE_MS } from '../support/test-server.ts';

const ISTIO = '/apis/networking.istio.io/v1alpha3/namespaces/demo';
const MESH = '/apis/servicemesh.kubesphere.io/v1alpha2/namespaces/demo';
const SERVICES = '/api/v1/namespaces/demo/services';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/demo/deployments';
const ANNOTATIONS = { 'servicemesh.kubesphere.io/enabled': 'true' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

let directory: string;
let platform: TestPlatform;
let developer: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-mesh-'));

  const config = join(directory, 'kubesphere.yaml');
  const servicemesh = { istioPilotHost: 'http://istio-pilot.istio-system.svc:8080/version' };
  await writeFile(config, JSON.stringify({ servicemesh }));

  platform = await TestPlatform.start({ args: ['--config', config] });
  await platform.createWorkspace('ws');
  await platform.createProject('demo', 'ws');
  developer = await platform.createUser('developer');

  // A role that may write Strategies, and no VirtualServices.
  await platform.write(`${PATHS.iam}/namespaces/demo/roles`, {
    metadata: {
      name: 'releases',
      annotations: {
        'iam.kubesphere.io/aggregation-roles':
          '["role-template-view-app-workloads","role-template-manage-app-workloads"]',
      },
    },
    rules: [{ apiGroups: ['servicemesh.kubesphere.io'], resources: ['*'], verbs: ['*'] }],
  });
  await platform.addMember('namespaces/demo', 'developer', 'releases');
});

after(async () => {
  await platform.stop();
  await rm(directory, { recursive: true });
});

const labelsOf = (app: string) => ({
  app,
  'app.kubernetes.io/name': 'shop',
  'app.kubernetes.io/version': 'v1',
});

/** Creates a Service of an application for which the mesh is enabled. */
const createService = (name: string, app = name, more = {}) =>
  platform.write(SERVICES, {
    metadata: { name, labels: labelsOf(app), annotations: ANNOTATIONS, ...more },
    spec: { selector: { app }, ports: [{ name: 'http', port: 80 }] },
  });

/** Creates a Deployment of a version with a pod that is ready. */
async function createVersion(app: string, version: string): Promise<void> {
  const name = `${app}-${version}`;
  const labels = { ...labelsOf(app), version };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };

  await platform.write(DEPLOYMENTS, {
    metadata: { name, labels, annotations: ANNOTATIONS },
    spec: { selector: { matchLabels: labels }, template },
  });
  await setReady(name, 1);
}

const setReady = (name: string, readyReplicas: number) =>
  platform.write(
    `${DEPLOYMENTS}/${name}/status`,
    {
      status: { replicas: 1, updatedReplicas: 1, readyReplicas, availableReplicas: readyReplicas },
    },
    { method: 'PATCH', headers: MERGE },
  );

const strategy = (name: string, app: string, spec: object) => ({
  apiVersion: 'servicemesh.kubesphere.io/v1alpha2',
  kind: 'Strategy',
  metadata: { name, labels: labelsOf(app) },
  spec,
});

const toSubset = (host: string, subset: string, weight: number) => ({
  destination: { host, subset },
  weight,
});

const writeIstio = (kind: 'VirtualService' | 'DestinationRule', metadata: object, spec: object) =>
  platform.write(`${ISTIO}/${kind.toLowerCase()}s`, {
    apiVersion: 'networking.istio.io/v1alpha3',
    kind,
    metadata,
    spec,
  });

const rule = (name: string) => platform.read(`${ISTIO}/destinationrules/${name}`);
const routes = (name: string) => platform.read(`${ISTIO}/virtualservices/${name}`);
const isGone = (path: string) =>
  eventually(async () => assert.equal((await platform.call(path)).status, 404, path), GARBAGE_MS);

/** Returns the subsets and weights to which a VirtualService sends requests. */
async function weights(name: string): Promise<string[]> {
  const { spec } = await routes(name);
  return spec.http[0].route.map(
    ({ destination, weight }: ReturnType<typeof toSubset>) => `${destination.subset} ${weight}`,
  );
}

test('versions become subsets, and a Strategy divides requests between them', async () => {
  await createService('web');
  await createVersion('web', 'v1');

  await eventually(async () => assert.deepEqual(await weights('web'), ['v1 100']));
  await createVersion('web', 'v2.0');

  await eventually(async () =>
    assert.deepEqual((await rule('web')).spec, {
      host: 'web',
      subsets: [
        { name: 'v1', labels: { version: 'v1' } },
        { name: 'v20', labels: { version: 'v2.0' } },
      ],
    }),
  );

  const route = [toSubset('web', 'v1', 90), toSubset('web', 'v20', 10)];
  await platform.call(`${MESH}/strategies`, {
    token: developer,
    body: strategy('canary', 'web', {
      type: 'Canary',
      template: { spec: { hosts: ['web'], http: [{ route }] } },
    }),
  });
  await eventually(async () => assert.deepEqual(await weights('web'), ['v1 90', 'v20 10']));

  await platform.write(
    `${MESH}/strategies/canary`,
    { spec: { governor: 'v2.0' } },
    { method: 'PATCH', headers: MERGE },
  );
  await eventually(async () => assert.deepEqual(await weights('web'), ['v20 100']));

  await platform.call(`${MESH}/strategies/canary`, { method: 'DELETE' });
  await eventually(async () => assert.deepEqual(await weights('web'), ['v1 100']));
});

test('a ServicePolicy sets the traffic policy', async () => {
  const trafficPolicy = { outlierDetection: { consecutiveErrors: 5 } };

  await platform.write(`${MESH}/servicepolicies`, {
    apiVersion: 'servicemesh.kubesphere.io/v1alpha2',
    kind: 'ServicePolicy',
    metadata: { name: 'web', labels: labelsOf('web') },
    spec: { template: { spec: { trafficPolicy } } },
  });

  await eventually(async () =>
    assert.deepEqual((await rule('web')).spec.trafficPolicy, trafficPolicy),
  );
});

test('what is made is written once, and again after somebody has changed it', async () => {
  const { metadata } = await routes('web');
  await sleep(500);
  assert.equal((await routes('web')).metadata.resourceVersion, metadata.resourceVersion);
  assert.equal(metadata.ownerReferences[0].kind, 'Service');

  await platform.write(
    `${ISTIO}/virtualservices/web`,
    { spec: { hosts: ['web', '*'] } },
    { method: 'PATCH', headers: MERGE },
  );
  await eventually(async () => assert.deepEqual((await routes('web')).spec.hosts, ['web']));

  await platform.call(`${ISTIO}/destinationrules/web`, { method: 'DELETE' });
  await eventually(async () => assert.equal((await rule('web')).spec.subsets.length, 2));
});

test('versions without ready pods go', async () => {
  await setReady('web-v1', 0);
  await eventually(async () => assert.deepEqual(await weights('web'), ['v20 100']));
});

test('a user who may not write VirtualServices reaches no other namespace by a Strategy', async () => {
  const asked = { token: developer, body: { metadata: { name: 'x' }, spec: { hosts: ['db'] } } };
  assert.equal((await platform.call(`${ISTIO}/virtualservices`, asked)).status, 403);

  const route = [{ destination: { host: 'db.other.svc.cluster.local' } }];
  const { status, text } = await platform.call(`${MESH}/strategies`, {
    token: developer,
    body: strategy('steal', 'web', {
      template: { spec: { hosts: ['db.other.svc.cluster.local'], http: [{ route }] } },
    }),
  });
  assert.equal(status, 201, text);

  await eventually(async () => {
    const { items } = await platform.read('/api/v1/namespaces/demo/events');
    const found = items.find(({ reason }: { reason: string }) => reason === 'StrategyNotApplied');
    assert.match(found?.message ?? '', /destination\.host must name a Service of this namespace/);
  });

  const { items } = await platform.read('/apis/networking.istio.io/v1alpha3/virtualservices');
  assert.doesNotMatch(JSON.stringify(items), /db\.other/);

  // Hosts of others are dropped also where the routes are its own.
  await platform.write(
    `${MESH}/strategies/steal`,
    { spec: { template: { spec: { http: [{ route: [toSubset('web', 'v20', 100)] }] } } } },
    { method: 'PATCH', headers: MERGE },
  );
  await eventually(async () => assert.deepEqual(await weights('web'), ['v20 100']));
  assert.deepEqual((await routes('web')).spec.hosts, ['web']);
  await platform.call(`${MESH}/strategies/steal`, { method: 'DELETE' });
});

test('what somebody has written by hand stays, also when the Service goes', async () => {
  const spec = { hosts: ['by-hand'], http: [{ route: [{ destination: { host: 'web' } }] }] };
  const own = { host: 'by-hand', subsets: [{ name: 'blue', labels: { color: 'blue' } }] };

  await writeIstio('VirtualService', { name: 'by-hand' }, spec);
  await writeIstio('DestinationRule', { name: 'by-hand' }, own);
  await createService('by-hand');
  await createVersion('by-hand', 'v1');
  await sleep(500);

  assert.deepEqual((await routes('by-hand')).spec, spec);
  assert.deepEqual((await rule('by-hand')).spec, own);

  await platform.call(`${SERVICES}/by-hand`, { method: 'DELETE' });
  await sleep(500);
  assert.deepEqual((await routes('by-hand')).spec, spec);
  assert.deepEqual((await rule('by-hand')).spec, own);
});

test('what KubeSphere 3.0 has made is taken over', async () => {
  const labels = labelsOf('old');

  await writeIstio(
    'VirtualService',
    { name: 'old', labels },
    { hosts: ['old'], http: [{ route: [toSubset('old', 'v0', 100)] }] },
  );
  await writeIstio('DestinationRule', { name: 'old', labels }, { host: 'old', subsets: [] });
  await createService('old');
  await createVersion('old', 'v1');

  await eventually(async () => assert.deepEqual(await weights('old'), ['v1 100']));
  assert.equal((await routes('old')).metadata.ownerReferences[0].name, 'old');
});

test('two Services of one component do not fight', async () => {
  await createService('twin-b', 'web');
  await sleep(500);

  const { metadata, spec } = await routes('web');
  assert.deepEqual(spec.hosts, ['web']);
  await sleep(500);
  assert.equal((await routes('web')).metadata.resourceVersion, metadata.resourceVersion);
});

test('a ServicePolicy goes with the Service that is called like it', async () => {
  await createService('vault');
  await eventually(() => rule('vault'));
  await platform.write(`${MESH}/servicepolicies`, {
    apiVersion: 'servicemesh.kubesphere.io/v1alpha2',
    kind: 'ServicePolicy',
    metadata: { name: 'vault', labels: labelsOf('vault') },
    spec: {},
  });
  await platform.call(`${SERVICES}/vault`, { method: 'DELETE' });

  await isGone(`${MESH}/servicepolicies/vault`);
  await isGone(`${ISTIO}/destinationrules/vault`);
});

test('a Service takes with it what was made for it, whatever the names', async () => {
  await createService('door', 'gate');
  await createVersion('gate', 'v1');
  await eventually(() => routes('gate'));
  await eventually(() => rule('door'));
  await platform.write(
    `${MESH}/strategies`,
    strategy('door', 'gate', { strategyPolicy: 'Paused' }),
  );
  await platform.write(`${MESH}/strategies`, strategy('other', 'gate-2', {}));

  await platform.call(`${SERVICES}/door`, { method: 'DELETE' });

  await isGone(`${ISTIO}/virtualservices/gate`);
  await isGone(`${ISTIO}/destinationrules/door`);
  await isGone(`${MESH}/strategies/door`);
  await platform.read(`${MESH}/strategies/other`);
});

test('a Service that leaves the mesh loses what was made for it', async () => {
  await platform.write(
    `${SERVICES}/old`,
    { metadata: { annotations: { 'servicemesh.kubesphere.io/enabled': 'false' } } },
    { method: 'PATCH', headers: MERGE },
  );

  await isGone(`${ISTIO}/virtualservices/old`);
  await isGone(`${ISTIO}/destinationrules/old`);
});
