import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { LiveStream } from '../support/live-stream.ts';
import { TestPlatform } from '../support/test-platform.ts';
import { type Answer, eventually } from '../support/test-server.ts';

const CRON_JOBS = '/apis/batch/v1beta1/namespaces/demo/cronjobs';
const INGRESSES = '/apis/extensions/v1beta1/namespaces/demo/ingresses';
const AUTOSCALERS = '/apis/autoscaling/v2beta1/namespaces/demo/horizontalpodautoscalers';
const DEPLOYMENTS = '/apis/extensions/v1beta1/namespaces/demo/deployments';

let platform: TestPlatform;

before(async () => {
  platform = await TestPlatform.start();
  await platform.write('/api/v1/namespaces', { metadata: { name: 'demo' } });
});

after(() => platform?.stop());

const podSpec = { containers: [{ name: 'main', image: 'nginx' }] };

const cronJob = (name: string, labels = {}) => ({
  apiVersion: 'batch/v1beta1',
  kind: 'CronJob',
  metadata: { name, labels },
  spec: {
    schedule: '* * * * *',
    jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
  },
});

const ingress = (name: string) => ({
  apiVersion: 'extensions/v1beta1',
  kind: 'Ingress',
  metadata: { name },
  spec: {
    backend: { serviceName: 'fallback', servicePort: 'http' },
    rules: [
      {
        host: 'a.example',
        http: { paths: [{ path: '/x', backend: { serviceName: 'web', servicePort: 80 } }] },
      },
    ],
  },
});

const deployment = (name: string) => ({
  apiVersion: 'extensions/v1beta1',
  kind: 'Deployment',
  metadata: { name },
  spec: { template: { metadata: { labels: { app: name } }, spec: podSpec } },
});

/** Returns an object as it is stored, in the served version. */
const readStored = (path: string) => platform.read(path);

const patch = (path: string, type: string, body: unknown, query = '') =>
  platform.call(path + query, {
    method: 'PATCH',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCH = 'application/apply-patch+yaml';

const WARNING =
  '299 - "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob"';

function assertOk({ status, text }: Answer, expected = 200): void {
  assert.equal(status, expected, text);
}

test('a CronJob of batch/v1beta1 is created, read, listed, changed and deleted, with a warning each time', async () => {
  const made = await platform.call(CRON_JOBS, { body: cronJob('tick', { app: 'tick' }) });
  assertOk(made, 201);
  assert.deepEqual([made.json.apiVersion, made.json.kind], ['batch/v1beta1', 'CronJob']);
  assert.equal(made.headers.get('warning'), WARNING);

  assert.equal(
    (await readStored('/apis/batch/v1/namespaces/demo/cronjobs/tick')).spec.schedule,
    '* * * * *',
  );

  const list = await platform.call(`${CRON_JOBS}?labelSelector=app%3Dtick`);
  assert.deepEqual([list.json.kind, list.json.apiVersion], ['CronJobList', 'batch/v1beta1']);

  assert.deepEqual(
    list.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['tick'],
  );

  assert.equal(list.headers.get('warning'), WARNING);
  assert.deepEqual((await platform.call(`${CRON_JOBS}?labelSelector=app%3Dother`)).json.items, []);

  const byName = await platform.call(
    '/apis/batch/v1beta1/cronjobs?fieldSelector=metadata.name%3Dtick',
  );
  assert.equal(byName.json.items.length, 1);

  const put = await platform.call(`${CRON_JOBS}/tick`, {
    method: 'PUT',
    body: { ...made.json, spec: { ...made.json.spec, suspend: true } },
  });

  assertOk(put);
  assert.equal(put.json.spec.suspend, true);

  const status = await platform.call(`${CRON_JOBS}/tick/status`, {
    method: 'PUT',
    body: { ...put.json, status: { lastScheduleTime: '2026-01-02T03:04:05Z' } },
  });

  assertOk(status);

  assert.deepEqual(
    [status.json.apiVersion, status.json.status.lastScheduleTime],
    ['batch/v1beta1', '2026-01-02T03:04:05Z'],
  );

  const gone = await platform.call(`${CRON_JOBS}/tick`, { method: 'DELETE' });
  assertOk(gone);

  await eventually(async () => {
    const { status: code, json } = await platform.call(`${CRON_JOBS}/tick`);
    assert.deepEqual([code, json.message], [404, 'cronjobs.batch "tick" not found']);
  });
});

test('deleting a CronJob in the older version orphans its Jobs, unless the call says otherwise', async () => {
  for (const [name, query, isLeft] of [
    ['left', '', true],
    ['taken', '?propagationPolicy=Background', false],
  ] as const) {
    const { metadata } = await platform.write(CRON_JOBS, cronJob(name));
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name, uid: metadata.uid };

    await platform.write('/api/v1/namespaces/demo/configmaps', {
      metadata: { name, ownerReferences: [owner] },
    });
    assertOk(await platform.call(`${CRON_JOBS}/${name}${query}`, { method: 'DELETE' }));

    await eventually(async () => {
      const { status, json } = await platform.call(`/api/v1/namespaces/demo/configmaps/${name}`);
      assert.deepEqual(
        [status, json.metadata.ownerReferences],
        isLeft ? [200, undefined] : [404, undefined],
      );
    });
  }
});

test('an Ingress of extensions/v1beta1 keeps its fields both ways', async () => {
  const made = await platform.call(INGRESSES, { body: ingress('route') });
  assertOk(made, 201);

  assert.deepEqual(made.json.spec, {
    backend: { serviceName: 'fallback', servicePort: 'http' },
    rules: [
      {
        host: 'a.example',
        http: {
          paths: [
            {
              path: '/x',
              pathType: 'ImplementationSpecific',
              backend: { serviceName: 'web', servicePort: 80 },
            },
          ],
        },
      },
    ],
  });

  const real = await readStored('/apis/networking.k8s.io/v1/namespaces/demo/ingresses/route');
  assert.deepEqual(real.spec.defaultBackend, {
    service: { name: 'fallback', port: { name: 'http' } },
  });
  assert.deepEqual(real.spec.rules[0].http.paths[0].backend, {
    service: { name: 'web', port: { number: 80 } },
  });

  const other = await platform.call(
    '/apis/networking.k8s.io/v1beta1/namespaces/demo/ingresses/route',
  );

  assert.deepEqual(
    [other.json.apiVersion, other.json.spec],
    ['networking.k8s.io/v1beta1', made.json.spec],
  );

  const missing = await platform.call(`${INGRESSES}/nosuch`);
  assert.equal(missing.json.message, 'ingresses.extensions "nosuch" not found');
  assert.equal(missing.json.details.group, 'extensions');

  const twice = await platform.call(INGRESSES, { body: ingress('route') });
  assert.deepEqual(
    [twice.status, twice.json.message],
    [409, 'ingresses.extensions "route" already exists'],
  );

  const invalid = await platform.call(INGRESSES, { body: { ...ingress('none'), spec: {} } });
  assert.equal(invalid.status, 422);
  assert.match(invalid.json.message, /^Ingress\.extensions "none" is invalid: /);
});

test('an object of another version or kind, and fields of the newer version, are reported', async () => {
  const wrong = await platform.call(INGRESSES, {
    body: { ...ingress('w'), apiVersion: 'networking.k8s.io/v1' },
  });

  assert.deepEqual(
    [wrong.status, wrong.json.message],
    [
      400,
      'the API version in the data (networking.k8s.io/v1) does not match the expected API version (extensions/v1beta1)',
    ],
  );

  assert.equal(
    (await platform.call(INGRESSES, { body: { ...ingress('w'), kind: 'Deployment' } })).status,
    400,
  );

  const mixed = ingress('mixed');

  const body = {
    ...mixed,
    spec: { ...mixed.spec, defaultBackend: { service: { name: 'x', port: { number: 1 } } } },
  };

  const strict = await platform.call(`${INGRESSES}?fieldValidation=Strict`, { body });
  assert.deepEqual(
    [strict.status, strict.json.message],
    [400, 'strict decoding error: unknown field "spec.defaultBackend"'],
  );

  const warned = await platform.call(`${INGRESSES}?dryRun=All`, { body });
  assertOk(warned, 201);

  assert.match(
    warned.headers.get('warning')!,
    /, 299 - "unknown field \\"spec.defaultBackend\\""$/,
  );

  assert.deepEqual(warned.json.spec.backend, mixed.spec.backend);
  assert.equal((await platform.call(`${INGRESSES}/mixed`)).status, 404);
});

test('long lists come in pages and as a whole, and as Tables and metadata', async () => {
  for (let i = 0; i < 120; i += 1) {
    await platform.write(INGRESSES, {
      ...ingress(`many-${i}`),
      metadata: {
        name: `many-${i}`,
        labels: { many: 'yes' },
        annotations: { note: 'ä"]}\\'.repeat(500) },
      },
    });
  }

  const all = await platform.call(`${INGRESSES}?labelSelector=many`);
  assert.ok(all.text.length > 300_000);
  assert.deepEqual([all.json.kind, all.json.apiVersion], ['IngressList', 'extensions/v1beta1']);
  assert.equal(all.json.items.length, 120);

  for (const { spec, metadata } of all.json.items) {
    assert.equal(spec.backend.serviceName, 'fallback');
    assert.equal(metadata.annotations.note, 'ä"]}\\'.repeat(500));
  }

  const first = await platform.call(`${INGRESSES}?labelSelector=many&limit=100`);
  const next = encodeURIComponent(first.json.metadata.continue);
  const second = await platform.call(`${INGRESSES}?labelSelector=many&limit=100&continue=${next}`);

  assert.deepEqual([first.json.items.length, second.json.items.length], [100, 20]);
  assert.equal(first.json.metadata.remainingItemCount, undefined);

  const table = await platform.call(`${INGRESSES}?labelSelector=many&includeObject=Object`, {
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' },
  });
  assert.equal(table.json.kind, 'Table');
  assert.equal(table.json.rows.length, 120);
  assert.equal(table.json.columnDefinitions[0].name, 'Name');

  const [{ cells, object }] = table.json.rows;
  assert.match(cells[0], /^many-/);

  assert.deepEqual(
    [object.apiVersion, object.kind, object.spec.backend.serviceName],
    ['extensions/v1beta1', 'Ingress', 'fallback'],
  );

  const partial = await platform.call(`${INGRESSES}?limit=1`, {
    headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
  });

  assert.deepEqual(
    [partial.json.kind, partial.json.items.length],
    ['PartialObjectMetadataList', 1],
  );

  const gone = await platform.call(`${INGRESSES}?labelSelector=many`, { method: 'DELETE' });
  assertOk(gone);
  assert.deepEqual((await platform.call(`${INGRESSES}?labelSelector=many`)).json.items, []);
});

test('an HPA of autoscaling/v2beta1 and v2beta2 keeps fields that its version does not have', async () => {
  const body = {
    apiVersion: 'autoscaling/v2beta2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
        },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    },
  };

  const newer = AUTOSCALERS.replace('v2beta1', 'v2beta2');
  assertOk(await platform.call(newer, { body }), 201);

  const read = await platform.call(`${AUTOSCALERS}/web`);
  assert.deepEqual(read.json.spec.metrics, [
    { type: 'Resource', resource: { name: 'cpu', targetAverageUtilization: 60 } },
  ]);
  assert.equal(read.json.spec.behavior, undefined);

  const put = await platform.call(`${AUTOSCALERS}/web`, {
    method: 'PUT',
    body: { ...read.json, spec: { ...read.json.spec, maxReplicas: 7 } },
  });

  assertOk(put);

  const real = await readStored(
    '/apis/autoscaling/v2/namespaces/demo/horizontalpodautoscalers/web',
  );
  assert.equal(real.spec.maxReplicas, 7);
  assert.equal(real.spec.behavior.scaleDown.stabilizationWindowSeconds, 60);
  assert.equal(real.metadata.annotations, undefined);

  const patched = await patch(`${AUTOSCALERS}/web`, JSON_PATCH, [
    { op: 'replace', path: '/spec/metrics/0/resource/targetAverageUtilization', value: 30 },
  ]);
  assertOk(patched);

  const after = await readStored(
    '/apis/autoscaling/v2/namespaces/demo/horizontalpodautoscalers/web',
  );
  assert.deepEqual(after.spec.metrics[0].resource.target, {
    type: 'Utilization',
    averageUtilization: 30,
  });

  assert.equal(after.spec.behavior.scaleDown.stabilizationWindowSeconds, 60);
});

test('patches of every type apply to the form of the older version', async () => {
  assertOk(await platform.call(INGRESSES, { body: ingress('patched') }), 201);

  const path = `${INGRESSES}/patched`;

  const json = await patch(path, JSON_PATCH, [
    { op: 'test', path: '/apiVersion', value: 'extensions/v1beta1' },
    { op: 'replace', path: '/spec/backend/servicePort', value: 8080 },
  ]);

  assertOk(json);
  assert.deepEqual(json.json.spec.backend, { serviceName: 'fallback', servicePort: 8080 });

  const failed = await patch(path, JSON_PATCH, [
    { op: 'test', path: '/spec/backend/servicePort', value: 1 },
  ]);
  assert.equal(failed.status, 422);

  const merge = await patch(path, MERGE_PATCH, { spec: { backend: null } });
  assertOk(merge);
  assert.equal(merge.json.spec.backend, undefined);

  const strategic = await patch(path, STRATEGIC_PATCH, { metadata: { labels: { a: 'b' } } });
  assertOk(strategic);
  assert.deepEqual(strategic.json.metadata.labels, { a: 'b' });

  const stale = await patch(path, MERGE_PATCH, {
    metadata: { resourceVersion: '1', labels: { a: 'c' } },
  });
  assert.equal(stale.status, 409, stale.text);

  const dry = await patch(path, MERGE_PATCH, { metadata: { labels: { a: 'dry' } } }, '?dryRun=All');
  assert.equal(dry.json.metadata.labels.a, 'dry');
  assert.equal((await platform.call(path)).json.metadata.labels.a, 'b');

  const applied = {
    apiVersion: 'extensions/v1beta1',
    kind: 'Ingress',
    metadata: { name: 'applied' },
    spec: { backend: { serviceName: 'one', servicePort: 1 } },
  };

  const apply = (spec: unknown, query: string) =>
    patch(`${INGRESSES}/applied`, APPLY_PATCH, { ...applied, spec }, query);
  assertOk(await apply(applied.spec, '?fieldManager=t'), 201);

  const conflicting = await apply(
    { backend: { serviceName: 'two', servicePort: 1 } },
    '?fieldManager=u',
  );

  assert.equal(conflicting.status, 409, conflicting.text);

  const forced = await apply(
    { backend: { serviceName: 'two', servicePort: 1 } },
    '?fieldManager=u&force=true',
  );

  assertOk(forced);
  assert.equal(forced.json.spec.backend.serviceName, 'two');

  const applyAll = (path: string, body: object) =>
    patch(
      `${path}/${(body as { metadata: { name: string } }).metadata.name}`,
      APPLY_PATCH,
      body,
      '?fieldManager=t',
    );

  for (let round = 0; round < 2; round += 1) {
    assertOk(await applyAll(INGRESSES, ingress('applied-whole')), round === 0 ? 201 : 200);
    const web = await applyAll(DEPLOYMENTS, deployment('applied-whole'));
    assertOk(web, round === 0 ? 201 : 200);
    assert.equal(web.json.spec.revisionHistoryLimit, 2147483647);
  }

  // No default overwrites what another user has set since.
  const limit = await patch(`${DEPLOYMENTS}/applied-whole`, MERGE_PATCH, {
    spec: { revisionHistoryLimit: 4 },
  });
  assertOk(limit);

  const again = await applyAll(DEPLOYMENTS, deployment('applied-whole'));
  assertOk(again);
  assert.equal(again.json.spec.revisionHistoryLimit, 4);

  for (const [type, body] of [
    [JSON_PATCH, [{ op: 'test', path: '/apiVersion', value: 'batch/v1beta1' }]],
    [MERGE_PATCH, { apiVersion: 'batch/v1beta1', spec: { suspend: true } }],
    [STRATEGIC_PATCH, { apiVersion: 'batch/v1beta1', kind: 'CronJob', spec: { suspend: false } }],
    [
      APPLY_PATCH,
      { apiVersion: 'batch/v1beta1', kind: 'CronJob', metadata: { labels: { x: 'y' } } },
    ],
  ] as const) {
    if (type === JSON_PATCH) {
      assertOk(await platform.call(CRON_JOBS, { body: cronJob('patched') }), 201);
    }

    const same = await patch(
      `${CRON_JOBS}/patched`,
      type,
      body,
      type === APPLY_PATCH ? '?fieldManager=t' : '',
    );

    assertOk(same);
    assert.equal(same.json.apiVersion, 'batch/v1beta1');
  }

  const other = await patch(`${CRON_JOBS}/patched`, MERGE_PATCH, { apiVersion: 'batch/v1' });
  assert.equal(other.status, 400, other.text);
  assert.equal((await patch(`${CRON_JOBS}/patched`, 'application/json', {})).status, 415);
});

test('patches that meet another write are repeated', async () => {
  assertOk(await platform.call(INGRESSES, { body: ingress('busy') }), 201);

  const answers = await Promise.all(
    Array.from({ length: 4 }, (_, i) =>
      patch(`${INGRESSES}/busy`, MERGE_PATCH, { metadata: { labels: { [`l${i}`]: 'x' } } }),
    ),
  );

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  );

  const { json } = await platform.call(`${INGRESSES}/busy`);
  assert.deepEqual(Object.keys(json.metadata.labels).sort(), ['l0', 'l1', 'l2', 'l3']);
});

test('a Deployment of extensions/v1beta1 has the defaults and the scale of that version', async () => {
  const made = await platform.call(DEPLOYMENTS, { body: deployment('web') });
  assertOk(made, 201);

  const { spec, metadata } = await readStored('/apis/apps/v1/namespaces/demo/deployments/web');
  assert.deepEqual(metadata.labels, { app: 'web' });
  assert.deepEqual(spec.selector, { matchLabels: { app: 'web' } });

  assert.deepEqual(
    [spec.revisionHistoryLimit, spec.progressDeadlineSeconds],
    [2147483647, 2147483647],
  );

  assert.deepEqual(spec.strategy, {
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 1, maxSurge: 1 },
  });

  const scale = await platform.call(`${DEPLOYMENTS}/web/scale`);
  assert.deepEqual([scale.json.kind, scale.json.apiVersion], ['Scale', 'extensions/v1beta1']);

  assert.deepEqual(
    [scale.json.status.selector, scale.json.status.targetSelector],
    [{ app: 'web' }, 'app=web'],
  );

  const scaled = await platform.call(`${DEPLOYMENTS}/web/scale`, {
    method: 'PUT',
    // Without a resourceVersion: controllers write the object too.
    body: { ...scale.json, metadata: { name: 'web', namespace: 'demo' }, spec: { replicas: 3 } },
  });

  assertOk(scaled);
  assertOk(await patch(`${DEPLOYMENTS}/web/scale`, MERGE_PATCH, { spec: { replicas: 4 } }));
  assert.equal(
    (await readStored('/apis/apps/v1/namespaces/demo/deployments/web')).spec.replicas,
    4,
  );

  const patched = await patch(`${DEPLOYMENTS}/web`, STRATEGIC_PATCH, {
    spec: {
      template: { spec: { containers: [{ name: 'side', image: 'busybox' }] } },
      rollbackTo: { revision: 3 },
    },
  });

  assertOk(patched);

  assert.deepEqual(
    patched.json.spec.template.spec.containers.map(({ name }: { name: string }) => name).sort(),
    ['main', 'side'],
  );

  assert.deepEqual(patched.json.spec.rollbackTo, { revision: 3 });

  const real = await readStored('/apis/apps/v1/namespaces/demo/deployments/web');
  assert.equal(real.metadata.annotations['deprecated.deployment.rollback.to'], '3');
});

test('watches send the older version over HTTP and over WebSocket', async () => {
  const plain = await LiveStream.open(platform.server, `${INGRESSES}?watch=true`, platform.admin);

  const byPath = await LiveStream.open(
    platform.server,
    '/apis/extensions/v1beta1/watch/namespaces/demo/ingresses?allowWatchBookmarks=true',
    platform.admin,
  );

  const sockets = await Promise.all(
    ['/apis/extensions/v1beta1/watch/ingresses', '/apis/batch/v1beta1/watch/cronjobs'].map(
      async (path) => {
        const socket = new WebSocket(`${platform.server.url.replace('http', 'ws')}${path}`, {
          headers: { authorization: `Bearer ${platform.admin}` },
        });

        // biome-ignore lint/suspicious/noExplicitAny: tests read fields of any answer.
        const events: any[] = [];
        socket.on('message', (data) => events.push(JSON.parse(data.toString())));
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));

        return { socket, events };
      },
    ),
  );

  await platform.write(INGRESSES, ingress('watched'));
  await platform.write(CRON_JOBS, cronJob('watched'));

  const isWatched = ({ object }: { object: { metadata: { name: string } } }) =>
    object.metadata.name === 'watched';

  for (const events of [plain.events, byPath.events, sockets[0]!.events]) {
    await eventually(async () => assert.ok(events.some(isWatched)));

    const { type, object } = events.find(isWatched)!;
    assert.deepEqual(
      [type, object.apiVersion, object.kind],
      ['ADDED', 'extensions/v1beta1', 'Ingress'],
    );

    assert.equal(object.spec.backend.serviceName, 'fallback');
  }

  await eventually(async () => assert.ok(sockets[1]!.events.some(isWatched)));
  assert.equal(sockets[1]!.events.find(isWatched).object.apiVersion, 'batch/v1beta1');

  for (const { socket } of sockets) {
    socket.terminate();
  }

  plain.close();
  byPath.close();
});

test('callers that accept no JSON are refused as for kinds without protobuf', async () => {
  const protobuf = 'application/vnd.kubernetes.protobuf';
  assert.equal((await platform.call(CRON_JOBS, { headers: { accept: protobuf } })).status, 406);
  assertOk(await platform.call(CRON_JOBS, { headers: { accept: `${protobuf},application/json` } }));

  const sent = await platform.call(CRON_JOBS, {
    body: 'k8s\0',
    headers: { 'content-type': protobuf },
  });

  assert.equal(sent.status, 415);

  const yaml = await platform.call(CRON_JOBS, {
    body: `apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: in-yaml}\nspec: ${JSON.stringify(cronJob('x').spec)}\n`,
    headers: { 'content-type': 'application/yaml' },
  });

  assertOk(yaml, 201);
});
