import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { EmbeddedMetrics } from '@ks-apiserver/metrics/embedded/embedded-metrics';

const SIMULATED = 'example.com/simulated';

let version = 0;

/** Puts an object into a store, as an informer does. */
function put(store: InformerStore, object: KubeObject): void {
  version += 1;
  object.metadata.resourceVersion = String(version);
  store.set(makeEntry(object, Buffer.from(JSON.stringify(object))));
}

function nodeOf(name: string, annotations = {}): KubeObject {
  return {
    metadata: { name, annotations },
    status: {
      addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      capacity: { cpu: '4', memory: '8Gi', pods: '10' },
    },
  };
}

function podOf(name: string, nodeName: string): KubeObject {
  return {
    metadata: { name, namespace: 'demo', uid: name },
    spec: { nodeName, containers: [{ name: 'app', image: 'nginx:1' }] },
    status: { phase: 'Running', hostIP: '10.0.0.1', startTime: '2026-01-01T00:00:00Z' },
  };
}

/** A cluster of which one kubelet answers and another does not. */
const transport = {
  calls: 0,
  async request({ url, signal }: KubeRequest): Promise<KubeResponse> {
    this.calls += 1;

    if (url.includes('/nodes/silent/')) {
      await sleep(10_000, undefined, signal && { signal });
    }

    const at = 'container="app",image="nginx:1",namespace="demo",pod="real"';
    const pages: Record<string, string> = {
      cadvisor: `container_cpu_usage_seconds_total{${at}} ${Date.now() / 2000}\ncontainer_memory_working_set_bytes{${at}} 4096\n`,
      summary: JSON.stringify({ node: { memory: { availableBytes: 5 } } }),
    };
    const page = Object.entries(pages).find(([name]) => url.endsWith(name))?.[1];

    return { status: page ? 200 : 404, headers: {}, body: Buffer.from(page ?? 'not found') };
  },
};

async function eventually<T>(what: string, get: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await get();
    if (found !== undefined) {
      return found;
    }
    await sleep(50);
  }

  assert.fail(`${what} did not come`);
}

test('metrics are collected of objects, kubelets, simulated nodes and the server itself', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ks-embedded-'));
  const [pods, nodes, secrets] = [new InformerStore(), new InformerStore(), new InformerStore()];
  const messages: string[] = [];

  put(nodes, nodeOf('real'));
  put(nodes, nodeOf('silent'));
  put(nodes, nodeOf('sim', { [SIMULATED]: 'true' }));
  put(pods, podOf('real', 'real'));
  put(pods, podOf('pretended', 'sim'));
  put(secrets, { metadata: { name: 'password', namespace: 'demo' }, data: { key: 'c2VjcmV0' } });

  const start = () =>
    EmbeddedMetrics.start({
      store: { directory },
      collector: { instance: 'ks', simulatedAnnotation: SIMULATED },
      log: { info: () => {}, warn: (message) => messages.push(message) },
      workerPath: new URL('../../worker/main.js', import.meta.url),
      objects: [
        { kind: 'pods', store: pods },
        { kind: 'nodes', store: nodes },
        { kind: 'secrets', store: secrets },
      ],
      kubelets: { transport, timeoutMs: 200 },
      ownMetrics: () => 'apiserver_request_total{verb="GET"} 5\n',
      intervalMs: 400,
    });

  let metrics = start();

  const value = (expression: string) =>
    eventually(expression, async () => {
      const answer = await metrics.queries
        .query(expression, metrics.lastRound / 1000)
        .catch(() => undefined);
      const [row] = answer?.resultType === 'vector' ? answer.result : [];

      return row?.value[1];
    });

  try {
    assert.equal(await value('kube_secret_info{secret="password"}'), '1');
    assert.equal(await value('apiserver:up:sum'), '1');
    assert.equal(await value('up{instance="real",metrics_path="/metrics/cadvisor"}'), '1');
    assert.equal(await value('up{instance="silent",metrics_path="/metrics/cadvisor"}'), '0');
    assert.equal(await value('node:node_num_cpu:sum{node="sim"}'), '4');
    assert.equal(await value('count(kube_pod_info)'), '2');

    const usage = await eventually('usage', async () => {
      const latest = await metrics.usage.pods({ namespace: 'demo' });
      return latest.items.length === 2 ? latest : undefined;
    });
    const real = usage.items.find(({ name }) => name === 'real');
    assert.equal(real?.containers[0]?.memory, 4096);
    const { cpu = 0 } = real?.containers[0] ?? {};
    assert.ok(cpu > 0.1 && cpu < 2.5, `half a processor, measured in a short time: ${cpu}`);
    assert.equal(usage.window, 0.4);
    assert.equal((await metrics.usage.pods({ name: 'pretended' })).items.length, 1);
    const nodesUsed = await eventually('use of nodes', async () => {
      const { items } = await metrics.usage.nodes({ name: 'sim' });
      return items.length > 0 ? items : undefined;
    });
    assert.equal(nodesUsed[0]?.name, 'sim');
    assert.ok((nodesUsed[0]?.memory ?? 0) > 1e9);

    put(pods, podOf('later', 'sim'));
    pods.delete('demo', 'real');
    assert.equal(await value('kube_pod_info{pod="later"}'), '1');
    assert.equal(await value('count(kube_pod_info) == 2'), '2');

    const wrong = metrics.queries.query('up{', 0);
    await assert.rejects(wrong, { name: 'QueryError', type: 'bad_data' });
    assert.deepEqual(await metrics.queries.labelValues('secret', [], {}), ['password']);
    assert.deepEqual(await metrics.queries.labels(['kube_secret_info'], {}), [
      '__name__',
      'instance',
      'job',
      'metrics_path',
      'namespace',
      'secret',
    ]);

    const { figures } = metrics;
    assert.ok((figures?.figures.series ?? 0) > 100);

    const before = metrics.lastRound;
    await metrics.stop();
    metrics = start();
    const range = { start: before / 1000 - 5, end: before / 1000, step: 1 };
    const kept = await eventually('the samples before the restart', () =>
      metrics.queries.queryRange('kube_secret_info', range).catch(() => undefined),
    );
    assert.equal(kept.resultType, 'matrix');
    assert.equal(kept.result.length, 1);
    assert.deepEqual(messages, []);
    assert.ok(transport.calls > 0);
  } finally {
    await metrics.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
