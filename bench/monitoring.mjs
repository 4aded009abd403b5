// What the monitoring API adds to the time of the Prometheus below it: one call, and the calls of
// the console's overview page, in turns with the same queries sent to Prometheus itself.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { expressionOf } from '../packages/server/dist/models/monitoring/metrics/metric-templates.js';
import { componentLevel, LEVELS } from '../packages/server/dist/models/monitoring/query/levels.js';
import { hasPrometheus, startPrometheus } from '../test/real/prometheus.mjs';
import { startServer } from '../test/server.mjs';

const K = '/kapis/monitoring.kubesphere.io/v1alpha3';
const NODES = 100;
const PODS = 3000;
const dispatcher = new Agent({ connections: 128 });

/** @typedef {import('../packages/server/dist/models/monitoring/query/levels.js').Level} Level */

/**
 * The metrics that the overview page of a cluster shows, by path, level and ranking.
 * @type {[path: string, level: Level, filter: string, more?: string][]}
 */
const OVERVIEW = [
  [
    '/cluster',
    LEVELS.cluster,
    'cluster_cpu_usage|cluster_cpu_total|cluster_memory_usage_wo_cache|cluster_memory_total|cluster_disk_size_usage|cluster_disk_size_capacity|cluster_pod_running_count|cluster_pod_quota$',
  ],
  [
    '/components/apiserver',
    componentLevel('apiserver'),
    'apiserver_request_latencies|apiserver_request_rate$',
  ],
  [
    '/nodes',
    LEVELS.node,
    'node_cpu_utilisation|node_cpu_usage|node_cpu_total|node_memory_utilisation|node_memory_usage_wo_cache|node_memory_total|node_disk_size_utilisation|node_pod_utilisation|node_pod_running_count|node_load1$',
    '&sort_metric=node_cpu_utilisation&sort_type=desc&page=1&limit=5',
  ],
  ['/components/scheduler', componentLevel('scheduler'), 'scheduler_schedule_attempts$'],
];

function page() {
  const lines = ['apiserver:apiserver_request_duration:avg 0.02'];

  for (let i = 0; i < NODES; i++) {
    const node = `node="node-${i}"`;
    lines.push(
      `node:node_num_cpu:sum{${node}} 8`,
      `node:node_cpu_utilisation:avg1m{${node}} ${(i % 17) / 17}`,
      `node:node_memory_utilisation:{${node}} ${(i % 13) / 13}`,
      `node:node_memory_bytes_total:sum{${node}} 68719476736`,
      `node:node_memory_bytes_available:sum{${node}} ${(i % 7) * 1e9}`,
      `node:pod_running:count{${node}} ${i % 30}`,
      `node:load1:ratio{${node}} ${i / 100}`,
      `kube_node_status_capacity{${node},resource="pods"} 110`,
    );
  }

  for (let i = 0; i < PODS; i++) {
    lines.push(`kube_pod_info{namespace="ns-${i % 50}",pod="pod-${i}",node="node-${i % NODES}"} 1`);
  }

  return `${lines.join('\n')}\n`;
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function timed(call) {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

async function read(url, options = {}) {
  const { statusCode, body } = await request(url, { dispatcher, ...options });
  const text = await body.text();

  if (statusCode !== 200) {
    throw new Error(`${url}: ${statusCode} ${text.slice(0, 200)}`);
  }

  return text;
}

/** Returns the expressions of the metrics that a filter names. */
function expressionsOf(level, filter) {
  const names = filter.replace('$', '').split('|');
  return names.map((name) =>
    expressionOf(level.templates[name], level.select({ filter: '.*' }, name)),
  );
}

/** Measures the monitoring API over Prometheus; returns the number of errors. */
export async function monitoring(seconds) {
  if (!hasPrometheus()) {
    console.log('monitoring: needs Prometheus, left out');
    return 0;
  }

  const prometheus = await startPrometheus(page);
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(config, `monitoring: { endpoint: "${prometheus.url}" }\n`);

  const server = await startServer({
    dir: join(dir, 'data'),
    adminPassword: 'P@88w0rd',
    args: ['--config', config, '--register-node', 'false'],
  });

  try {
    await prometheus.scraped('kube_pod_info');

    const form = { grant_type: 'password', username: 'admin', password: 'P@88w0rd' };
    const answer = await fetch(`${server.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const { access_token: token } = await answer.json();
    const headers = { authorization: `Bearer ${token}` };

    const upstream = (query) =>
      read(`${prometheus.url}/api/v1/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ query }).toString(),
      });
    const ours = (path, filter, more = '') =>
      read(`${server.url}${K}${path}?metrics_filter=${encodeURIComponent(filter)}${more}`, {
        headers,
      });

    const [single] = expressionsOf(LEVELS.node, 'node_cpu_utilisation$');
    const queries = OVERVIEW.flatMap(([, level, filter]) => expressionsOf(level, filter));
    const times = { ours: [], upstream: [], ourPage: [], upstreamPage: [] };
    const end = performance.now() + seconds * 1000;

    while (performance.now() < end) {
      times.upstream.push(await timed(() => upstream(single)));
      times.ours.push(await timed(() => ours('/nodes', 'node_cpu_utilisation$')));
      times.upstreamPage.push(await timed(() => Promise.all(queries.map(upstream))));
      times.ourPage.push(
        await timed(() =>
          Promise.all(OVERVIEW.map(([path, , filter, more]) => ours(path, filter, more))),
        ),
      );
    }

    const one = [median(times.upstream), median(times.ours)];
    const whole = [median(times.upstreamPage), median(times.ourPage)];
    const ms = (value) => value.toFixed(2);

    console.log(
      `monitoring, ${NODES} nodes: one metric ${ms(one[0])} ms at Prometheus, ${ms(one[1])} ms here: ${ms(one[1] - one[0])} ms on top (goal 1)`,
    );
    console.log(
      `monitoring, overview page of ${queries.length} metrics: ${ms(whole[0])} ms at Prometheus, ${ms(whole[1])} ms here: ${(whole[1] / whole[0]).toFixed(2)} times (goal 1.1)`,
    );

    return 0;
  } finally {
    await server.stop();
    await prometheus.close();
    await rm(dir, { recursive: true, force: true });
  }
}
