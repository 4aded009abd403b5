import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { ObjectKind } from '../scrape/objects/object-kinds.ts';
import { Collector } from './collector.ts';
import type { KubeletPage } from './collector-options.ts';

const START = Date.UTC(2026, 0, 1, 0, 10);
const MINUTE = 60_000;
const SIMULATED = 'example.com/simulated';

const directory = mkdtempSync(join(tmpdir(), 'ks-collector-'));
const messages: string[] = [];
let now = START;
let collector: Collector;

interface PodOptions {
  phase?: string;
  ready?: boolean;
  waiting?: string;
  owner?: { kind: string; name: string };
  node?: string;
}

function pod(name: string, options: PodOptions = {}): KubeObject {
  const { phase = 'Running', ready = false, waiting, owner, node = 'a' } = options;

  return {
    metadata: {
      name,
      namespace: 'demo',
      uid: name,
      ...(owner && {
        ownerReferences: [{ apiVersion: 'v1', uid: 'o', controller: true, ...owner }],
      }),
    },
    spec: {
      nodeName: node,
      containers: [{ name: 'app', image: 'nginx:1', resources: { requests: { cpu: '1' } } }],
    },
    status: {
      phase,
      hostIP: node === 'a' ? '10.0.0.1' : '10.0.0.2',
      startTime: new Date(START - 60 * MINUTE).toISOString(),
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: ready ? 'True' : 'False' },
      ],
      containerStatuses: [
        { name: 'app', ready, ...(waiting && { state: { waiting: { reason: waiting } } }) },
      ],
    },
  };
}

function node(name: string, address: string, more: Partial<KubeObject['metadata']>): KubeObject {
  return {
    metadata: { name, ...more },
    status: {
      addresses: [{ type: 'InternalIP', address }],
      conditions: [{ type: 'Ready', status: name === 'a' ? 'True' : 'Unknown' }],
      capacity: { cpu: '2', memory: '8000', pods: '10' },
    },
  };
}

function namespace(name: string, workspace: string): KubeObject {
  return { metadata: { name, labels: { 'kubesphere.io/workspace': workspace } } };
}

const web = { kind: 'ReplicaSet', name: 'web-front-5d8f' };

const OBJECTS: Partial<Record<ObjectKind, KubeObject[]>> = {
  namespaces: [namespace('demo', 'ws'), namespace('quiet', 'ws')],
  nodes: [
    node('a', '10.0.0.1', { labels: { 'node-role.kubernetes.io/master': '' } }),
    node('sim', '10.0.0.2', { annotations: { [SIMULATED]: 'true' } }),
  ],
  pods: [
    pod('web-1', { ready: true, owner: web }),
    pod('web-2', { ready: true, owner: web }),
    pod('alone', { ready: true }),
    pod('done', { phase: 'Succeeded', owner: { kind: 'Job', name: 'done' } }),
    pod('broken', { waiting: 'CrashLoopBackOff' }),
    pod('coming', { phase: 'Pending', waiting: 'ContainerCreating' }),
    pod('simulated', { ready: true, node: 'sim', owner: { kind: 'DaemonSet', name: 'agent' } }),
  ],
  deployments: [
    {
      metadata: { name: 'web-front', namespace: 'demo' },
      spec: { replicas: 4 },
      status: { unavailableReplicas: 1, availableReplicas: 3 },
    },
  ],
  statefulsets: [
    {
      metadata: { name: 'db', namespace: 'demo' },
      spec: { replicas: 2 },
      status: { currentReplicas: 1 },
    },
  ],
};

function apply(kind: ObjectKind, object: KubeObject, isDeleted = false): void {
  const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
  const bytes = isDeleted ? undefined : Buffer.from(JSON.stringify(object));

  collector.apply(kind, [{ key, bytes }]);
}

/** What cAdvisor tells of two pods that each use half a processor. */
function cadvisor(minute: number): string {
  const lines = ['container_cpu_usage_seconds_total{id="/"} 99', 'machine_cpu_cores 2'];

  for (const name of ['web-1', 'web-2']) {
    const at = `container="app",image="nginx:1",namespace="demo",pod="${name}"`;
    lines.push(`container_cpu_usage_seconds_total{${at}} ${1000 + minute * 30} ${now}`);
    lines.push(`container_memory_usage_bytes{${at}} 300`);
    lines.push(`container_memory_working_set_bytes{${at}} 200`);
    const network = `interface="eth0",namespace="demo",pod="${name}"`;
    lines.push(`container_network_receive_bytes_total{${network}} ${minute * 600}`);
  }

  return lines.join('\n');
}

/** A node that uses half a processor, 6000 of 8000 bytes, and 3/4 of its disk. */
function summary(minute: number): string {
  return JSON.stringify({
    node: {
      startTime: new Date(START - 60 * MINUTE).toISOString(),
      cpu: { usageCoreNanoSeconds: (100 + minute * 30) * 1e9 },
      memory: { availableBytes: 2000 },
      fs: { capacityBytes: 100, availableBytes: 25, inodes: 10, inodesFree: 8 },
      network: { interfaces: [{ name: 'eth0', rxBytes: minute * 60, txBytes: 0 }] },
    },
    pods: [
      {
        podRef: { namespace: 'demo', name: 'web-1' },
        containers: [{ name: 'app', memory: { workingSetBytes: 111 } }],
        volume: [{ pvcRef: { namespace: 'demo', name: 'data' }, usedBytes: 5, capacityBytes: 10 }],
      },
    ],
  });
}

function add(page: KubeletPage, text: string | undefined): void {
  collector.add({
    time: now,
    source: { kind: 'kubelet', node: 'a', page },
    bytes: text === undefined ? undefined : Buffer.from(text),
    seconds: 0.5,
  });
}

async function round(minute: number, pages: Partial<Record<KubeletPage, string | undefined>>) {
  now = START + minute * MINUTE;
  await collector.begin(now);

  for (const [page, text] of Object.entries(pages) as [KubeletPage, string | undefined][]) {
    add(page, text);
  }

  collector.add({
    time: now,
    source: { kind: 'apiserver' },
    bytes: Buffer.from(`apiserver_request_total{verb="GET"} ${minute * 120}\n`),
    seconds: 0,
  });
  await collector.end(now);
}

/** Returns values by the given labels. */
async function query(expression: string, ...labels: string[]): Promise<Record<string, number>> {
  const { resultType, result } = await collector.queries.query(expression, now / 1000);
  assert.equal(resultType, 'vector');

  return Object.fromEntries(
    result.map(({ metric, value: [, value] }) => [
      labels.map((label) => metric[label] ?? '').join(' '),
      Number(value),
    ]),
  );
}

async function value(expression: string): Promise<number | undefined> {
  return (await query(expression))[''];
}

before(async () => {
  const tell = (message: string) => messages.push(message);

  collector = await Collector.open(
    { directory, log: { warn: tell, info: tell }, now: () => now },
    { instance: 'ks', simulatedAnnotation: SIMULATED },
  );

  for (const [kind, objects] of Object.entries(OBJECTS) as [ObjectKind, KubeObject[]][]) {
    for (const object of objects) {
      apply(kind, object);
    }
  }

  for (const minute of [0, 1, 2]) {
    await round(minute, { cadvisor: cadvisor(minute), summary: summary(minute) });
  }
});

after(async () => {
  await collector.close();
  rmSync(directory, { recursive: true, force: true });
});

test('no rule and no target fails', () => {
  assert.deepEqual(messages, []);
});

test('pods are counted for each node, with its address and role', async () => {
  assert.deepEqual(await query('node:pod_count:sum', 'node', 'host_ip', 'role'), {
    'a 10.0.0.1 master': 6,
    'sim 10.0.0.2 ': 1,
  });
  assert.deepEqual(await query('node:pod_capacity:sum', 'node'), { a: 10, sim: 10 });
  assert.deepEqual(await query('node:pod_running:count', 'node'), { a: 4, sim: 1 });
  assert.deepEqual(await query('node:pod_succeeded:count', 'node'), { a: 1 });
  assert.deepEqual(await query('node:pod_utilization:ratio', 'node'), { a: 0.4, sim: 0.1 });
  assert.deepEqual(await query('node:pod_abnormal:count', 'node'), { a: 1 });
  assert.deepEqual(await query('node:pod_abnormal:ratio', 'node'), { a: 0.2 });
});

test('a node that a kubelet tells of has its processors, memory, disk and network', async () => {
  const ofA = async (name: string) => (await query(`${name}{node="a"}`, 'node')).a;

  assert.equal(await ofA('node:node_num_cpu:sum'), 2);
  assert.equal(await ofA('node:node_cpu_utilisation:avg1m'), 0.25);
  assert.equal(await ofA('node:node_memory_bytes_total:sum'), 8000);
  assert.equal(await ofA('node:node_memory_utilisation:'), 0.75);
  assert.equal(await ofA('node:disk_space_utilization:ratio'), 0.75);
  assert.equal(Math.round(((await ofA('node:disk_inode_utilization:ratio')) ?? 0) * 10), 2);
  assert.equal(await ofA('node:node_net_bytes_received:sum_irate'), 1);
});

test('simulated nodes have what their pods use', async () => {
  const cpu = (await query('node:node_cpu_utilisation:avg1m{node="sim"}', 'node')).sim ?? 0;
  const pods = (await query('namespace:workload_cpu_usage:sum{workload="DaemonSet:agent"}'))[''];

  assert.ok(pods !== undefined && pods > 0.1 && pods < 1, `${pods}`);
  assert.ok(Math.abs(cpu * 2 - pods - 0.15) < 0.02, `${cpu}`);
});

test('the cluster is the sum of its nodes and pods', async () => {
  assert.equal(await value('cluster:pod:sum'), 7);
  assert.equal(await value('cluster:pod_running:count'), 5);
  assert.equal(await value('cluster:pod_utilization:ratio'), 0.25);
  assert.equal(await value('cluster:pod_abnormal:sum'), 1);
  assert.equal(await value('cluster:pod_abnormal:ratio'), 1 / 6);
  assert.equal(await value('cluster:node_offline:sum'), 1);
  assert.equal(await value('cluster:node_offline:ratio'), 0.5);
  assert.equal(await value('sum(node:node_num_cpu:sum)'), 4);
});

test('namespaces have their workspace, and 0 where nothing runs', async () => {
  const memory = 'namespace:container_memory_usage_bytes_wo_cache:sum';
  const cpu = 'namespace:container_cpu_usage_seconds_total:sum_rate';

  assert.deepEqual(await query(`${memory}{namespace="quiet"}`, 'workspace', 'namespace'), {
    'ws quiet': 0,
  });
  assert.ok(((await query(`${memory}{namespace="demo"}`, 'namespace')).demo ?? 0) > 400);
  assert.ok(((await query(`${cpu}{namespace="demo"}`, 'namespace')).demo ?? 0) > 1);
  assert.deepEqual(await query('namespace:pod_abnormal:count', 'namespace'), { demo: 1 });
  assert.deepEqual(await query('namespace:pod_abnormal:ratio', 'namespace'), { demo: 1 / 6 });
});

test('workloads have what their pods use, and the share of their replicas that is missing', async () => {
  const of = (name: string) =>
    query(`${name}{workload!="DaemonSet:agent"}`, 'workload', 'owner_kind');

  assert.deepEqual(await of('namespace:workload_cpu_usage:sum'), {
    'Deployment:web-front Deployment': 1,
  });
  assert.deepEqual(await of('namespace:workload_memory_usage:sum'), {
    'Deployment:web-front Deployment': 600,
  });
  assert.deepEqual(await of('namespace:workload_net_bytes_received:sum_irate'), {
    'Deployment:web-front Deployment': 20,
  });
  assert.deepEqual(
    await query('namespace:deployment_unavailable_replicas:ratio', 'workload', 'workspace'),
    { 'Deployment:web-front ws': 0.25 },
  );
  assert.deepEqual(await query('namespace:statefulset_unavailable_replicas:ratio', 'workload'), {
    'StatefulSet:db': 0.5,
  });
});

test('the API server and all scrapes are told', async () => {
  assert.equal(await value('apiserver:up:sum'), 1);
  assert.deepEqual(await query('apiserver:apiserver_request_total:sum_verb_irate', 'verb'), {
    GET: 2,
  });
  assert.deepEqual(await query('up{job="kubelet",instance="a"}', 'metrics_path'), {
    '/metrics/cadvisor': 1,
    '/stats/summary': 1,
  });
  assert.deepEqual(await query('kubelet_volume_stats_used_bytes', 'persistentvolumeclaim'), {
    data: 5,
  });
});

test('control groups without a pod and metrics that nobody reads are left out', async () => {
  assert.deepEqual(await query('count({id="/"})'), {});
  assert.deepEqual(await query('machine_cpu_cores'), {});
});

test('what is gone ends, and a page that is missing costs only itself', async () => {
  const [, second] = OBJECTS.pods ?? [];
  assert.ok(second);
  apply('pods', second, true);

  await round(3, { cadvisor: undefined, summary: summary(3) });

  assert.deepEqual(await query('up{instance="a",job=~"kubelet|node-exporter"}', 'metrics_path'), {
    '': 1,
    '/metrics/cadvisor': 0,
    '/stats/summary': 1,
    '/stats/summary/containers': 1,
  });
  assert.deepEqual(await query('kube_pod_info{pod="web-2"}', 'pod'), {});
  assert.deepEqual(
    await query('container_memory_working_set_bytes{instance="a"}', 'pod', 'image'),
    { 'web-1 nginx:1': 111 },
  );

  await round(4, { cadvisor: '<html>', summary: 'no JSON' });

  assert.match(messages.join('\n'), /kubelet\/a\/cadvisor could not be read: line 1/);
  assert.match(messages.join('\n'), /"summary"} could not be read: /);
  assert.deepEqual(await query('node:node_num_cpu:sum', 'node'), { sim: 2 });
  assert.deepEqual(await query('cluster:pod_running:count'), { '': 4 });
});

test('only targets are scraped where that is wanted, and told as Prometheus does', async () => {
  const apart = mkdtempSync(join(tmpdir(), 'ks-collector-'));
  const labels = { job: 'shop', instance: 'shop:80', namespace: 'demo' };
  const scraped = await Collector.open(
    { directory: apart, log: { warn: () => {}, info: () => {} }, now: () => now },
    {
      instance: 'ks',
      simulatedAnnotation: SIMULATED,
      targets: [
        { labels, honorLabels: true },
        { labels: { ...labels, instance: 'bank:80' }, honorLabels: false },
      ],
      collects: 'targets',
      rules: 'none',
    },
  );

  const pages = ['a{namespace="own"} 1\nb 2\n', 'a{namespace="own"} 1\n# TYPE c untyped\nc 1\n'];
  const keysOf = async (expression: string) => {
    const { result } = await scraped.queries.query(expression, now / 1000);
    return result.map((row) => (typeof row === 'object' && 'metric' in row ? row.metric : {}));
  };

  try {
    await scraped.begin(now);
    for (const [index, text] of [...pages, 'none'].entries()) {
      const source = { kind: 'target', index, format: 'text' } as const;
      scraped.add({ time: now, source, bytes: Buffer.from(text), seconds: 0.25 });
    }
    await scraped.end(now);

    assert.deepEqual(await keysOf('a'), [
      { __name__: 'a', ...labels, namespace: 'own' },
      { __name__: 'a', ...labels, instance: 'bank:80', exported_namespace: 'own' },
    ]);
    assert.deepEqual(
      (await scraped.queries.series(['{__name__=~"up|scrape_.*", instance="shop:80"}'], {})).map(
        ({ __name__: name, ...others }) => [name, others],
      ),
      [
        ['up', labels],
        ['scrape_duration_seconds', labels],
        ['scrape_samples_scraped', labels],
        ['scrape_samples_post_metric_relabeling', labels],
        ['scrape_series_added', labels],
      ],
    );
    assert.equal((await keysOf('{job!~"shop|"}')).length, 0);
    assert.equal((await keysOf('scrape_series_added == 2')).length, 2);
    assert.deepEqual(await scraped.queries.targetMetadata('{instance="bank:80"}'), [
      { metric: 'c', type: 'unknown', help: '' },
    ]);
  } finally {
    await scraped.close();
    rmSync(apart, { recursive: true, force: true });
  }
});
