import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAMESPACE = '/namespaces/default';
const LABELS = {
  app: 'web',
  'app.kubernetes.io/name': 'shop',
  'app.kubernetes.io/version': 'v1',
};
const ANNOTATIONS = { 'servicemesh.kubesphere.io/enabled': 'true' };

let directory: string;
let platform: TestPlatform;

const start = () =>
  TestPlatform.start({
    dataDir: join(directory, 'data'),
    args: ['--config', join(directory, 'kubesphere.yaml')],
  });

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-mesh-'));
  const servicemesh = { istioPilotHost: 'http://istiod.istio-system.svc:8080/version' };
  await mkdir(join(directory, 'data'));
  await writeFile(join(directory, 'kubesphere.yaml'), JSON.stringify({ servicemesh }));

  platform = await start();
});

after(async () => {
  await platform.stop();
  await rm(directory, { recursive: true });
});

/** Has the API serve a kind of Istio in the version of its newest releases alone. */
async function serveNewest(resource: string): Promise<void> {
  const name = `${resource}.networking.istio.io`;
  const { spec } = await platform.read(`${CRDS}/${name}`);
  const [old] = spec.versions;

  const versions = [
    { ...old, name: 'v1', served: true, storage: true },
    { ...old, served: false, storage: false },
  ];

  await platform.write(
    `${CRDS}/${name}`,
    { spec: { versions } },
    { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
  );
}

test('objects of Istio are written in the version that the cluster serves', async () => {
  for (const resource of [
    'virtualservices',
    'destinationrules',
    'serviceentries',
    'gateways',
    'envoyfilters',
  ]) {
    await serveNewest(resource);
  }

  await platform.stop();
  platform = await start();

  const labels = { ...LABELS, version: 'v1' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };

  await platform.write(`/api/v1${NAMESPACE}/services`, {
    metadata: { name: 'web', labels: LABELS, annotations: ANNOTATIONS },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80 }] },
  });
  await platform.write(`/apis/apps/v1${NAMESPACE}/deployments`, {
    metadata: { name: 'web-v1', labels, annotations: ANNOTATIONS },
    spec: { selector: { matchLabels: labels }, template },
  });
  await platform.write(
    `/apis/apps/v1${NAMESPACE}/deployments/web-v1/status`,
    { status: { replicas: 1, readyReplicas: 1 } },
    { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
  );

  const { apiVersion, spec } = await eventually(() =>
    platform.read(`/apis/networking.istio.io/v1${NAMESPACE}/virtualservices/web`),
  );

  assert.equal(apiVersion, 'networking.istio.io/v1');
  assert.equal(spec.http[0].route[0].destination.subset, 'v1');

  // Graphs and health read the same version.
  const graph = '/kapis/servicemesh.kubesphere.io/v1alpha2/namespaces/default/graph';
  assert.equal((await platform.call(`${graph}?appenders=istio,serviceEntry`)).status, 200);
});
