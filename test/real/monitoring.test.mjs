// The monitoring API over a real Prometheus: every metric, every path, and what tenants can see.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { hasPrometheus, startPrometheus } from './prometheus.mjs';

const { TestServer } = await import('../../packages/server/dist/test/support/test-server.js');

const skip = hasPrometheus() ? false : 'needs Prometheus';
const K = '/kapis/monitoring.kubesphere.io/v1alpha3';
const PROMETHEUS = '/kapis/monitoring.kubesphere.io/prometheus/api/v1';

/** Values of the two tenants, which appear nowhere else. */
const OURS = 12_345;
const THEIRS = 67_890;

/** Series of one tenant, as exporters and recording rules make them. */
function seriesOf(tenant, value) {
  const [namespace, workspace] = [`ns-${tenant}`, `ws-${tenant}`];
  const pod = `namespace="${namespace}",pod="app-${tenant}-1"`;
  const workload = `namespace="${namespace}",workspace="${workspace}",workload="Deployment:app-${tenant}"`;

  return [
    `kube_namespace_labels{namespace="${namespace}",workspace="${workspace}"} 1`,
    `kube_pod_info{${pod},node="node-${tenant}"} 1`,
    `kube_pod_owner{${pod},owner_kind="ReplicaSet",owner_name="app-${tenant}-5f"} 1`,
    `container_memory_usage_bytes{${pod},container="c",image="i",job="kubelet"} ${value}`,
    `kube_pod_status_phase{${pod},phase="Running"} 1`,
    `kube_deployment_spec_replicas{namespace="${namespace}",deployment="app-${tenant}"} ${value}`,
    `namespace:workload_memory_usage:sum{${workload}} ${value}`,
    `namespace:container_memory_usage_bytes:sum{namespace="${namespace}",workspace="${workspace}"} ${value}`,
    `kube_persistentvolumeclaim_info{namespace="${namespace}",persistentvolumeclaim="data",storageclass="fast"} 1`,
    `kubelet_volume_stats_used_bytes{namespace="${namespace}",persistentvolumeclaim="data"} ${value}`,
    `shop_orders{namespace="${namespace}",secret="of-${tenant}"} ${value}`,
    `node:node_num_cpu:sum{node="node-${tenant}"} ${value}`,
  ];
}

const page = () =>
  ['# TYPE shop_orders gauge', ...seriesOf('a', OURS), ...seriesOf('b', THEIRS), ''].join('\n');

let prometheus;
let server;
let admin;
let viewer;

before(async () => {
  if (skip) {
    return;
  }

  prometheus = await startPrometheus(page);

  const config = join(await mkdtemp(join(tmpdir(), 'ks-monitoring-')), 'kubesphere.yaml');
  await writeFile(config, `monitoring: { endpoint: "${prometheus.url}", timeout: 5s }\n`);

  server = await TestServer.start({ args: ['--config', config, '--register-node', 'false'] });
  admin = await server.token();

  for (const tenant of ['a', 'b']) {
    await create('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
      metadata: { name: `ws-${tenant}` },
      spec: { template: { spec: { manager: 'admin' } } },
    });
    await create('/api/v1/namespaces', {
      metadata: { name: `ns-${tenant}`, labels: { 'kubesphere.io/workspace': `ws-${tenant}` } },
    });
  }

  await create('/kapis/iam.kubesphere.io/v1alpha2/users', {
    metadata: {
      name: 'viewer',
      annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
    },
    spec: { email: 'viewer@example.com', password: 'Passw0rd!' },
  });
  await create('/kapis/iam.kubesphere.io/v1alpha2/workspaces/ws-a/workspacemembers', [
    { username: 'viewer', roleRef: 'ws-a-viewer' },
  ]);

  viewer = await server.token('viewer', 'Passw0rd!');
  await prometheus.scraped('shop_orders');
});

after(async () => {
  await server?.stop();
  await prometheus?.close();
});

async function create(path, body) {
  const { status, text } = await server.call(path, { token: admin, body });
  assert.ok(status < 300, `${path}: ${status} ${text}`);
}

const read = async (path, token = admin) => {
  const { status, json, text } = await server.call(path, { token });
  assert.equal(status, 200, `${path}: ${text}`);

  return json;
};

const LEVELS = [
  '/cluster',
  '/nodes',
  '/nodes/node-a',
  '/workspaces',
  '/workspaces/ws-a',
  '/workspaces/ws-a/namespaces',
  '/namespaces',
  '/namespaces/ns-a',
  '/namespaces/ns-a/workloads',
  '/namespaces/ns-a/workloads/deployment',
  '/namespaces/ns-a/workloads/deployment/app-a/pods',
  '/namespaces/ns-a/pods',
  '/namespaces/ns-a/pods/app-a-1',
  '/nodes/node-a/pods',
  '/nodes/node-a/pods/app-a-1',
  '/namespaces/ns-a/pods/app-a-1/containers',
  '/namespaces/ns-a/pods/app-a-1/containers/c',
  '/namespaces/ns-a/persistentvolumeclaims',
  '/namespaces/ns-a/persistentvolumeclaims/data',
  '/storageclasses/fast/persistentvolumeclaims',
  '/components/etcd',
  '/components/apiserver',
  '/components/scheduler',
  '/namespaces/ns-a/ingresses?job=nginx',
  '/namespaces/ns-a/ingresses/web?job=nginx&pod=x&duration=10m',
  '/pods',
];

test('Prometheus accepts every metric of every path, at a time and over a range', {
  skip,
}, async () => {
  const end = Math.floor(Date.now() / 1000);

  for (const path of LEVELS) {
    for (const time of ['', `start=${end - 60}&end=${end}&step=15s`]) {
      const { results } = await read(`${K}${path}${path.includes('?') ? '&' : '?'}${time}`);
      const failed = results.filter(({ error }) => error !== undefined);
      assert.deepEqual(failed, [], `${path} ${time}`);
    }
  }
});

test('numbers arrive with the labels that consoles read', { skip }, async () => {
  const metricOf = async (path, metric) => {
    const { results } = await read(
      `${K}${path}${path.includes('?') ? '&' : '?'}metrics_filter=${metric}$`,
    );
    const [{ data }] = results;

    return [data.result?.[0].metric, Number(data.result?.[0].value[1])];
  };

  assert.deepEqual(await metricOf('/namespaces/ns-a/pods', 'pod_memory_usage'), [
    {
      namespace: 'ns-a',
      node: 'node-a',
      owner_kind: 'ReplicaSet',
      owner_name: 'app-a-5f',
      pod: 'app-a-1',
    },
    OURS,
  ]);
  assert.deepEqual(
    (await metricOf('/namespaces/ns-a/workloads', 'workload_deployment_replica'))[0],
    { namespace: 'ns-a', owner_kind: 'Deployment', workload: 'Deployment:app-a' },
  );
  assert.equal((await metricOf('/nodes?resources_filter=node-b', 'node_cpu_total'))[1], THEIRS);
  assert.equal(
    (await metricOf('/pods?namespaced_resources_filter=ns-b/app-b-1', 'pod_memory_usage'))[1],
    THEIRS,
  );
});

test('a ranking puts the larger first, and the smaller on the second page', { skip }, async () => {
  const pageOf = async (number) => {
    const ranked = `sort_metric=node_cpu_total&limit=1&page=${number}`;
    const list = await read(`${K}/nodes?metrics_filter=node_cpu_total$&${ranked}`);
    assert.deepEqual([list.page, list.total_page, list.total_item], [number, 2, 2]);

    return list.results[0].data.result[0].metric.node;
  };

  assert.deepEqual([await pageOf(1), await pageOf(2)], ['node-b', 'node-a']);
});

test('before a namespace existed, its metrics are named without data', { skip }, async () => {
  const { results } = await read(`${K}/namespaces/ns-a/pods?time=1600000000&metrics_filter=x`);

  assert.equal(results.length, 5);
  assert.deepEqual(results[0], { metric_name: 'pod_cpu_usage', data: {} });
});

/** Texts that try to leave a selector, a string or a namespace. */
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '.*',
    '"} or shop_orders{a="',
    '.*"} or {namespace="ns-b',
    'a)|(.*',
    '\\',
    '\\"',
    '$pods',
    'ns-b',
    'app-b-1',
    '(?i).*',
  ),
);

const expressions = fc.oneof(
  fc.constantFrom(
    'shop_orders',
    'shop_orders{namespace="ns-b"}',
    'shop_orders{namespace="ns-b",namespace=~".*"}',
    '{__name__=~".+"}',
    'topk(scalar(max({namespace="ns-b"})), shop_orders)',
    'max_over_time(shop_orders{namespace=~".*"}[1m:1s])',
    'absent(shop_orders{namespace="ns-b"})',
    'label_replace(shop_orders, "namespace", "ns-a", "namespace", ".*")',
    'count_values("secret", {__name__=~"shop.*"})',
    'shop_orders offset -1s or shop_orders @ end()',
    'quantile(scalar(sum(shop_orders{secret="of-b"})) / 1e9, shop_orders)',
  ),
  texts.map((text) => `shop_orders{secret=~${JSON.stringify(text)}}`),
);

test('no parameter shows a tenant what another one has', { skip }, async () => {
  const names = ['metrics_filter', 'resources_filter', 'sort_metric', 'expr', 'metric', 'query'];
  const paths = [
    '/namespaces/ns-a',
    '/namespaces/ns-a/workloads',
    '/namespaces/ns-a/pods',
    '/namespaces/ns-a/persistentvolumeclaims',
    '/workspaces/ws-a/namespaces',
    '/namespaces/ns-a/targets/query',
    '/namespaces/ns-a/targets/labelsets',
    '/namespaces/ns-a/targets/metadata',
  ].map((path) => K + path);
  const doors = ['/query', '/query_range', '/series', '/labels', '/label/secret/values'].map(
    (path) => PROMETHEUS + path,
  );
  const times = [
    '',
    `&start=${Math.floor(Date.now() / 1000) - 5}&end=${Math.floor(Date.now() / 1000)}&step=5s`,
  ];

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths, ...doors),
      fc.dictionary(fc.constantFrom(...names), fc.oneof(texts, expressions)),
      expressions,
      fc.constantFrom(...times),
      async (path, parameters, expression, time) => {
        const query = new URLSearchParams(parameters);

        query.set('expr', expression);
        query.set('query', expression);
        query.append('match[]', expression);

        const { status, text } = await server.call(`${path}?${query}${time}`, { token: viewer });

        assert.ok(status < 500, `${status} ${text}`);
        assert.doesNotMatch(text, new RegExp(`${THEIRS}|of-b|app-b-1`), `${path}?${query}`);
      },
    ),
    { numRuns: 400 },
  );
});

test('the Prometheus API answers as Prometheus does, for Grafana', { skip }, async () => {
  const own = await read(`${PROMETHEUS}/query?query=shop_orders`, viewer);
  assert.deepEqual(
    own.data.result.map(({ metric }) => metric.namespace),
    ['ns-a'],
  );

  const all = await server.call(`${PROMETHEUS}/query`, {
    token: admin,
    form: { query: 'sum(shop_orders)' },
  });
  assert.equal(Number(all.json.data.result[0].value[1]), OURS + THEIRS);

  assert.deepEqual((await read(`${PROMETHEUS}/label/secret/values`, viewer)).data, ['of-a']);
  assert.deepEqual((await read(`${PROMETHEUS}/label/secret/values`)).data, ['of-a', 'of-b']);
  assert.deepEqual(Object.keys((await read(`${PROMETHEUS}/metadata`)).data), ['shop_orders']);

  const wrong = await server.call(`${PROMETHEUS}/query?query=sum(`, { token: admin });
  assert.deepEqual(
    [wrong.status, wrong.json.status, wrong.json.errorType],
    [400, 'error', 'bad_data'],
  );
});

test('while Prometheus is gone, every metric says so with status 200', { skip }, async () => {
  await prometheus.stop();

  const { results } = await read(`${K}/cluster?metrics_filter=cluster_cpu_total$`);
  assert.deepEqual(results[0].data, {});
  assert.match(results[0].error, /ECONNREFUSED/);
  assert.deepEqual(await read(`${K}/namespaces/ns-a/targets/metadata`), { data: null });

  const { status, json } = await server.call(`${PROMETHEUS}/query?query=up`, { token: admin });
  assert.deepEqual([status, json.status, json.errorType], [502, 'error', 'unavailable']);
});
