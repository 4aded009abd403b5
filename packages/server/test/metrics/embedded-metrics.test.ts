import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

const K = '/kapis/monitoring.kubesphere.io/v1alpha3';
const PROMETHEUS = '/kapis/monitoring.kubesphere.io/prometheus/api/v1';
const INTERVAL_MS = 5000;

/** Rates need two rounds, and the recording rules another one. */
const MEASURED_MS = 8 * INTERVAL_MS;

let dataDir: string;
let server: TestServer;
let token: string;

async function start(): Promise<void> {
  const config = join(dataDir, 'kubesphere.yaml');
  await writeFile(config, `monitoring: {embedded: {interval: ${INTERVAL_MS}ms}}\n`);

  const args = ['--config', config, '--simulate', '--register-node', 'true'];
  server = await TestServer.start({ args, dataDir });
  token = await server.token();
}

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ks-metrics-'));
  await start();

  for (const namespace of ['shop', 'bank']) {
    await server.kubernetes('/api/v1/namespaces', {
      method: 'POST',
      body: { metadata: { name: namespace } },
    });

    const labels = { app: 'web' };
    await server.kubernetes(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
      method: 'POST',
      body: {
        metadata: { name: 'web' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: 'c', image: 'nginx' }] },
          },
        },
      },
    });
  }
});

after(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Returns the rows of one metric. */
async function rowsOf(path: string, metric: string) {
  const mark = path.includes('?') ? '&' : '?';
  const url = `${K}${path}${mark}metrics_filter=${metric}$`;
  const { status, json, text } = await server.call(url, { token });

  assert.equal(status, 200, text);
  assert.equal(json.results[0].error, undefined);

  return json.results[0].data.result ?? [];
}

const numberOf = async (path: string, metric: string) =>
  Number((await rowsOf(path, metric))[0]?.value[1]);

test('charts of cluster, nodes, workloads and pods have numbers that make sense', async () => {
  await eventually(async () => {
    const pods = await rowsOf('/namespaces/shop/pods', 'pod_cpu_usage');
    assert.equal(pods.length, 2);
  }, MEASURED_MS);

  assert.equal(await numberOf('/cluster', 'cluster_node_total'), 4);
  assert.ok((await numberOf('/cluster', 'cluster_cpu_total')) >= 4);
  assert.equal(
    await numberOf('/namespaces/shop/workloads', 'workload_deployment_replica_available'),
    2,
  );
  assert.equal((await rowsOf('/nodes', 'node_memory_total')).length, 4);

  const utilisation = await numberOf('/cluster', 'cluster_memory_utilisation');
  assert.ok(utilisation > 0 && utilisation < 1, String(utilisation));

  const memory = await rowsOf('/namespaces/shop/pods', 'pod_memory_usage_wo_cache');
  for (const { value } of memory) {
    assert.ok(Number(value[1]) > 1e6 && Number(value[1]) < 1e10, value[1]);
  }
});

test('kubectl top finds nodes and pods in metrics.k8s.io, at both ports', async () => {
  const path = '/apis/metrics.k8s.io/v1beta1';

  await eventually(async () => {
    const { json } = await server.kubernetes(`${path}/nodes`);
    assert.equal(json.items.length, 4);
    assert.match(json.items[0].usage.cpu, /^\d+n$/);
    assert.match(json.items[0].usage.memory, /^\d+Ki$/);
  });

  // Pods have a rate once they were measured twice.
  await eventually(async () => {
    const url = `${path}/namespaces/shop/pods?labelSelector=app%3Dweb`;
    const { json } = await server.call(url, { token });
    assert.deepEqual(
      json.items.map((pod: { containers: { name: string }[] }) => pod.containers[0]?.name),
      ['c', 'c'],
    );
  }, 30_000);
});

test('readers of a namespace may read what its pods use', async () => {
  await eventually(async () => {
    const { json } = await server.kubernetes(
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/view',
    );
    const groups = json.rules.flatMap(({ apiGroups = [] }: { apiGroups?: string[] }) => apiGroups);
    assert.ok(groups.includes('metrics.k8s.io'));
  });
});

test('a user finds the metrics of their projects, and no others', async () => {
  await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token,
    body: {
      metadata: { name: 'jo', annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: 'jo@example.com', password: 'Passw0rd!' },
    },
  });
  await server.call('/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings', {
    token,
    body: {
      metadata: { name: 'jo', labels: { 'iam.kubesphere.io/user-ref': 'jo' } },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jo' }],
      roleRef: { kind: 'Role', apiGroup: 'rbac.authorization.k8s.io', name: 'viewer' },
    },
  });

  const jo = await server.token('jo', 'Passw0rd!');

  await eventually(async () => {
    const { status } = await server.call(`${K}/namespaces/shop/pods`, { token: jo });
    assert.equal(status, 200);
  });
  assert.equal((await server.call(`${K}/namespaces/bank/pods`, { token: jo })).status, 403);

  const { json } = await server.call(`${PROMETHEUS}/query?query=kube_pod_info`, { token: jo });
  const namespaces = json.data.result.map(
    ({ metric }: { metric: { namespace: string } }) => metric.namespace,
  );
  assert.deepEqual([...new Set(namespaces)], ['shop']);
});

test('metrics survive a kill', async () => {
  const before = Math.floor(Date.now() / 1000);

  await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  await server.stop('SIGKILL');
  await start();

  await eventually(async () => {
    const pods = await rowsOf(`/cluster?time=${before}`, 'cluster_node_total');
    assert.equal(Number(pods[0]?.value[1]), 4);
  });
});

test('consoles are told that there is monitoring', async () => {
  const { json } = await server.call('/kapis/config.kubesphere.io/v1alpha2/configs/configz', {
    token,
  });
  assert.equal(json.monitoring, true);
});
