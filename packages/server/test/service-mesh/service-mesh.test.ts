import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import { type Answerer, FakePrometheus, nothing, sends } from './fake-prometheus.ts';

const K = '/kapis/servicemesh.kubesphere.io/v1alpha2/namespaces';
let directory: string;
let platform: TestPlatform;
let prometheus: FakePrometheus;
let member: string;
let stranger: string;

/** Series of requests between two apps of the member's project, and what its callers are called. */
const requests = (more = {}, value = '2') => ({
  metric: {
    source_workload_namespace: 'demo',
    source_workload: 'web',
    source_app: 'web',
    source_version: 'v1',
    destination_service_namespace: 'demo',
    destination_service_name: 'shop',
    destination_workload: 'shop',
    destination_app: 'shop',
    destination_version: 'v1',
    request_protocol: 'http',
    response_code: '200',
    ...more,
  },
  value: [1, value],
});

const vector = (...result: unknown[]) => sends({ resultType: 'vector', result });

before(async () => {
  prometheus = await FakePrometheus.start();
  directory = await mkdtemp(join(tmpdir(), 'ks-mesh-'));

  const config = join(directory, 'kubesphere.yaml');
  await writeFile(
    config,
    JSON.stringify({
      // The Prometheus of the mesh stands for Jaeger too: it answers both.
      servicemesh: { servicemeshPrometheusHost: prometheus.url, jaegerQueryHost: prometheus.url },
      monitoring: { timeout: '1s', embedded: { enable: false } },
    }),
  );

  platform = await TestPlatform.start({ args: ['--config', config] });
  await platform.createWorkspace('ws');
  await platform.createProject('demo', 'ws');
  await platform.write('/api/v1/namespaces', { metadata: { name: 'secret' } });
  member = await platform.createUser('member');
  stranger = await platform.createUser('stranger');
  await platform.addMember('namespaces/demo', 'member', 'viewer');
  await platform.write('/api/v1/namespaces/demo/pods', {
    metadata: {
      name: 'shop',
      labels: { app: 'shop' },
      annotations: { 'sidecar.istio.io/status': '{"containers":["istio-proxy"]}' },
    },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });

  await eventually(async () =>
    assert.equal((await call(`${K}/demo/health?type=service`, member)).status, 200),
  );
});

beforeEach(() => {
  prometheus.answer = nothing;
  prometheus.asked();
});

after(async () => {
  await platform.stop();
  prometheus.stop();
  await rm(directory, { recursive: true });
});

const call = (path: string, token = platform.admin) => platform.call(path, { token });

test('metrics, health and graph are those of the namespace that is asked for', async () => {
  prometheus.answer = vector(requests(), requests({ response_code: '500' }, '1'));

  const health = await call(`${K}/demo/services/shop/health?rateInterval=60s`, member);
  assert.deepEqual(health.json, {
    requests: { errorRatio: 1 / 3, inboundErrorRatio: 1 / 3, outboundErrorRatio: -1 },
  });

  const graph = await call(`${K}/demo/graph?appenders=&graphType=app`, member);
  assert.deepEqual(
    graph.json.elements.nodes.map(({ data }: { data: { app: string } }) => data.app),
    ['shop', 'web'],
  );

  const apps = await call(`${K}/demo/health?type=app`, member);
  assert.equal(apps.json.shop.requests.inboundErrorRatio, 1 / 3);
  assert.deepEqual(apps.json.shop.workloadStatuses, [{ name: 'shop', replicas: 1, available: 0 }]);

  const values = [[1, '2']];
  prometheus.answer = sends({ resultType: 'matrix', result: [{ metric: {}, values }] });

  const metrics = await call(`${K}/demo/apps/shop/metrics?filters[]=request_count`, member);
  assert.deepEqual(metrics.json, {
    metrics: { request_count: { matrix: [{ metric: {}, values }] } },
    histograms: {},
  });

  for (const query of prometheus.asked()) {
    assert.match(query, /namespace="demo"/);
  }
});

test('no text of a caller chooses series of another namespace', async () => {
  const attack = '"} or istio_requests_total{destination_service_namespace="secret", x="';

  for (const path of [
    `/demo/metrics?requestProtocol=${encodeURIComponent(attack)}`,
    `/demo/metrics?byLabels[]=${encodeURIComponent('x) (up) or sum by (y')}`,
    `/demo/apps/${encodeURIComponent(attack)}/metrics`,
    `/demo/services/${encodeURIComponent(attack)}/metrics?quantiles[]=0.9`,
    `/demo/workloads/${encodeURIComponent(attack)}/metrics`,
    `/demo/services/${encodeURIComponent(attack)}/health`,
  ]) {
    await call(K + path, member);

    for (const query of prometheus.asked()) {
      const outside = query.replace(/"(?:[^"\\]|\\.)*"/g, '""');
      assert.doesNotMatch(outside, /secret|\bup\b/, query);
    }
  }
});

test('a graph of several namespaces needs the right to each of them', async () => {
  for (const token of [member, stranger]) {
    const { status, json } = await call(`${K}/graph?namespaces=secret`, token);
    assert.equal(status, 403);
    assert.equal(json.kind, 'Status');
  }

  for (const names of ['demo,secret', 'demo, secret', 'demo,nosuch']) {
    const { status, json } = await call(`${K}/graph?namespaces=${names}`, member);
    assert.equal(status, 403, names);
    assert.match(json.error, /Requested namespace \[(secret|nosuch)\] is not accessible\./);
  }

  assert.equal((await call(`${K}/graph?namespaces=demo&namespace=secret`, member)).status, 403);
  assert.equal(
    (await call(`${K}/graph?namespaces=demo,`, member)).json.error,
    'Requested namespace [] is not accessible.',
  );
  assert.deepEqual(prometheus.asked(), []);
  assert.equal((await call(`${K}/graph?namespaces=demo,demo`, member)).status, 200);

  const { status, json } = await call(`${K}/graph`, stranger);
  assert.equal(status, 400);
  assert.match(json.error, /At least one namespace/);

  const many = Array.from({ length: 101 }, (_, index) => `n${index}`).join();
  assert.equal((await call(`${K}/graph?namespaces=${many}`)).status, 400);
});

test('namespaces of the platform have no graph', async () => {
  const { status, json } = await call(`${K}/kube-system/graph`);
  assert.equal(status, 403);
  assert.equal(json.error, 'Requested namespace [kube-system] is not accessible.');
});

const hostile: Readonly<Record<string, Answerer>> = {
  silent: () => {},
  'that hangs up': (_query, _res, req) => req.socket.destroy(),
  'that stalls': (_query, res) => res.writeHead(200).write('{"status":'),
  'that redirects': (_query, res) => res.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  'that sends garbage': (_query, res) => res.end('<html>'),
  'that sends null': (_query, res) => res.end('null'),
  'that sends nothing': (_query, res) => res.end('{"status":"success"}'),
  'that sends null rows': vector(null),
  'that sends another type': sends({ resultType: 'scalar', result: [1, '2'] }),
  'that sends rows without values': vector({ metric: {} }),
  'that sends numbers as labels': vector({ metric: { response_code: 200 }, value: [1, '2'] }),
  'that sends NaN': vector(requests({}, 'NaN'), requests({}, '+Inf'), requests({}, '-Inf')),
  'that sends no labels': vector({ metric: {}, value: [1, '2'] }),
  'that sends odd labels': vector(
    requests({ destination_service_name: '__proto__', destination_app: 'constructor' }),
    requests({ response_code: undefined }),
    requests({ request_protocol: '__proto__' }),
  ),
  'that fails': (_query, res) =>
    res
      .writeHead(422)
      .end('{"status":"error","errorType":"execution","error":"query processing too large"}'),
};

for (const [name, answerer] of Object.entries(hostile)) {
  test(`a Prometheus ${name} is answered for`, async () => {
    prometheus.answer = answerer;

    const answers = await Promise.all(
      [
        '/demo/metrics?filters[]=request_count&filters[]=request_duration&quantiles[]=0.5',
        '/demo/health?type=app',
        '/demo/health?type=service',
        '/demo/health?type=workload',
        '/demo/apps/shop/health',
        '/demo/services/shop/health',
        '/demo/workloads/shop/health',
        '/demo/graph',
        '/graph?namespaces=demo&graphType=versionedApp&injectServiceNodes=true&groupBy=app',
      ].map((path) => call(K + path, member)),
    );

    for (const { status, json, text } of answers) {
      assert.ok(status === 200 || status === 500, `${status} ${text}`);
      assert.equal(
        typeof (status === 200 ? json : json.error),
        status === 200 ? 'object' : 'string',
      );
      assert.doesNotMatch(text, /TypeError|undefined|\[object/);
    }

    prometheus.answer = nothing;
    assert.equal((await call(`${K}/demo/graph`, member)).status, 200);
  });
}

test('parameters without which 3.0 answers nothing at all are answered for', async () => {
  const { status, json } = await call(`${K}/demo/metrics?step=0`, member);
  assert.equal(status, 400);
  assert.match(json.error, /'step' must not be 0/);

  for (const query of ['step=-5', 'duration=-60', 'rateInterval=0s']) {
    const answer = await call(`${K}/demo/metrics?filters[]=request_count&${query}`, member);
    assert.deepEqual(answer.json.metrics, { request_count: { matrix: null } }, query);
  }

  for (const query of ['duration=0s', 'duration=-5m', 'queryTime=1000']) {
    const answer = await call(`${K}/demo/graph?${query}`, member);
    assert.equal(answer.status, 500);
    assert.match(answer.json.error, /^bad_data: /);
  }

  assert.deepEqual(prometheus.asked(), []);
});

test('traces are those of the service of the path', async () => {
  const asked: string[] = [];
  prometheus.answer = (_query, res, req) => {
    asked.push(req.url ?? '');
    res.writeHead(500).end('{"data":[],"errors":[]}');
  };

  const path = `${K}/demo/services/shop/traces`;
  const { status, json } = await call(
    `${path}?limit=1&service=web.secret&traceID=0af7651916cd43dd`,
    member,
  );

  assert.equal(status, 200);
  assert.deepEqual(json, { data: [], errors: [] });
  assert.deepEqual(asked, ['/api/traces?limit=1&service=shop.demo']);
  assert.equal((await call(path, stranger)).status, 403);

  prometheus.answer = (_query, res) => res.writeHead(302, { location: 'http://x/' }).end();
  const redirected = await call(path, member);
  assert.equal(redirected.status, 500);
  assert.match(redirected.text, /redirects are not followed/);

  prometheus.answer = (_query, _res, req) => req.socket.destroy();
  assert.equal((await call(path, member)).status, 500);
});

test('an answer of Jaeger that breaks off is cut, not completed', async () => {
  prometheus.answer = (_query, res) => {
    res.writeHead(200).write('{"data":[');
    setTimeout(() => res.destroy(), 50);
  };

  await assert.rejects(call(`${K}/demo/services/shop/traces`, member));

  prometheus.answer = (_query, res) => res.end('{"data":[]}');
  assert.equal((await call(`${K}/demo/services/shop/traces`, member)).status, 200);
});

test('a query ends when its caller goes away', async () => {
  let closed = 0;
  prometheus.answer = (_query, res) => res.once('close', () => closed++);

  const gone = new AbortController();
  const answered = fetch(`${platform.server.url}${K}/demo/services/shop/health`, {
    headers: { authorization: `Bearer ${member}` },
    signal: gone.signal,
  });

  await eventually(async () => assert.equal(prometheus.asked().length, 1));
  gone.abort();
  await assert.rejects(answered);

  // Sooner than the second after which the server would give up itself.
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(closed, 1);
});
