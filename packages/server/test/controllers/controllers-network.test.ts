import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, TestServer } from '../support/test-server.ts';

const N = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const NSNP = '/apis/network.kubesphere.io/v1alpha1/namespaces/shop/namespacenetworkpolicies';
const MERGE = 'application/merge-patch+json';

let dir: string;
let server: TestServer;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'network-'));
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(
    config,
    'network: { enableNetworkPolicy: true, nsnpOptions: { allowedIngressNamespaces: [kube-system] } }\n',
  );

  server = await TestServer.start({ args: ['--config', config] });
  const token = await server.token();

  await server.call('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
    token,
    body: { metadata: { name: 'ws' }, spec: { template: { spec: { manager: 'admin' } } } },
  });

  await create('/api/v1/namespaces', {
    metadata: { name: 'shop', labels: { 'kubesphere.io/workspace': 'ws' } },
  });
});

after(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

async function create(path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

async function patch(path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'PATCH', body, type: MERGE });
  assert.equal(status, 200, JSON.stringify(json));
}

async function policies(): Promise<string[]> {
  const { json } = await server.kubernetes(N);
  return json.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
}

const isolate = (value: string | null) =>
  patch('/api/v1/namespaces/shop', {
    metadata: { annotations: { 'kubesphere.io/network-isolate': value } },
  });

const arePolicies = (expected: string[]) =>
  eventually(async () => assert.deepEqual(await policies(), expected));

test('a namespace is isolated by its annotation, with what its policies allow', async () => {
  await create(NSNP, {
    apiVersion: 'network.kubesphere.io/v1alpha1',
    kind: 'NamespaceNetworkPolicy',
    metadata: { name: 'partners' },
    spec: { ingress: [{ from: [{ namespace: { name: 'default' } }] }] },
  });

  await sleep(300);
  assert.deepEqual(await policies(), [], 'nothing is made while the namespace is open');

  await isolate('enabled');
  await arePolicies(['nsnp-network-isolate', 'nsnp-partners']);

  const { json } = await server.kubernetes(`${N}/nsnp-partners`);
  assert.deepEqual(json.spec.ingress, [
    {
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } }],
    },
  ]);
});

test('what is changed or deleted is put back, once', async () => {
  await patch(`${N}/nsnp-partners`, { spec: { ingress: [{}] } });
  await server.kubernetes(`${N}/nsnp-network-isolate`, { method: 'DELETE' });

  await arePolicies(['nsnp-network-isolate', 'nsnp-partners']);
  await eventually(async () => {
    const { json } = await server.kubernetes(`${N}/nsnp-partners`);
    assert.equal(json.spec.ingress[0].from?.length, 1);
  });

  const version = async () =>
    (await server.kubernetes(`${N}/nsnp-network-isolate`)).json.metadata.resourceVersion;
  const first = await version();
  await sleep(500);
  assert.equal(await version(), first);
});

test('a service that does not exist is told in an event, and counts once it exists', async () => {
  await patch(`${NSNP}/partners`, {
    spec: {
      ingress: [{ from: [{ service: { name: 'api', namespace: 'shop' } }] }],
      egress: [{ ports: [{ port: 80 }], to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
    },
  });

  await eventually(async () => {
    const { json } = await server.kubernetes('/api/v1/namespaces/shop/events');
    const messages = json.items.map(({ message }: { message: string }) => message);
    assert.ok(messages.includes('the service shop/api does not exist'), messages.join());
  });

  await create('/api/v1/namespaces/shop/services', {
    metadata: { name: 'api' },
    spec: { selector: { app: 'api' }, ports: [{ port: 80, targetPort: 8080 }] },
  });

  await eventually(async () => {
    const { json } = await server.kubernetes(`${N}/nsnp-partners`);
    assert.deepEqual(json.spec.ingress[0].from[0].podSelector, { matchLabels: { app: 'api' } });
    assert.deepEqual(json.spec.egress[0].ports, [{ protocol: 'TCP', port: 80 }]);
  });

  const { json } = await server.kubernetes(`${N}/nsnp-network-isolate`);
  assert.deepEqual(json.spec.policyTypes, ['Ingress', 'Egress'], 'DNS stays reachable');
});

test('isolation of the workspace admits its projects, and policies of the project rest', async () => {
  await isolate(null);
  await arePolicies([]);

  await patch('/apis/tenant.kubesphere.io/v1alpha1/workspaces/ws', {
    spec: { networkIsolation: true },
  });

  await arePolicies(['nsnp-network-isolate']);
  const { json } = await server.kubernetes(`${N}/nsnp-network-isolate`);
  assert.deepEqual(json.spec.ingress[0].from[0], {
    namespaceSelector: { matchLabels: { 'kubesphere.io/workspace': 'ws' } },
  });
});

test('policies of others stay, and the policy of a deleted one goes', async () => {
  await create(N, { metadata: { name: 'own' }, spec: { podSelector: {} } });
  await isolate('enabled');
  await arePolicies(['nsnp-network-isolate', 'nsnp-partners', 'own']);

  await server.kubernetes(`${NSNP}/partners`, { method: 'DELETE' });
  await arePolicies(['nsnp-network-isolate', 'own']);
});
