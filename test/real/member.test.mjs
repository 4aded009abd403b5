// A real cluster as a member that has only Kubernetes: the host answers for it, opens terminals on
// its nodes and reads its Prometheus, all through the member's Kubernetes API.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

const { TestServer, eventually } = await import(
  '../../packages/server/dist/test/support/test-server.js'
);
const { TerminalClient } = await import('../../packages/server/dist/test/support/terminal.js');
const { kubeletPath, makePod, startKubelet } = await import('./kubelet.mjs');
const { hasPrometheus, startPrometheus } = await import('./prometheus.mjs');
const { kubeApiServerPath, startRealCluster } = await import('./real-cluster.mjs');
const { portOf } = await import('../server.mjs');

/** An address of this machine: kube-apiserver relays nothing to loopback addresses. */
const address = Object.values(networkInterfaces())
  .flat()
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;

const skip =
  kubeApiServerPath() && kubeletPath() && hasPrometheus() && address
    ? false
    : 'needs Go, Prometheus and an address of the machine';

const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';
const K = '/kapis/clusters/east';
const started = [];
let dir;
let host;
let token;
let cluster;

before(async () => {
  if (skip) {
    return;
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-member-'));
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, 'multicluster: { enable: true }\n');

  cluster = await startRealCluster({ controllers: true });
  started.push(cluster);
  host = await TestServer.start({ args: ['--config', config] });
  started.push(host);
  token = await host.token();

  const kubeconfig = (await readFile(cluster.kubeconfig)).toString('base64');
  const spec = { joinFederation: true, enable: true, connection: { type: 'direct', kubeconfig } };
  const { status, json } = await host.kubernetes(CLUSTERS, {
    method: 'POST',
    body: {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: 'east' },
      spec,
    },
  });
  assert.equal(status, 201, JSON.stringify(json));

  await eventually(async () => {
    const { conditions } = (await host.kubernetes(`${CLUSTERS}/east`)).json.status ?? {};
    const found = conditions?.find(({ type }) => type === 'KubeSphereInstalled');
    assert.equal(found?.status, 'False');
  }, 30_000);
});

after(async () => {
  for (const one of started.reverse()) {
    await one.stop();
  }
  if (dir) {
    await rm(dir, { recursive: true });
  }
});

const call = (path, options = {}) => host.call(path, { token, ...options });

/** Creates an object of the member through the host. */
async function create(path, body) {
  const { status, json } = await onMember(path, { method: 'POST', body });
  assert.equal(status, 201, `${path}: ${JSON.stringify(json)}`);
}

/**
 * Makes a call to the member's Kubernetes API through the host.
 * @param {string} path
 * @param {{ method?: string, body?: unknown, type?: string }} [options]
 */
async function onMember(path, { method = 'GET', body, type } = {}) {
  const { status, json } = await call(path.replace(/^\/(apis?)\//, '/$1/clusters/east/'), {
    method,
    body,
    ...(type && { headers: { 'content-type': type } }),
  });

  return { status, json };
}

test('objects of a real member are written, listed and watched through the host', {
  skip,
}, async () => {
  await create('/api/v1/namespaces/default/configmaps', { metadata: { name: 'real' } });

  await eventually(async () => {
    const list = `${K}/resources.kubesphere.io/v1alpha3/namespaces/default/configmaps?name=real`;
    assert.equal((await call(list)).json.totalItems, 1);
  });

  const discovery = await onMember('/apis/apps/v1');
  assert.equal(discovery.json.kind, 'APIResourceList');

  const version = await call(`${K}/version`);
  assert.match(version.json.kubernetes.gitVersion, /^v1\./);
});

test('a terminal opens on a node of the member', { skip }, async () => {
  const kubelet = await startKubelet({ main: { sh: '/bin/sh' } });
  started.push(kubelet);

  await makePod(onMember, {
    port: kubelet.port,
    namespace: 'default',
    pod: 'web',
    containers: ['main'],
  });

  const terminal = new TerminalClient(host, 'default/web', {
    token,
    query: '?container=main&shell=sh',
    cluster: 'east',
  });

  assert.equal(await terminal.status, 101);
  terminal.type('echo $((6 * 7))-from-the-member\n');
  await terminal.until(/42-from-the-member/);
  terminal.socket.close();
  await terminal.closed;

  const refused = new TerminalClient(host, 'default/web', { token: 'nonsense', cluster: 'east' });
  assert.equal(await refused.status, 401);
});

test('metrics come from the Prometheus of the member', { skip }, async () => {
  const page = () =>
    'namespace:container_cpu_usage_seconds_total:sum_rate{namespace="default"} 0.25\n';
  const prometheus = await startPrometheus(page);
  const front = createServer(async (req, res) => {
    const body = [];
    for await (const piece of req) {
      body.push(piece);
    }

    const { authorization, impersonate } = req.headers;
    const answer = await fetch(prometheus.url + req.url, {
      method: req.method,
      headers: { 'content-type': req.headers['content-type'] ?? '' },
      ...(req.method === 'POST' && { body: Buffer.concat(body) }),
    });
    seen.push({ authorization, impersonate });
    res.writeHead(answer.status, { 'content-type': 'application/json' });
    res.end(await answer.text());
  });
  const seen = [];

  await new Promise((resolve) => front.listen(0, address, () => resolve(undefined)));
  started.push({
    stop: async () => {
      front.closeAllConnections();
      front.close();
      await prometheus.close();
    },
  });

  await create('/api/v1/namespaces', { metadata: { name: 'metrics' } });
  await create('/api/v1/namespaces/metrics/services', {
    metadata: { name: 'own' },
    spec: { ports: [{ name: 'web', port: 9090 }] },
  });
  // kube-apiserver relays to addresses of pods alone.
  const pods = '/api/v1/namespaces/metrics/pods';
  await create(pods, {
    metadata: { name: 'prometheus' },
    spec: { nodeName: 'node', containers: [{ name: 'prometheus', image: 'i' }] },
  });
  await onMember(`${pods}/prometheus/status`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] } },
  });

  const targetRef = { kind: 'Pod', namespace: 'metrics', name: 'prometheus' };
  await create('/api/v1/namespaces/metrics/endpoints', {
    metadata: { name: 'own' },
    subsets: [
      { addresses: [{ ip: address, targetRef }], ports: [{ name: 'web', port: portOf(front) }] },
    ],
  });

  const { status } = await host.kubernetes(`${CLUSTERS}/east`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: {
      metadata: { annotations: { 'monitoring.kubesphere.io/prometheus': 'metrics/own:web' } },
    },
  });
  assert.equal(status, 200);

  await eventually(async () => {
    const path = `${K}/monitoring.kubesphere.io/v1alpha3/namespaces/default`;
    const { json } = await call(`${path}?metrics_filter=namespace_cpu_usage$`);
    assert.equal(json.results?.[0]?.data?.result?.[0]?.value?.[1], '0.25', JSON.stringify(json));
  }, 30_000);

  assert.ok(seen.length > 0);
  assert.deepEqual(
    seen.filter(({ authorization }) => authorization !== undefined),
    [],
  );
});
