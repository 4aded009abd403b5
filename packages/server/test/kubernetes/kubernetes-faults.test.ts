import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { Catalog } from '@ks-apiserver/server/models/resources/catalog/catalog';
import { RESOURCES } from '@ks-apiserver/server/models/resources/catalog/table';
import type { ResourceDefinition } from '@ks-apiserver/server/models/resources/query/resource-definition';
import { stringify } from 'yaml';
import { type Fault, FaultyProxy, type ProxiedCall } from '../support/faulty-proxy.ts';
import { eventually, TestServer } from '../support/test-server.ts';

/** Tests the copies of resources against a real API behind a proxy that injects faults. */
const CONFIGMAPS = RESOURCES.find(({ resource }) => resource === 'configmaps')!;
const PODS = RESOURCES.find(({ resource }) => resource === 'pods')!;
const NAMES = '/api/v1/namespaces/shop/configmaps';

let server: TestServer;
let proxy: FaultyProxy;
let transport: RemoteTransport;
let catalog: Catalog;
let reports: string[];

async function make(path: string, object: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body: object });
  assert.equal(status, 201, JSON.stringify(json));
}

const remove = (path: string) => server.kubernetes(path, { method: 'DELETE' });
const configMap = (name: string, data: object = {}) => make(NAMES, { metadata: { name }, data });

const names = (definition: ResourceDefinition = CONFIGMAPS) =>
  catalog
    .informer(definition)
    .store.list('name', 'shop')
    .map(({ name }) => name)
    .filter((name) => name !== 'kube-root-ca.crt');

const waitForNames = (...wanted: string[]) =>
  eventually(async () => assert.deepEqual(names(), wanted), 15_000);
const waitForSync = (definition: ResourceDefinition = CONFIGMAPS) =>
  catalog.synced(definition, { signal: AbortSignal.timeout(10_000) });

/** Applies a fault to the first matching calls, and not to later ones. */
function first(count: number, wanted: (call: ProxiedCall) => boolean, fault: Fault) {
  return (call: ProxiedCall) => (wanted(call) && count-- > 0 ? fault : undefined);
}

const isMaps = ({ path }: ProxiedCall) => path === '/api/v1/configmaps';
const isWatch = (call: ProxiedCall) => isMaps(call) && call.isWatch;
const isList = (call: ProxiedCall) => isMaps(call) && !call.isWatch;

const failure = (code: number, reason: string) => ({
  status: code,
  body: JSON.stringify({ kind: 'Status', code, reason, message: reason }),
});

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  proxy = await FaultyProxy.start(server.kubeconfig);
  await make('/api/v1/namespaces', { metadata: { name: 'shop' } });
});

after(async () => {
  await proxy.stop();
  await server.stop();
});

beforeEach(async () => {
  for (const name of ['a', 'b']) {
    await configMap(name);
  }

  reports = [];
  proxy.fault = () => undefined;
  proxy.asked.length = 0;
  transport = new RemoteTransport({ server: proxy.url });

  const report = (problem: string) => reports.push(problem);
  catalog = new Catalog(new KubeClient(transport), RESOURCES, {
    report,
    missMs: 200,
    changedMs: 50,
  });
});

afterEach(async () => {
  await catalog.stop();
  await transport.close();

  const { json } = await server.kubernetes(NAMES);
  for (const { metadata } of json.items as KubeObject[]) {
    if (metadata.name !== 'kube-root-ca.crt') {
      await remove(`${NAMES}/${metadata.name}`);
    }
  }
});

test('an API that is down at the start is followed as soon as it is up', async () => {
  await proxy.down();

  await assert.rejects(catalog.synced(CONFIGMAPS, { signal: AbortSignal.timeout(300) }), {
    code: 503,
    message: /configmaps have not been read.*cannot be reached/,
  });

  assert.match([...catalog.stale()][0]!.reason, /cannot be reached/);
  await proxy.up();
  await waitForSync();
  assert.deepEqual(names(), ['a', 'b']);
  await eventually(async () => assert.deepEqual([...catalog.stale()], []));
});

test('when the API dies the copy stays, and no change is lost when it comes back', async () => {
  await waitForSync();
  await proxy.down();
  await eventually(async () =>
    assert.match([...catalog.stale()][0]?.reason ?? '', /reached|terminated|closed/),
  );
  await remove(`${NAMES}/a`);
  await configMap('c');
  assert.deepEqual(names(), ['a', 'b']);
  await proxy.up();
  await waitForNames('b', 'c');
  await eventually(async () => assert.deepEqual([...catalog.stale()], []));
});

test('after a compaction of the history a list makes up for missed events, deletions included', async () => {
  await waitForSync();
  await proxy.down();
  await remove(`${NAMES}/a`);
  await configMap('c');
  proxy.fault = first(1, isWatch, failure(410, 'Expired'));
  await proxy.up();
  await waitForNames('b', 'c');

  assert.ok(
    proxy.asked.filter((call) => call === 'GET /api/v1/configmaps').length >= 2,
    proxy.asked.join(),
  );
});

test('429 is respected: no request is sent before Retry-After', async () => {
  const times: number[] = [];
  proxy.fault = (call) => {
    if (isMaps(call)) {
      times.push(Date.now());
    }
    return fault(call);
  };

  const refused = { status: 429, headers: { 'retry-after': '1' }, body: 'slow down' };
  let fault = first(1, isList, refused);

  await waitForSync();
  assert.ok(times[1]! - times[0]! >= 990, String(times));
  times.length = 0;
  fault = first(1, isWatch, refused);
  proxy.cut();
  await configMap('c');
  await waitForNames('a', 'b', 'c');
  assert.ok(times[1]! - times[0]! >= 990, String(times));
});

for (const [how, wanted, answer] of [
  ['500 to lists', isList, failure(500, 'InternalError')],
  ['500 to watches', isWatch, failure(500, 'InternalError')],
  ['410 to lists', isList, failure(410, 'Expired')],
  ['410 to watches', isWatch, failure(410, 'Expired')],
  ['text that is no JSON to lists', isList, { status: 200, body: '<html>' }],
  ['half a list', isList, { alter: (body: string) => body.slice(0, body.length / 2) }],
] as const) {
  test(`${how} end in an up-to-date copy`, async () => {
    proxy.fault = first(2, wanted, answer);
    await waitForSync();
    await configMap('c');
    await waitForNames('a', 'b', 'c');
  });
}

test('a truncated frame is left out and read again', async () => {
  let cut = 1;
  proxy.fault = (call) =>
    isWatch(call)
      ? { alterLine: (line) => (line.includes('"c"') && cut-- > 0 ? undefined : line) }
      : undefined;

  await waitForSync();
  await configMap('c');
  await configMap('d');
  await waitForNames('a', 'b', 'c', 'd');
  await remove(`${NAMES}/c`);
  await waitForNames('a', 'b', 'd');
});

test('a frame that stays broken is skipped by a new list', async () => {
  proxy.fault = (call) =>
    isWatch(call)
      ? {
          alterLine: (line) =>
            line.includes('"c"') ? line.slice(0, 60).replaceAll('}', '') : line,
        }
      : undefined;

  await waitForSync();
  await configMap('c');
  await waitForNames('a', 'b', 'c');
});

test('a broken object is left out and reported, and hides no other', async () => {
  const breakObject = (text: string) => text.replaceAll('"name":"b"', '"name":7');
  const breakLine = (line: string) =>
    line.replace(/"object":.*"name":"c".*/, '"object":{"metadata":x}}');

  proxy.fault = (call) => {
    if (isList(call)) {
      return { alter: breakObject };
    }
    return isWatch(call) ? { alterLine: breakLine } : undefined;
  };

  await waitForSync();
  assert.deepEqual(names(), ['a']);
  assert.match(reports[0] ?? '', /configmaps was left out: it has no name/);
  await configMap('c');
  await configMap('d');
  await waitForNames('a', 'd');
  assert.ok(catalog.informer(CONFIGMAPS).skipped >= 2);
});

test('an object with another structure than its kind is left out', async () => {
  await make('/api/v1/namespaces/shop/pods', {
    metadata: { name: 'good' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });

  await make('/api/v1/namespaces/shop/pods', {
    metadata: { name: 'bad' },
    spec: { containers: [{ name: 'c', image: 'odd' }] },
  });

  proxy.fault = (call) =>
    call.path === '/api/v1/pods' && !call.isWatch
      ? {
          alter: (body) => {
            const list = JSON.parse(body);
            for (const pod of list.items) {
              if (pod.metadata.name === 'bad') {
                pod.spec.containers = 7;
              }
            }

            return JSON.stringify(list);
          },
        }
      : undefined;

  await waitForSync(PODS);
  assert.deepEqual(names(PODS), ['good']);
  assert.match(reports.join(), /pods was left out: bad:/);
});

for (const [how, asIs] of [
  ['aggregated discovery', true],
  ['discovery group by group', false],
] as const) {
  test(`${how} finds all kinds although one aggregated group is broken`, async () => {
    const breakObject = {
      metadata: { name: 'broken.example.com' },
      versions: [{ version: 'v1', freshness: 'Stale' }],
    };

    proxy.fault = ({ path }) => {
      if (path === '/api' && !asIs) {
        return { headers: { accept: 'application/json' } };
      }

      if (path === '/apis') {
        return {
          ...(!asIs && { headers: { accept: 'application/json' } }),
          alter: (body) => {
            const document = JSON.parse(body);

            if (asIs) {
              document.items.unshift(breakObject);
            } else {
              const version = { groupVersion: 'broken.example.com/v1', version: 'v1' };
              document.groups.unshift({
                name: 'broken.example.com',
                versions: [version],
                preferredVersion: version,
              });
            }

            return JSON.stringify(document);
          },
        };
      }

      return path.startsWith('/apis/broken.example.com')
        ? failure(503, 'ServiceUnavailable')
        : undefined;
    };

    const found = await catalog.resolve('poddisruptionbudgets');
    assert.deepEqual([found?.group, found?.version, found?.namespaced], ['policy', 'v1', true]);
    assert.equal((await catalog.resolve('serviceaccounts'))?.kind, 'ServiceAccount');
    assert.equal(await catalog.resolve('nosuchthings'), undefined);
    assert.equal(await catalog.resolve('pods.broken.example.com'), undefined);
  });
}

test('unknown names do not cause repeated discovery', async () => {
  await catalog.resolve('serviceaccounts');
  proxy.asked.length = 0;
  await Promise.all(Array.from({ length: 200 }, (_, i) => catalog.resolve(`things${i}`)));
  assert.ok(proxy.asked.length <= 2, proxy.asked.join());
});

test('while discovery fails no kind is reported as missing', async () => {
  proxy.fault = ({ path }) => (path === '/apis' ? failure(503, 'ServiceUnavailable') : undefined);
  await assert.rejects(async () => catalog.resolve('poddisruptionbudgets'), { code: 503 });
  assert.equal((await catalog.resolve('pods'))?.kind, 'Pod');
  proxy.fault = () => undefined;
  assert.equal((await catalog.resolve('poddisruptionbudgets'))?.kind, 'PodDisruptionBudget');
});

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const version = (name: string, served: boolean, storage: boolean) => ({
  name,
  served,
  storage,
  schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
});

const definition = (plural: string, kind: string, versions: object[]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
    versions,
  },
});

test('a CRD appears, changes its version and disappears while it is listed', async () => {
  await catalog.start(AbortSignal.timeout(10_000));
  assert.equal(await catalog.resolve('kettles'), undefined);
  await make(CRDS, definition('kettles', 'Kettle', [version('v1', true, true)]));
  await eventually(async () => assert.equal((await catalog.resolve('kettles'))?.version, 'v1'));

  await eventually(() =>
    make('/apis/example.com/v1/namespaces/shop/kettles', {
      apiVersion: 'example.com/v1',
      kind: 'Kettle',
      metadata: { name: 'k' },
    }),
  );

  const listKettles = async () => {
    const definition = (await catalog.resolve('kettles'))!;
    return (await waitForSync(definition))
      .list('name')
      .map(({ name, bytes }) => `${name} ${JSON.parse(bytes.toString()).apiVersion}`);
  };

  await eventually(async () => assert.deepEqual(await listKettles(), ['k example.com/v1']));

  const old = catalog.informer((await catalog.resolve('kettles'))!);
  const next = [version('v1', false, false), version('v2', true, true)];

  const patched = await server.kubernetes(`${CRDS}/kettles.example.com`, {
    method: 'PATCH',
    body: { spec: { versions: next } },
    type: 'application/merge-patch+json',
  });

  assert.equal(patched.status, 200, JSON.stringify(patched.json));
  await eventually(async () => assert.deepEqual(await listKettles(), ['k example.com/v2']));
  await eventually(async () => assert.equal(old.store.size, 0));
  await remove(`${CRDS}/kettles.example.com`);
  await eventually(async () => assert.equal(await catalog.resolve('kettles'), undefined));
  await make(CRDS, definition('kettles', 'Kettle', [version('v1', true, true)]));
  await eventually(async () => assert.equal((await catalog.resolve('kettles'))?.version, 'v1'));
  await remove(`${CRDS}/kettles.example.com`);
});

test('Kubernetes’ resources come before others of the same name, and plural.group selects one', async () => {
  await catalog.start(AbortSignal.timeout(10_000));
  await make(CRDS, definition('events', 'Concert', [version('v1', true, true)]));
  await eventually(async () =>
    assert.equal((await catalog.resolve('events.example.com'))?.kind, 'Concert'),
  );
  assert.equal((await catalog.resolve('events'))?.group, '');
  assert.equal((await catalog.resolve('events.events.k8s.io'))?.group, 'events.k8s.io');
  assert.equal((await catalog.resolve('deployments.apps'))?.resource, 'deployments');
  assert.equal(await catalog.resolve('deployments.example.com'), undefined);
  await remove(`${CRDS}/events.example.com`);
  await eventually(async () =>
    assert.equal(await catalog.resolve('events.example.com'), undefined),
  );
});

test('kinds that cannot be followed are refused with a reason', async () => {
  await assert.rejects(async () => catalog.resolve('tokenreviews'), {
    code: 400,
    message:
      /tokenreviews of authentication.k8s.io cannot be listed here.*\/apis\/authentication.k8s.io\/v1/,
  });
});

const isFollowed = (definition: ResourceDefinition) => catalog.storeOf(definition) !== undefined;

test('the informer of an unused kind is stopped, those of the table stay', async () => {
  await catalog.stop();
  catalog = new Catalog(new KubeClient(transport), RESOURCES, { idleMs: 1500 });
  await catalog.start(AbortSignal.timeout(10_000));
  await waitForSync();

  const definition = (await catalog.resolve('serviceaccounts'))!;
  const followed = (await catalog.resolve('limitranges'))!;
  const stop = (await waitForSync(followed)).onChange(() => {});

  await waitForSync(definition);
  await eventually(async () => assert.equal(isFollowed(definition), false));
  assert.deepEqual([isFollowed(CONFIGMAPS), isFollowed(followed)], [true, true]);
  stop();
  await eventually(async () => assert.equal(isFollowed(followed), false));
  assert.ok((await waitForSync(definition)).size > 0);
});

// With a real cluster every server that a test starts has a cluster of its own, not the one behind
// the proxy.
const OWN_CLUSTER = { skip: process.env.KS_TEST_CLUSTER === '1' };
test('the server starts as soon as the API is there', OWN_CLUSTER, async (t) => {
  await proxy.down();

  const kubeconfig = join(server.dataDir, 'faulty.kubeconfig');
  const cluster = { name: 'c', cluster: { server: proxy.url } };
  const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
  await writeFile(
    kubeconfig,
    stringify({
      clusters: [cluster],
      users: [{ name: 'u', user: {} }],
      contexts: [context],
      'current-context': 'c',
    }),
  );

  const [second] = await Promise.all([
    TestServer.start({ args: ['--kubeconfig', kubeconfig] }),
    new Promise((resolve) => setTimeout(resolve, 2500)).then(() => proxy.up()),
  ]);

  t.after(() => second.stop());

  const token = await second.token();

  const { json } = await second.call(
    '/kapis/resources.kubesphere.io/v1alpha3/namespaces/shop/configmaps?name=a',
    {
      token,
    },
  );

  assert.equal(json.items?.[0]?.metadata.name, 'a');
});
