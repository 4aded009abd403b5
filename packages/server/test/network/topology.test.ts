// The topology of a namespace: from what the server knows, and from a Weave Scope.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

const TOPOLOGY = '/kapis/network.kubesphere.io/v1alpha2/namespaces';

let dir: string;
let asked: string[] = [];
let requests = 0;

/** Istio's metrics at `/metrics`, and a Weave Scope. */
const peer = createServer((req, res) => {
  const url = new URL(req.url ?? '', 'http://peer');

  if (url.pathname === '/metrics') {
    requests += 10;
    const labels =
      'reporter="destination",source_workload="web",source_workload_namespace="default",destination_service_name="api",destination_service_namespace="default"';
    res.end(`# TYPE istio_requests_total counter\nistio_requests_total{${labels}} ${requests}\n`);
    return;
  }

  asked.push(`${req.method} ${req.url} ${req.headers.authorization ?? ''}`);

  const namespace = url.pathname.endsWith('theirs') ? 'other' : 'default';
  const metadata = [{ id: 'kubernetes_namespace', label: 'Namespace', value: namespace }];
  res.setHeader('content-type', 'text/html');
  res.end(
    url.pathname.endsWith('services')
      ? '{"nodes":{"x":{"id":"x"}}}'
      : JSON.stringify({ node: { id: 'x', metadata } }),
  );
});

let url: string;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'topology-'));
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(peer.address() as AddressInfo).port}`;
});

after(async () => {
  peer.closeAllConnections();
  peer.close();
  await rm(dir, { recursive: true, force: true });
});

async function start(config: object, args: string[]): Promise<TestServer> {
  const file = join(dir, 'kubesphere.yaml');
  await writeFile(file, JSON.stringify(config));

  return TestServer.start({ args: [...args, '--config', file] });
}

const template = (app: string) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: 'c', image: 'x' }] },
});

const deployment = (app: string, replicas: number) => ({
  metadata: { name: app },
  spec: { replicas, selector: { matchLabels: { app } }, template: template(app) },
});

test('services lead to the workloads behind them, and workloads to the services they call', async () => {
  const server = await start(
    {
      simulation: { nodes: 1, startDelay: '100ms' },
      monitoring: {
        embedded: { interval: '5s', collect: false, scrapeTargets: [{ url: `${url}/metrics` }] },
      },
    },
    ['--simulate'],
  );

  try {
    const token = await server.token();

    const create = async (path: string, body: object) => {
      const { status, json } = await server.kubernetes(path, { method: 'POST', body });
      assert.equal(status, 201, JSON.stringify(json));
    };

    await create('/apis/apps/v1/namespaces/default/deployments', deployment('web', 1));
    await create('/apis/apps/v1/namespaces/default/deployments', deployment('api', 2));
    await create('/api/v1/namespaces/default/services', {
      metadata: { name: 'api' },
      spec: { selector: { app: 'api' }, ports: [{ port: 80 }] },
    });
    await create('/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', {
      metadata: { name: 'closed' },
      spec: { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress'] },
    });

    // Two scrapes make a rate.
    const nodes = await eventually(async () => {
      const { json } = await server.call(`${TOPOLOGY}/default/topology`, { token });
      const byName = Object.fromEntries(
        // biome-ignore lint/suspicious/noExplicitAny: nodes of an answer.
        Object.values<any>(json.nodes).map((node) => [`${node.label} ${node.labelMinor}`, node]),
      );

      assert.equal(byName['api 2 pods']?.adjacency.length, 1);
      assert.equal(byName['web Deployment, 1 pod']?.adjacency.length, 1);
      return byName;
    }, 30_000);

    const service = nodes['api 2 pods'];
    const workload = nodes['api Deployment, 2 pods'];
    assert.deepEqual(service.adjacency, [workload.id]);
    assert.deepEqual(nodes['web Deployment, 1 pod'].adjacency, [service.id]);
    assert.equal(
      service.metadata.find(({ id }: { id: string }) => id === 'kubernetes_ports').value,
      '80/TCP',
    );
    assert.deepEqual(workload.tables[0].rows, [
      { id: 'closed', entries: { policy: 'closed', direction: 'Ingress' } },
    ]);

    const id = encodeURIComponent(service.id);
    const { json } = await server.call(`${TOPOLOGY}/default/topology/${id}`, { token });
    assert.equal(json.node.children[0].nodes.length, 2);
    assert.deepEqual(
      json.node.connections.map((side: { connections: { label: string }[] }) =>
        side.connections.map(({ label }) => label),
      ),
      [['web'], ['api']],
    );

    const elsewhere = await server.call(`${TOPOLOGY}/kube-system/topology/${id}`, { token });
    assert.equal(elsewhere.status, 404);
  } finally {
    await server.stop();
  }
});

test('a Weave Scope is asked for one namespace, without credentials, and shows no other', async () => {
  const server = await start({ network: { weaveScopeHost: new URL(url).host } }, []);

  try {
    const token = await server.token();
    asked = [];

    const path = `${TOPOLOGY}/default/topology`;
    const all = await server.call(`${path}?timestamp=2020&namespace=other&x=1`, { token });
    assert.deepEqual(all.json, { nodes: { x: { id: 'x' } } });
    assert.equal(all.headers.get('content-type'), 'application/json');

    const own = await server.call(`${path}/mine;%3Cservice%3E`, { token });
    assert.equal(own.json.node.id, 'x');

    const other = await server.call(`${path}/theirs`, { token });
    assert.equal(other.status, 404);

    assert.deepEqual(asked, [
      'GET /api/topology/services?namespace=default&timestamp=2020 ',
      'GET /api/topology/services/mine%3B%3Cservice%3E?namespace=default ',
      'GET /api/topology/services/theirs?namespace=default ',
    ]);
  } finally {
    await server.stop();
  }
});
