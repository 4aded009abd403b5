// What becomes of Clusters: the own one, members that are joined, and those whose agents connect.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, TestServer } from '../support/test-server.ts';

const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';
const SERVICES = '/api/v1/namespaces/kubesphere-system/services';
const MERGE = 'application/merge-patch+json';

interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

let dir: string;
let host: TestServer;
let member: TestServer;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cluster-controller-'));
  const config = join(dir, 'host.yaml');
  await writeFile(config, 'multicluster: { enable: true, agents: { enable: false } }\n');

  [host, member] = await Promise.all([
    TestServer.start({ args: ['--config', config] }),
    TestServer.start(),
  ]);
});

after(async () => {
  await host?.stop();
  await member?.stop();
  await rm(dir, { recursive: true, force: true });
});

async function joinCluster(name: string, connection: object, joinFederation = true): Promise<void> {
  const { status, json } = await host.kubernetes(CLUSTERS, {
    method: 'POST',
    body: {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: { joinFederation, enable: true, connection },
    },
  });

  assert.equal(status, 201, JSON.stringify(json));
}

const clusterOf = async (name: string) => (await host.kubernetes(`${CLUSTERS}/${name}`)).json;

async function conditionOf(name: string, type: string): Promise<Condition | undefined> {
  const conditions: Condition[] = (await clusterOf(name)).status?.conditions ?? [];
  return conditions.find((one) => one.type === type);
}

test('the own cluster has an object that tells what it is', async () => {
  await eventually(async () => assert.equal((await conditionOf('host', 'Ready'))?.status, 'True'));

  const { metadata, spec, status } = await clusterOf('host');
  assert.equal(metadata.labels['cluster-role.kubesphere.io/host'], '');
  assert.equal(spec.connection.kubeconfig, undefined);
  assert.match(status.kubernetesVersion, /^v1\./);
  assert.equal(status.configz.multicluster, true);

  const { items } = (await host.kubernetes(CLUSTERS)).json;
  assert.equal(items.length, 1);

  // Without members there is nothing to propagate, and no namespace for it.
  const federation = await host.kubernetes('/api/v1/namespaces/kube-federation-system');
  assert.equal(federation.status, 404);
});

test('a joined member is asked who it is, and written to once only', async () => {
  const kubeconfig = Buffer.from(await readFile(member.kubeconfig)).toString('base64');
  await joinCluster('east', { type: 'direct', kubeconfig, kubesphereAPIEndpoint: member.url });

  await eventually(async () =>
    assert.equal((await conditionOf('east', 'Federated'))?.status, 'True'),
  );

  const east = await clusterOf('east');
  assert.match(east.status.kubernetesVersion, /^v1\./);
  assert.equal(typeof east.status.nodeCount, 'number');
  assert.equal(east.status.configz.authentication, true);
  assert.deepEqual(east.metadata.finalizers, ['finalizer.cluster.kubesphere.io']);

  await sleep(500);
  const again = await clusterOf('east');
  assert.equal(again.metadata.resourceVersion, east.metadata.resourceVersion);
});

test('a joined member takes part in the propagation', async () => {
  await eventually(async () => {
    const condition = await conditionOf('east', 'Federated');
    assert.equal(condition?.status, 'True');
    assert.equal(condition?.message, 'Cluster has joined federation control plane successfully');
  });

  const uid = (await member.kubernetes('/api/v1/namespaces/kube-system')).json.metadata.uid;
  assert.equal((await clusterOf('east')).status.uid, uid);

  // This server makes no account in the member, whose credentials it has.
  const accounts = '/api/v1/namespaces/kube-federation-system/serviceaccounts/east-kubesphere';
  assert.equal((await member.kubernetes(accounts)).status, 404);
});

test('the host itself is no member', async () => {
  const kubeconfig = Buffer.from(await readFile(host.kubeconfig)).toString('base64');
  await joinCluster('self', { type: 'direct', kubeconfig });

  await eventually(async () => {
    const condition = await conditionOf('self', 'Ready');
    assert.equal(condition?.status, 'False');
    assert.match(condition?.message ?? '', /the host itself, which is the cluster host already/);
  });

  await host.kubernetes(`${CLUSTERS}/self`, { method: 'DELETE' });
});

test('a kubeconfig that has expired is told', async () => {
  const claims = Buffer.from(JSON.stringify({ exp: 1_000_000_000 })).toString('base64url');
  const kubeconfig = Buffer.from(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { token: `h.${claims}.s` } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  ).toString('base64');

  await joinCluster('old', { type: 'direct', kubeconfig });
  await eventually(async () => {
    const condition = await conditionOf('old', 'KubeConfigCertExpiresInSevenDays');
    assert.equal(condition?.reason, 'KubeConfigExpired');
    assert.match(condition?.message ?? '', /token .* has expired at 2001-09-09/);
  });
});

test('a cluster that is not joined is left as it is', async () => {
  await joinCluster('foreign', { type: 'direct', kubesphereAPIEndpoint: member.url }, false);
  await sleep(500);
  assert.equal((await clusterOf('foreign')).status, undefined);
});

test('the connection of an agent is prepared, and ends with its cluster', async () => {
  await joinCluster('edge', { type: 'proxy' });
  await eventually(async () => {
    assert.equal((await conditionOf('edge', 'Initialized'))?.status, 'True');
    assert.match((await conditionOf('edge', 'Ready'))?.message ?? '', /agent is not connected/);
  });

  const { connection } = (await clusterOf('edge')).spec;
  assert.match(connection.token, /^[0-9a-f]{64}$/);
  assert.equal(connection.kubesphereAPIServerPort, connection.kubernetesAPIServerPort + 10_000);

  const service = (await host.kubernetes(`${SERVICES}/mc-edge`)).json;
  assert.equal(connection.kubernetesAPIEndpoint, `https://${service.spec.clusterIP}:6443`);
  assert.equal(connection.kubesphereAPIEndpoint, `http://${service.spec.clusterIP}:80`);

  await joinCluster('edge2', { type: 'proxy' });
  await eventually(async () => {
    const other = (await clusterOf('edge2')).spec.connection;
    assert.ok(other.kubernetesAPIServerPort > 0);
    assert.notEqual(other.kubernetesAPIServerPort, connection.kubernetesAPIServerPort);
    assert.notEqual(other.token, connection.token);
  });

  await host.kubernetes(`${CLUSTERS}/edge`, { method: 'DELETE' });
  await eventually(async () => {
    assert.equal((await host.kubernetes(`${CLUSTERS}/edge`)).status, 404);
    assert.equal((await host.kubernetes(`${SERVICES}/mc-edge`)).status, 404);
  });
});

test('a kubeconfig that names files or commands is not used', async () => {
  const kubeconfig = Buffer.from(
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: { exec: { apiVersion: 'v1', command: 'touch', args: [dir] } } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  ).toString('base64');

  await joinCluster('evil', { type: 'direct', kubeconfig });
  await eventually(async () => {
    const condition = await conditionOf('evil', 'Ready');
    assert.equal(condition?.status, 'False');
    assert.match(condition?.message ?? '', /exec|command/i);
  });
});

test('a member that is gone is not ready, and an event says so', async () => {
  await member.stop();
  await host.kubernetes(`${CLUSTERS}/east`, {
    method: 'PATCH',
    body: { metadata: { annotations: { touched: 'true' } } },
    type: MERGE,
  });

  await eventually(async () => {
    const condition = await conditionOf('east', 'Ready');
    assert.equal(condition?.status, 'False');
    assert.equal(condition?.reason, 'Unable to establish connection with cluster');
  });

  await eventually(async () => {
    const { json } = await host.kubernetes('/api/v1/namespaces/default/events');
    const reasons = json.items.map(
      ({ reason, involvedObject }: { reason: string; involvedObject: { name: string } }) =>
        `${involvedObject.name} ${reason}`,
    );
    assert.ok(reasons.includes('east ClusterNotReady'), reasons.join());
  });

  const token = await host.token();
  const { status } = await host.call('/kapis/clusters/east/version', { token });
  assert.equal(status, 500);
});
