import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

const K = '/kapis/monitoring.kubesphere.io/v1alpha3';
const PROMETHEUS = '/kapis/monitoring.kubesphere.io/prometheus/api/v1';

const PAGES: Record<string, string> = {
  '/shop': '# HELP orders Orders.\n# TYPE orders counter\norders{namespace="bank"} 7\n',
  '/state': ['kube_pod_info{', 'kube_pod_status_phase{phase="Running",']
    .map((series) => `${series}namespace="shop",pod="p",job="kube-state-metrics"} 1\n`)
    .join(''),
  '/broken': 'orders seven\n',
};

/** Applications of which one hangs. */
const applications = createServer(({ url = '' }, res) => {
  const page = PAGES[url];

  if (url !== '/hangs') {
    res.writeHead(page ? 200 : 404).end(page);
  }
});

let directory: string;
let server: TestServer;
let token: string;
let instance: string;

before(async () => {
  await new Promise<void>((resolve) => applications.listen(0, '127.0.0.1', resolve));
  instance = `127.0.0.1:${(applications.address() as AddressInfo).port}`;
  directory = await mkdtemp(join(tmpdir(), 'ks-targets-'));

  const target = (path: string, more = {}) => ({ url: `http://${instance}${path}`, ...more });
  const scrapeTargets = [
    target('/shop', { labels: { namespace: 'shop', job: 'shop' } }),
    target('/state', { labels: { job: 'state' }, honorLabels: true }),
    ...['broken', 'missing', 'hangs'].map((job) => target(`/${job}`, { labels: { job } })),
  ];

  const config = join(directory, 'kubesphere.yaml');
  const monitoring = { embedded: { interval: '5s', collect: false, scrapeTargets } };
  await writeFile(config, JSON.stringify({ monitoring }));

  server = await TestServer.start({ args: ['--config', config] });
  token = await server.token();
  await server.kubernetes('/api/v1/namespaces', {
    method: 'POST',
    body: { metadata: { name: 'shop' } },
  });
});

after(async () => {
  await server.stop();
  applications.closeAllConnections();
  applications.close();
  await rm(directory, { recursive: true, force: true });
});

const read = async (path: string) => (await server.call(path, { token })).json;
const query = async (expression: string) =>
  (await read(`${PROMETHEUS}/query?query=${encodeURIComponent(expression)}`)).data.result;

test('pages are scraped with the labels of their targets, and one bad target costs itself', async () => {
  await eventually(async () => {
    const up = await query('up');
    const values = up.map(({ metric, value }: { metric: { job: string }; value: string[] }) => [
      metric.job,
      value[1],
    ]);

    assert.deepEqual(Object.fromEntries(values), {
      shop: '1',
      state: '1',
      broken: '0',
      missing: '0',
      hangs: '0',
    });
  }, 15_000);

  const [orders] = await query('orders');
  assert.deepEqual(orders.metric, {
    __name__: 'orders',
    namespace: 'shop',
    exported_namespace: 'bank',
    instance,
    job: 'shop',
  });
  assert.equal(orders.value[1], '7');
});

test('rules are evaluated on what targets show, and nothing else is collected', async () => {
  await eventually(async () => {
    const { results } = await read(`${K}/cluster?metrics_filter=cluster_pod_running_count$`);
    assert.equal(results[0].data.result[0].value[1], '1');
  }, 15_000);

  assert.deepEqual(await query('{job="kube-state-metrics", pod!="p"}'), []);
  assert.deepEqual(await query('{job=~"apiserver|kubelet|node-exporter"}'), []);
});

test('the metrics of the targets of a namespace are described', async () => {
  const { data } = await read(`${K}/namespaces/shop/targets/metadata`);

  assert.deepEqual(data, [{ metric: 'orders', type: 'counter', help: 'Orders.' }]);
});
