import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const K = '/kapis/servicemesh.kubesphere.io/v1alpha2/namespaces/demo';

/** How long it takes until rates over two scrapes are there, in milliseconds. */
const SCRAPED_MS = 60_000;

/** Counters are far from 0, from where rates would reach back no further. */
const started = Date.now() - 3_600_000;
let directory: string;
let platform: TestPlatform;

/** Returns a counter that grows by a number per second. */
function counter(name: string, perSecond: number, more: Record<string, string> = {}): string {
  const labels = {
    reporter: 'source',
    source_workload_namespace: 'demo',
    source_workload: 'web-v1',
    source_app: 'web',
    source_version: 'v1',
    destination_service_namespace: 'demo',
    destination_service_name: 'shop',
    destination_workload_namespace: 'demo',
    destination_workload: 'shop-v1',
    destination_app: 'shop',
    destination_version: 'v1',
    request_protocol: 'http',
    response_code: '200',
    ...more,
  };
  const written = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);

  return `${name}{${written}} ${((Date.now() - started) / 1000) * perSecond}\n`;
}

/** The page of a proxy of a newer Istio, which measures milliseconds. */
const proxy = createServer((_req, res) => {
  const duration = 'istio_request_duration_milliseconds';

  res.end(
    [
      counter('istio_requests_total', 3),
      counter('istio_requests_total', 1, { response_code: '503' }),
      counter('istio_tcp_sent_bytes_total', 100, { request_protocol: 'tcp', response_code: '0' }),
      counter(`${duration}_sum`, 80),
      counter(`${duration}_count`, 4),
      ...['10', '50', '+Inf'].map((le) => counter(`${duration}_bucket`, 4, { le })),
    ].join(''),
  );
});

before(async () => {
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  directory = await mkdtemp(join(tmpdir(), 'ks-mesh-'));

  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/stats/prometheus`;
  const embedded = { interval: '5s', collect: false, scrapeTargets: [{ url, honorLabels: true }] };
  const config = join(directory, 'kubesphere.yaml');
  await writeFile(config, JSON.stringify({ monitoring: { embedded } }));

  platform = await TestPlatform.start({ args: ['--config', config] });
  await platform.write('/api/v1/namespaces', { metadata: { name: 'demo' } });
});

after(async () => {
  await platform.stop();
  proxy.close();
  await rm(directory, { recursive: true });
});

/** Whether a number that is a text is as expected, 20 percent more or less: scrapes are few. */
const isAbout = (text: string, expected: number) =>
  assert.ok(Math.abs(Number(text) - expected) <= expected * 0.2, `${text} is not ${expected}`);

test('without a Prometheus, the mesh is read from the metrics of the server itself', async () => {
  const path = `${K}/graph?graphType=versionedApp&duration=60s&appenders=responseTime`;

  // Rates are right once there have been some scrapes.
  await eventually(async () => {
    const { edges, nodes } = (await platform.read(path)).elements;

    assert.deepEqual(
      nodes.map(({ data }: { data: { workload: string } }) => data.workload),
      ['shop-v1', 'web-v1'],
    );

    const traffic = Object.fromEntries(
      edges.map(({ data }: { data: { traffic: { protocol: string; rates: object } } }) => [
        data.traffic.protocol,
        data.traffic.rates,
      ]),
    );

    isAbout(traffic.http.http, 4);
    isAbout(traffic.http.httpPercentErr, 25);
    assert.equal(traffic.http.httpPercentReq, '100.0');
    isAbout(traffic.tcp.tcp, 100);
    assert.equal(edges[0].data.responseTime, '10');
  }, SCRAPED_MS);
});

test('health and durations are there too, in seconds', async () => {
  // Windows reach back to the creation of the namespace, which has to be two scrapes ago.
  await eventually(async () => {
    const health = await platform.read(`${K}/services/shop/health?rateInterval=60s`);
    isAbout(health.requests.errorRatio, 0.25);
  }, SCRAPED_MS);

  await eventually(async () => {
    const { histograms } = await platform.read(
      `${K}/apps/web/metrics?filters[]=request_duration&duration=5&step=5&rateInterval=20s&quantiles[]=0.5`,
    );
    const last = (key: string) => histograms.request_duration[key].matrix[0].values.at(-1)[1];

    isAbout(last('avg'), 0.02);
    isAbout(last('0.5'), 0.005);
  }, SCRAPED_MS);
});
