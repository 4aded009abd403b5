// Metrics of a real cluster without Prometheus: a real kube-apiserver relays the server's calls to
// kubelets, of which one is the test's own and another one hangs.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

process.env.KS_TEST_PEERS = fileURLToPath(new URL('peers.mjs', import.meta.url));
process.env.KS_TEST_CLUSTER = '1';

const { TestServer, eventually } = await import(
  '../../packages/server/dist/test/support/test-server.js'
);
const { issueCertificate } = await import('../../packages/kubernetes/dist/server/certificates.js');
const { portOf } = await import('../server.mjs');
const { kubeApiServerPath } = await import('./real-cluster.mjs');

/** An address of this machine: kube-apiserver relays nothing to loopback addresses. */
const address = Object.values(networkInterfaces())
  .flat()
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

const skip = kubeApiServerPath() && address ? false : 'needs Go and an address of the machine';
const K = '/kapis/monitoring.kubesphere.io/v1alpha3';
const PROMETHEUS = '/kapis/monitoring.kubesphere.io/prometheus/api/v1';
const INTERVAL_MS = 5000;
const MEASURED_MS = 8 * INTERVAL_MS;
const MIB = 1024 ** 2;

/** Processors that the container and the node use. */
const CONTAINER_CPU = 0.25;
const NODE_CPU = 1.5;

let dir;
let server;
let token;
const kubelets = {};
const asked = { works: 0, hangs: 0 };
const began = Date.now();
const seconds = () => (Date.now() - began) / 1000;

/** What cAdvisor tells about the pod, and about what is no pod. */
function cadvisor() {
  const at = 'container="app",image="nginx:1",name="k8s_app",namespace="shop",pod="web"';

  return `# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{${at}} ${100 + CONTAINER_CPU * seconds()}
container_cpu_usage_seconds_total{id="/"} 5
container_memory_usage_bytes{${at}} ${40 * MIB}
container_memory_working_set_bytes{${at}} ${30 * MIB}
container_network_receive_bytes_total{interface="eth0",namespace="shop",pod="web"} ${Math.round(1000 * seconds())}
`;
}

function summary() {
  const usage = { usageCoreNanoSeconds: Math.round((500 + NODE_CPU * seconds()) * 1e9) };

  return JSON.stringify({
    node: {
      nodeName: 'works',
      startTime: new Date(began - 3_600_000).toISOString(),
      cpu: { time: new Date().toISOString(), ...usage },
      memory: { availableBytes: 2048 * MIB, workingSetBytes: 2048 * MIB },
      fs: { capacityBytes: 100_000, availableBytes: 25_000, inodes: 100, inodesFree: 80 },
      network: { interfaces: [{ name: 'eth0', rxBytes: 1, txBytes: 1 }] },
    },
    pods: [],
  });
}

const PAGES = { '/metrics/cadvisor': cadvisor, '/stats/summary': summary };

/** @type {import('node:http').RequestListener} */
function works({ url = '' }, res) {
  const page = PAGES[url];

  asked.works += 1;
  res.writeHead(page ? 200 : 404).end(page?.());
}

function hangs() {
  asked.hangs += 1;
}

async function call(path, method, body, type = 'application/json') {
  const { status, json } = await server.kubernetes(path, { method, body, type });
  assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(json)}`);
}

async function makeNode(name, port) {
  await call('/api/v1/nodes', 'POST', { metadata: { name } });
  await call(
    `/api/v1/nodes/${name}/status`,
    'PATCH',
    {
      status: {
        addresses: [{ type: 'InternalIP', address }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
        capacity: { cpu: '4', memory: '4Gi', pods: '110' },
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    },
    'application/merge-patch+json',
  );
}

async function makePod() {
  const pod = { metadata: { name: 'web' }, spec: { nodeName: 'works' } };
  const containers = [{ name: 'app', image: 'nginx:1' }];
  const status = { phase: 'Running', hostIP: address, podIP: '10.0.0.9' };

  await call('/api/v1/namespaces', 'POST', { metadata: { name: 'shop' } });
  await call('/api/v1/namespaces/shop/pods', 'POST', { ...pod, spec: { ...pod.spec, containers } });
  await call(
    '/api/v1/namespaces/shop/pods/web/status',
    'PATCH',
    { status },
    'application/merge-patch+json',
  );
}

before(async () => {
  if (skip) {
    return;
  }

  const pair = await issueCertificate({ commonName: 'kubelet', usage: 'ca', days: 1 });

  for (const [name, answer] of Object.entries({ works, hangs })) {
    kubelets[name] = createServer(pair, answer);
    await new Promise((resolve) => kubelets[name].listen(0, address, resolve));
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-metrics-'));

  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, `monitoring: { embedded: { interval: ${INTERVAL_MS}ms } }\n`);

  server = await TestServer.start({ args: ['--config', config] });
  token = await server.token();

  for (const [name, kubelet] of Object.entries(kubelets)) {
    await makeNode(name, portOf(kubelet));
  }
  await makePod();
});

after(async () => {
  await server?.stop();

  for (const kubelet of Object.values(kubelets)) {
    kubelet.closeAllConnections();
    kubelet.close();
  }

  if (dir) {
    await rm(dir, { recursive: true, force: true });
  }
});

/** Returns the values of a metric by a label. */
async function valuesOf(path, metric, label) {
  const { status, json, text } = await server.call(`${K}${path}?metrics_filter=${metric}$`, {
    token,
  });
  assert.equal(status, 200, text);

  const rows = json.results[0].data.result ?? [];
  return Object.fromEntries(rows.map((row) => [row.metric[label], Number(row.value[1])]));
}

async function query(expression, label) {
  const path = `${PROMETHEUS}/query?query=${encodeURIComponent(expression)}`;
  const { json } = await server.call(path, { token });

  return Object.fromEntries(
    json.data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]),
  );
}

const isNear = (value, expected, share) => Math.abs(value - expected) <= expected * share;

test('pods have the numbers of their kubelet', { skip }, async () => {
  await eventually(async () => {
    const { web } = await valuesOf('/namespaces/shop/pods', 'pod_cpu_usage', 'pod');
    assert.ok(isNear(web, CONTAINER_CPU, 0.1), `${web}`);
  }, MEASURED_MS);

  const memory = await valuesOf('/namespaces/shop/pods', 'pod_memory_usage_wo_cache', 'pod');
  assert.deepEqual(memory, { web: 30 * MIB });

  await eventually(async () => {
    const { web } = await valuesOf('/namespaces/shop/pods', 'pod_net_bytes_received', 'pod');
    assert.ok(isNear(web, 1000, 0.1), `${web}`);
  }, MEASURED_MS);
});

test('a node has the numbers of its summary; one that hangs has none of them', {
  skip,
}, async () => {
  await eventually(async () => {
    const { works: used } = await valuesOf('/nodes', 'node_cpu_usage', 'node');
    assert.ok(isNear(used, NODE_CPU, 0.1), `${used}`);
  }, MEASURED_MS);

  assert.deepEqual(await valuesOf('/nodes', 'node_memory_total', 'node'), { works: 4096 * MIB });
  assert.deepEqual(await valuesOf('/nodes', 'node_disk_size_utilisation', 'node'), { works: 0.75 });

  // What the API tells about nodes is there for both.
  const quota = await valuesOf('/nodes', 'node_pod_quota', 'node');
  assert.deepEqual(quota, { hangs: 110, works: 110 });
});

test('a node that hangs costs only itself', { skip }, async () => {
  await eventually(async () => {
    const rounds = await query(
      'count_over_time(up{metrics_path="/metrics/cadvisor"}[1m])',
      'instance',
    );
    assert.ok(rounds.works >= 4, `${rounds.works}`);
  }, MEASURED_MS);

  const up = 'up{metrics_path="/metrics/cadvisor"}';
  assert.deepEqual(await query(up, 'instance'), { works: 1, hangs: 0 });
  assert.deepEqual(await query(`min_over_time(${up}[1m]) == 1`, 'instance'), { works: 1 });
  assert.ok(asked.works >= 8 && asked.hangs >= 4, JSON.stringify(asked));

  // Samples of the node that works are as far apart as those of a cluster where all do.
  const time = 'timestamp(container_cpu_usage_seconds_total';
  await eventually(async () => {
    const distances = await query(`max by (instance) (${time}) - ${time} offset 5s))`, 'instance');
    assert.deepEqual(distances, { works: INTERVAL_MS / 1000 });
  }, MEASURED_MS);
});

test('kube-apiserver is asked for its own metrics', { skip }, async () => {
  assert.equal((await query('apiserver:up:sum', 'x'))[''], 1);
  assert.ok((await query('apiserver:apiserver_request_total:sum_irate', 'x'))[''] > 0);
});
