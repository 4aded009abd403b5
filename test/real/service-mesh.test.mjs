// The service mesh API over a real Prometheus: every query is accepted, and tenants see their own
// traffic alone.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { hasPrometheus, startPrometheus } from './prometheus.mjs';

const { TestServer } = await import('../../packages/server/dist/test/support/test-server.js');

const skip = hasPrometheus() ? false : 'needs Prometheus';
const K = '/kapis/servicemesh.kubesphere.io/v1alpha2/namespaces';

/** Requests per second of the two tenants. */
const OURS = 4;
const THEIRS = 96_000;

/** How long numbers are scraped before rates are exact, in milliseconds. */
const SCRAPED_MS = 8000;

const started = Date.now() - 3_600_000;

/** Series of the traffic between two apps of a tenant, seen from both sides. */
function seriesOf(tenant, perSecond) {
  const namespace = `ns-${tenant}`;
  const value = (factor) => ((Date.now() - started) / 1000) * perSecond * factor;
  const ends = `source_workload_namespace="${namespace}",source_workload="web",source_app="web",source_version="v1",destination_service_namespace="${namespace}",destination_service_name="shop",destination_workload_namespace="${namespace}",destination_workload="shop",destination_app="shop",destination_version="v1",connection_security_policy="mutual_tls"`;

  return ['source', 'destination'].flatMap((reporter) => {
    const labels = (code) =>
      `reporter="${reporter}",${ends},request_protocol="http",response_code="${code}"`;
    const histogram = (name, size) => [
      `${name}_sum{${labels(200)}} ${value(size)}`,
      `${name}_count{${labels(200)}} ${value(1)}`,
      ...['0.1', '1', '+Inf'].map((le) => `${name}_bucket{${labels(200)},le="${le}"} ${value(1)}`),
    ];

    return [
      `istio_requests_total{${labels(200)}} ${value(0.75)}`,
      `istio_requests_total{${labels(500)}} ${value(0.25)}`,
      `istio_tcp_sent_bytes_total{reporter="${reporter}",${ends}} ${value(10)}`,
      `istio_tcp_received_bytes_total{reporter="${reporter}",${ends}} ${value(5)}`,
      ...histogram('istio_request_duration_seconds', 0.05),
      ...histogram('istio_request_bytes', 100),
      ...histogram('istio_response_bytes', 200),
    ];
  });
}

let prometheus;
let server;
let viewer;

before(async () => {
  if (skip) {
    return;
  }

  prometheus = await startPrometheus(() =>
    [...seriesOf('a', OURS), ...seriesOf('b', THEIRS), ''].join('\n'),
  );

  const config = join(await mkdtemp(join(tmpdir(), 'ks-mesh-')), 'kubesphere.yaml');
  await writeFile(
    config,
    `servicemesh: { servicemeshPrometheusHost: "${prometheus.url}" }\nmonitoring: { timeout: 5s }\n`,
  );

  server = await TestServer.start({ args: ['--config', config, '--register-node', 'false'] });
  const token = await server.token();

  const create = async (path, body) => {
    const { status, text } = await server.call(path, { token, body });
    assert.ok(status < 300, `${path}: ${status} ${text}`);
  };

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
  await prometheus.scraped('istio_requests_total');
  await sleep(SCRAPED_MS);
});

after(async () => {
  await server?.stop();
  await prometheus?.close();
});

const call = (path) => server.call(K + path, { token: viewer });

const read = async (path) => {
  const { status, json, text } = await call(path);
  assert.equal(status, 200, `${path}: ${text}`);

  return json;
};

const isAbout = (value, expected) =>
  assert.ok(Math.abs(Number(value) - expected) <= expected * 0.1, `${value} is not ${expected}`);

test('Prometheus accepts the queries of all metrics', { skip }, async () => {
  for (const path of ['', '/apps/web', '/services/shop', '/workloads/web']) {
    const { metrics, histograms } = await read(
      `/ns-a${path}/metrics?duration=2&step=1&rateInterval=5s&quantiles[]=0.5&byLabels[]=source_app&rateFunc=irate`,
    );
    const matrices = [
      ...Object.values(metrics),
      ...Object.values(histograms).flatMap((one) => Object.values(one)),
    ];

    assert.equal(matrices.length, 10);
    for (const { matrix } of matrices) {
      assert.equal(matrix?.length, 1, path);
      assert.deepEqual(matrix[0].metric, { source_app: 'web' });
    }
  }

  const { metrics, histograms } = await read('/ns-a/metrics?duration=2&step=1&rateInterval=5s');
  isAbout(metrics.request_count.matrix[0].values[0][1], OURS);
  isAbout(metrics.request_error_count.matrix[0].values[0][1], OURS / 4);
  isAbout(histograms.request_duration.avg.matrix[0].values[0][1], 0.05);
});

test('Prometheus accepts the queries of graphs and of health', { skip }, async () => {
  for (const type of ['app', 'service', 'versionedApp', 'workload']) {
    const { elements } = await read(
      `/ns-a/graph?graphType=${type}&duration=5s&injectServiceNodes=true&includeIstio=true`,
    );
    const edges = elements.edges.filter(({ data }) => data.traffic.protocol === 'http');

    assert.ok(edges.length > 0, type);
    for (const { data } of edges) {
      isAbout(data.traffic.rates.http, OURS);
      assert.equal(data.isMTLS, '100', type);
    }
  }

  const { requests } = await read('/ns-a/services/shop/health?rateInterval=5s');
  isAbout(requests.inboundErrorRatio, 0.25);
  assert.ok((await read('/ns-a/health?type=service&rateInterval=5s')).shop);
});

/** Texts that try to leave a matcher, a string or a list of labels. */
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '"} or istio_requests_total{a="',
    'http"} or istio_requests_total{source_workload_namespace="ns-b',
    'x) (rate(istio_requests_total[5s])) or sum by (y',
    '.*',
    'web"',
    '\\',
    '\\"',
    '\u2028',
  ),
);

test('no text of a tenant reads the traffic of another', { skip, timeout: 120_000 }, async () => {
  const query = 'filters[]=request_count&duration=2&step=1&rateInterval=5s';

  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const name = encodeURIComponent(text);
      const paths = [
        `/ns-a/metrics?${query}&requestProtocol=${name}`,
        `/ns-a/metrics?${query}&byLabels[]=${name}`,
        `/ns-a/apps/${name}/metrics?${query}`,
        `/ns-a/services/${name}/metrics?${query}`,
        `/ns-a/workloads/${name}/metrics?${query}`,
        `/ns-a/services/${name}/health?rateInterval=5s`,
        `/graph?namespaces=${name}`,
      ];

      for (const { text: answer } of await Promise.all(paths.map(call))) {
        const numbers = [...answer.matchAll(/"(\d{4,}(?:\.\d+)?)"/g)].map(([, number]) => number);
        assert.deepEqual(numbers, [], answer);
        assert.doesNotMatch(answer, /"ns-b"/);
      }
    }),
    { numRuns: 60 },
  );
});
