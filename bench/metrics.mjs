// node bench/metrics.mjs [--nodes 100] [--pods 3000] [--hours 24]: figures of the embedded metrics
// store. Ingests the pages of a day as fast as it can, then measures size, memory and queries. How
// queries compare with those of Prometheus: npm run bench -- --only day.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Target } from '../packages/metrics/dist/ingest/target.js';
import { EMBEDDED } from '../packages/metrics/dist/rules/rule.js';
import { RuleEvaluator } from '../packages/metrics/dist/rules/rule-evaluator.js';
import { ruleGroups } from '../packages/metrics/dist/rules/rules.js';
import { compileMatchers } from '../packages/metrics/dist/store/index/select-series.js';
import { MetricStore } from '../packages/metrics/dist/store/metric-store.js';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    pods: { type: 'string', default: '3000' },
    hours: { type: 'string', default: '24' },
  },
});

const NODES = Number(values.nodes);
const PODS = Number(values.pods);
const MINUTES = Number(values.hours) * 60;
const START = Date.UTC(2026, 0, 1);

/** A generator of numbers that is the same in every run. */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const next = random(7);

/** Series of what changes from minute to minute: counters in different units, gauges. */
class Walk {
  constructor(kind) {
    this.kind = kind;
    this.value = Math.floor(next() * 1e9);
    this.rate = next();
  }

  step() {
    switch (this.kind) {
      case 'cpu':
        this.value += 60e9 * this.rate * (0.5 + next());
        return Math.round(this.value) / 1e9;
      case 'memory':
        this.value += Math.round((next() - 0.5) * 200);
        return Math.abs(this.value) * 4096;
      case 'bytes':
        this.value += Math.round(this.rate * 60_000 * next());
        return this.value;
      case 'load':
        return Math.round(this.rate * 100 + next() * 50) / 100;
      default:
        return 1;
    }
  }
}

/** Lines of a page with a generator of values each. */
function linesOf(rows) {
  return rows.map(([text, kind]) => ({ text, walk: new Walk(kind), isFixed: kind === undefined }));
}

function pageOf(lines) {
  let page = '';
  for (const { text, walk, isFixed } of lines) {
    page += `${text} ${isFixed ? 1 : walk.step()}\n`;
  }
  return page;
}

const podName = (pod) =>
  `web-${pod % 300}-5d8f7c9b6d-${(pod * 7919).toString(36).padStart(5, 'x')}`;
const place = (pod) => `namespace="project-${pod % 60}",pod="${podName(pod)}"`;

/** What kube-state-metrics tells about pods and nodes. */
function stateRows() {
  const rows = [];

  for (let node = 0; node < NODES; node++) {
    const at = `node="node-${node}"`;
    rows.push([`node_exporter_pod_info{${at},pod="/node-${node}",host_ip="10.0.0.${node}"}`]);
    rows.push([`kube_node_status_capacity{${at},resource="pods",unit="integer"}`]);
    rows.push([`kube_node_status_condition{${at},condition="Ready",status="true"}`]);
  }

  for (let project = 0; project < 60; project++) {
    rows.push([
      `kube_namespace_labels{namespace="project-${project}",workspace="w-${project % 9}"}`,
    ]);
  }

  for (let pod = 0; pod < PODS; pod++) {
    const at = place(pod);
    const uid = `uid="8f14e45f-ceea-467f-${pod.toString(16).padStart(4, '0')}-a0a0a0a0a0a0"`;
    rows.push([
      `kube_pod_info{${at},${uid},node="node-${pod % NODES}",host_ip="10.0.0.${pod % NODES}",pod_ip="10.1.${pod % 250}.${pod % 199}",created_by_kind="ReplicaSet"}`,
    ]);
    rows.push([
      `kube_pod_owner{${at},owner_kind="ReplicaSet",owner_name="web-${pod % 300}-5d8f7c9b6d"}`,
    ]);
    for (const phase of ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']) {
      rows.push([`kube_pod_status_phase{${at},phase="${phase}"}`]);
    }
    for (const condition of ['true', 'false', 'unknown']) {
      rows.push([`kube_pod_status_ready{${at},condition="${condition}"}`]);
    }
    rows.push([`kube_pod_status_scheduled{${at},condition="true"}`]);
    for (const [resource, unit] of [
      ['cpu', 'core'],
      ['memory', 'byte'],
    ]) {
      rows.push([
        `kube_pod_container_resource_requests{${at},container="app",resource="${resource}",unit="${unit}"}`,
      ]);
      rows.push([
        `kube_pod_container_resource_limits{${at},container="app",resource="${resource}",unit="${unit}"}`,
      ]);
    }
  }
  return rows;
}

/** What the kubelet of a node tells about its pods. */
function cadvisorRows(node) {
  const rows = [];
  for (let pod = node; pod < PODS; pod += NODES) {
    const at = place(pod);
    const id = `id="/kubepods/burstable/pod${pod}/4d3c2b1a${pod}",image="registry.example.com/team/web:1.${pod % 9}",name="k8s_app_${podName(pod)}"`;
    const of = `{container="app",${id},${at}}`;
    rows.push([`container_cpu_usage_seconds_total${of}`, 'cpu']);
    rows.push([`container_memory_usage_bytes${of}`, 'memory']);
    rows.push([`container_memory_working_set_bytes${of}`, 'memory']);
    rows.push([`container_network_receive_bytes_total{interface="eth0",${at}}`, 'bytes']);
    rows.push([`container_network_transmit_bytes_total{interface="eth0",${at}}`, 'bytes']);
  }
  return rows;
}

/** What a node exporter tells. */
function nodeRows(node) {
  const rows = [];
  for (let cpu = 0; cpu < 8; cpu++) {
    for (const mode of ['idle', 'system', 'user', 'used']) {
      rows.push([`node_cpu_seconds_total{cpu="${cpu}",mode="${mode}"}`, 'cpu']);
    }
  }
  for (const name of ['MemTotal', 'MemFree', 'Cached', 'Buffers', 'SReclaimable']) {
    rows.push([`node_memory_${name}_bytes`, name === 'MemTotal' ? undefined : 'memory']);
  }
  for (const load of ['1', '5', '15']) {
    rows.push([`node_load${load}`, 'load']);
  }
  for (const disk of ['sda', 'sdb']) {
    for (const name of ['size_bytes', 'avail_bytes', 'files', 'files_free']) {
      rows.push([
        `node_filesystem_${name}{device="/dev/${disk}1",mountpoint="/${node % 3}"}`,
        'memory',
      ]);
    }
    for (const name of ['reads_completed', 'writes_completed', 'read_bytes', 'written_bytes']) {
      rows.push([`node_disk_${name}_total{device="${disk}"}`, 'bytes']);
    }
  }
  return rows;
}

const mb = (bytes) => (bytes / 1e6).toFixed(0);

function memory() {
  globalThis.gc?.();
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return `resident ${mb(rss)} MB, heap ${mb(heapUsed)} MB, outside ${mb(external + arrayBuffers)} MB`;
}

const directory = mkdtempSync(join(tmpdir(), 'ks-bench-metrics-'));
let now = START;

const store = await MetricStore.open({
  directory,
  log: console,
  now: () => now,
});

const targets = [
  {
    target: new Target(store, { labels: { job: 'kube-state-metrics' } }),
    lines: linesOf(stateRows()),
  },
  ...Array.from({ length: NODES }, (_, node) => [
    {
      target: new Target(store, { labels: { job: 'kubelet', instance: `node-${node}` } }),
      lines: linesOf(cadvisorRows(node)),
    },
    {
      target: new Target(store, {
        labels: { job: 'node-exporter', instance: `node-${node}`, pod: `/node-${node}` },
      }),
      lines: linesOf(nodeRows(node)),
    },
  ]).flat(),
];

console.log(`${os.cpus()[0].model}, Node ${process.version}, ${NODES} nodes, ${PODS} pods`);

console.log(`before: ${memory()}`);

const rounds = [];
let bytes = 0;
const before = process.cpuUsage();
let made = 0;

for (let minute = 0; minute < MINUTES; minute++) {
  now = START + minute * 60_000;

  const begun = performance.now();
  const pages = targets.map(({ lines }) => Buffer.from(pageOf(lines)));
  made += performance.now() - begun;

  const started = performance.now();
  targets.forEach(({ target }, index) => {
    bytes += pages[index].length;
    target.ingest(now, pages[index].toString('latin1'));
  });
  await store.commit();
  const ingested = performance.now();
  await store.maintain();
  rounds.push([ingested - started, performance.now() - ingested]);

  if (minute === 5 || minute === 130) {
    console.log(`after ${minute} minutes: ${memory()}`);
  }
}

const { user, system } = process.cpuUsage(before);
const times = rounds.map(([ingest]) => ingest).sort((a, b) => a - b);
const upkeep = rounds.map(([, maintain]) => maintain).sort((a, b) => a - b);
const { series, added, blocks, blockBytes } = store.figures;
const blockSamples = (added * Math.floor(MINUTES / 120) * 120) / MINUTES;

console.log(
  `series ${series}, samples ${(added / 1e6).toFixed(1)} M, pages ${mb(bytes / MINUTES)} MB a round`,
);
console.log(
  `round: median ${times[times.length >> 1].toFixed(0)} ms, longest ${times.at(-1).toFixed(0)} ms; block: ${upkeep.at(-1).toFixed(0)} ms; CPU of all ${((user + system) / 1e6 - made / 1e3).toFixed(0)} s`,
);
console.log(
  `blocks: ${blocks}, ${mb(blockBytes)} MB, ${(blockBytes / blockSamples).toFixed(2)} bytes a sample`,
);
console.log(
  `logs: ${mb(
    readdirSync(directory)
      .filter((name) => name.endsWith('.wal'))
      .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0),
  )} MB`,
);
console.log(`after all: ${memory()}`);

const rules = new RuleEvaluator(
  store,
  ruleGroups(EMBEDDED).flatMap((group) => group.rules),
  console,
);

for (let run = 0; run < 3; run++) {
  const started = performance.now();
  await rules.evaluate(now + run + 1);
  console.log(`all recording rules: ${(performance.now() - started).toFixed(0)} ms`);
}

async function time(name, matchers, range) {
  const started = performance.now();
  const selection = { matchers: compileMatchers(matchers), range };
  let [series, samples] = [0, 0];

  for await (const one of store.reader.select(selection)) {
    series += 1;
    samples += one.samples.size;
  }

  console.log(
    `${name}: ${series} series, ${samples} samples in ${(performance.now() - started).toFixed(0)} ms`,
  );
}

const metric = (value) => ({ name: '__name__', op: '=', value });
await time(
  'one series of all hours',
  [metric('node_load1'), { name: 'instance', op: '=', value: 'node-3' }],
  { start: START, end: now },
);
await time(
  'one series again',
  [metric('node_load1'), { name: 'instance', op: '=', value: 'node-3' }],
  { start: START, end: now },
);
await time('all pods, 5 minutes', [metric('container_memory_usage_bytes')], {
  start: now - 300_000,
  end: now,
});
await time('all pods, all hours', [metric('container_memory_usage_bytes')], {
  start: START,
  end: now,
});
await time(
  'one namespace, all hours',
  [metric('container_memory_usage_bytes'), { name: 'namespace', op: '=', value: 'project-7' }],
  { start: START, end: now },
);
console.log(`after queries: ${memory()}`);

await store.close();
const opening = performance.now();
const again = await MetricStore.open({ directory, log: console, now: () => now });
console.log(`start: ${(performance.now() - opening).toFixed(0)} ms`);
await again.close();
rmSync(directory, { recursive: true, force: true });
