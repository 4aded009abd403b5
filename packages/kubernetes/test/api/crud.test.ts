import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string, rest: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...rest,
});

describe('objects over HTTPS', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  test('an object is created, read, replaced, deleted', async () => {
    const created = await server.call('POST', configMaps, {
      body: configMap('a', { data: { x: '1' } }),
    });
    assert.equal(created.status, 201, created.text);
    assert.match(created.body.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(created.body.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

    assert.ok(
      created.text.startsWith(
        '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"default"',
      ),
    );

    const read = await server.call('GET', `${configMaps}/a`);
    assert.deepEqual(read.body, created.body);

    const replaced = await server.call('PUT', `${configMaps}/a`, {
      body: { ...read.body, data: { x: '2' } },
    });
    assert.equal(replaced.status, 200, replaced.text);

    assert.ok(
      Number(replaced.body.metadata.resourceVersion) >
        Number(created.body.metadata.resourceVersion),
    );

    const stale = await server.call('PUT', `${configMaps}/a`, {
      body: { ...read.body, data: { x: '3' } },
    });
    assert.equal(stale.status, 409);

    assert.equal(
      stale.body.message,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );

    const same = await server.call('PUT', `${configMaps}/a`, { body: replaced.body });
    assert.equal(same.body.metadata.resourceVersion, replaced.body.metadata.resourceVersion);

    const deleted = await server.call('DELETE', `${configMaps}/a`);
    assert.equal(deleted.body.status, 'Success');

    assert.deepEqual(deleted.body.details, {
      name: 'a',
      kind: 'configmaps',
      uid: created.body.metadata.uid,
    });

    assert.equal((await server.call('GET', `${configMaps}/a`)).status, 404);
  });

  test("refusals have Kubernetes' wording", async () => {
    const cases: [string, string, unknown, number, string][] = [
      ['GET', `${configMaps}/none`, undefined, 404, 'configmaps "none" not found'],
      [
        'POST',
        '/api/v1/namespaces/nons/configmaps',
        configMap('a'),
        404,
        'namespaces "nons" not found',
      ],
      [
        'POST',
        configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} },
        422,
        'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      ],
      [
        'POST',
        configMaps,
        { ...configMap('a'), metadata: { name: 'a', namespace: 'other' } },
        400,
        'the namespace of the provided object does not match the namespace sent on the request',
      ],
      [
        'PUT',
        `${configMaps}/x`,
        configMap('y'),
        400,
        'the name of the object (y) does not match the name on the URL (x)',
      ],
      [
        'PATCH',
        configMaps,
        {},
        405,
        'the server does not allow this method on the requested resource',
      ],
      [
        'GET',
        '/api/v1/nonsense',
        undefined,
        404,
        'the server could not find the requested resource',
      ],
      [
        'POST',
        `${configMaps}?fieldValidation=Strict`,
        configMap('b', { foo: 1 }),
        400,
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"',
      ],
      [
        'DELETE',
        '/api/v1/namespaces/default',
        undefined,
        403,
        'namespaces "default" is forbidden: this namespace may not be deleted',
      ],
    ];

    for (const [method, path, body, status, message] of cases) {
      const answer = await server.call(method, path, body === undefined ? {} : { body });
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
      assert.equal(answer.body.message, message);
    }

    const again = [
      await server.call('POST', configMaps, { body: configMap('twice') }),
      await server.call('POST', configMaps, { body: configMap('twice') }),
    ];

    assert.equal(again[1]?.body.message, 'configmaps "twice" already exists');

    const nothing = await server.call('GET', '/apis/foo/v1');
    assert.deepEqual([nothing.status, nothing.text], [404, '404 page not found\n']);

    const version = await server.call('GET', '/apis/apps/v9/deployments');
    assert.deepEqual([version.status, version.body.reason], [404, 'NotFound']);

    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'tainted' },
      spec: { podCIDR: '10.1.0.0/24' },
    };

    const { spec } = (await server.call('POST', '/api/v1/nodes', { body: node })).body;
    assert.deepEqual(spec.podCIDRs, ['10.1.0.0/24']);
    assert.deepEqual(spec.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  });

  test('unknown fields are dropped with a warning', async () => {
    const answer = await server.call('POST', configMaps, {
      body: configMap('warned', { foo: 1, data: { a: 'b' } }),
    });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.warning, '299 - "unknown field \\"foo\\""');
    assert.equal(answer.body.foo, undefined);
  });

  test('generateName, dry run and delete preconditions', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'gen-' } };
    const generated = await server.call('POST', configMaps, { body });

    assert.match(generated.body.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);

    const dry = await server.call('POST', `${configMaps}?dryRun=All`, { body: configMap('dry') });
    assert.equal(dry.status, 201);
    assert.equal((await server.call('GET', `${configMaps}/dry`)).status, 404);

    const { name } = generated.body.metadata;
    const refused = await server.call('DELETE', `${configMaps}/${name}`, {
      body: { preconditions: { uid: 'x' } },
    });

    assert.match(
      refused.body.message,
      /^Operation cannot be fulfilled on ConfigMap "gen-\w+": the UID in the precondition \(x\) does not match/,
    );
  });

  test('finalizers hold an object until they are gone', async () => {
    const body = {
      ...configMap('held'),
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    };

    await server.call('POST', configMaps, { body });

    const deleted = await server.call('DELETE', `${configMaps}/held`);
    assert.equal(deleted.status, 200);
    assert.ok(deleted.body.metadata.deletionTimestamp);

    const headers = { 'content-type': 'application/merge-patch+json' };

    const added = await server.call('PATCH', `${configMaps}/held`, {
      headers,
      body: { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
    });

    assert.equal(added.status, 422);

    assert.match(
      added.body.message,
      /no new finalizers can be added if the object is being deleted/,
    );

    const freed = await server.call('PATCH', `${configMaps}/held`, {
      headers,
      body: { metadata: { finalizers: null } },
    });

    assert.equal(freed.status, 200, freed.text);
    assert.equal((await server.call('GET', `${configMaps}/held`)).status, 404);
  });

  test('lists select, page over one state, and omit the kind of items', async () => {
    const secrets = '/api/v1/namespaces/kube-public/secrets';

    for (let i = 0; i < 7; i++) {
      const metadata = { name: `s${i}`, labels: { parity: i % 2 ? 'odd' : 'even' } };
      await server.call('POST', secrets, { body: { apiVersion: 'v1', kind: 'Secret', metadata } });
    }

    const odd = await server.call('GET', `${secrets}?labelSelector=parity%3Dodd`);
    assert.deepEqual(
      odd.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['s1', 's3', 's5'],
    );

    assert.equal(odd.body.kind, 'SecretList');
    assert.equal(odd.body.items[0].kind, undefined);

    const one = await server.call(
      'GET',
      `${secrets}?fieldSelector=metadata.name%3Ds4,type%3DOpaque`,
    );

    assert.equal(one.body.items.length, 1);

    const first = await server.call('GET', `${secrets}?limit=3`);
    assert.equal(first.body.metadata.remainingItemCount, 4);
    await server.call('DELETE', `${secrets}/s4`);

    const token = encodeURIComponent(first.body.metadata.continue);
    const second = await server.call('GET', `${secrets}?limit=3&continue=${token}`);
    assert.deepEqual(
      second.body.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['s3', 's4', 's5'],
    );

    assert.equal(second.body.metadata.resourceVersion, first.body.metadata.resourceVersion);

    const gone = await server.call('DELETE', `${secrets}?labelSelector=parity%3Deven`);
    assert.equal(gone.body.items.length, 3);

    const bad = await server.call('GET', `${secrets}?fieldSelector=spec.x%3D1`);
    assert.equal(bad.status, 400);

    const future = await server.call('GET', `${secrets}?resourceVersion=99999999`);
    assert.equal(future.status, 504);
  });

  test('a repeated list shows every change, and its continue token leads to the next page', async () => {
    const secrets = '/api/v1/namespaces/kube-node-lease/secrets';

    const post = (name: string, size = 1) =>
      server.call('POST', secrets, {
        body: { metadata: { name }, stringData: { text: 'x'.repeat(size) } },
      });

    const names = (body: { items: { metadata: { name: string } }[] }) =>
      body.items.map(({ metadata }) => metadata.name);

    for (const name of ['a', 'b', 'c']) {
      await post(name, 100_000);
    }

    for (let time = 0; time < 4; time++) {
      const { body } = await server.call('GET', `${secrets}?limit=2`);
      assert.deepEqual([names(body), body.metadata.remainingItemCount], [['a', 'b'], 1]);

      const query = new URLSearchParams({ limit: '2', continue: body.metadata.continue });
      const rest = await server.call('GET', `${secrets}?${query}`);

      assert.deepEqual(names(rest.body), ['c']);
    }

    const all = await server.call('GET', secrets);

    await server.call('GET', secrets);
    await post('other');

    const changed = await server.call('GET', secrets);
    assert.deepEqual(names(changed.body), ['a', 'b', 'c', 'other']);
    await server.call('GET', secrets);

    // A write elsewhere changes only the version of the list.
    await server.call('POST', configMaps, { body: configMap('elsewhere') });

    const again = await server.call('GET', secrets);
    assert.deepEqual(again.body.items, changed.body.items);
    assert.ok(
      Number(again.body.metadata.resourceVersion) > Number(changed.body.metadata.resourceVersion),
    );
    assert.deepEqual(all.body.items, changed.body.items.slice(0, 3));

    const packed = await server.call('GET', secrets, { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    await server.call('DELETE', `${secrets}/a`);
    assert.deepEqual(names((await server.call('GET', secrets)).body), ['b', 'c', 'other']);
  });

  test('watches resume, and selectors turn changes into ADDED and DELETED', async () => {
    const list = await server.call('GET', configMaps);
    const from = list.body.metadata.resourceVersion;

    const buildLabelled = (value: string) => ({
      ...configMap('w'),
      metadata: { name: 'w', labels: { on: value } },
    });

    await server.call('POST', configMaps, { body: buildLabelled('no') });
    await server.call('PUT', `${configMaps}/w`, { body: buildLabelled('yes') });
    await server.call('PUT', `${configMaps}/w`, { body: buildLabelled('no') });
    await server.call('DELETE', `${configMaps}/w`);

    const all = await server.watch(`${configMaps}?watch=true&resourceVersion=${from}`, 4);
    assert.deepEqual(
      all.map((event) => event.type),
      ['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED'],
    );

    assert.ok(
      Number(all[3].object.metadata.resourceVersion) >
        Number(all[2].object.metadata.resourceVersion),
    );

    const selected = await server.watch(
      `${configMaps}?watch=true&resourceVersion=${from}&labelSelector=on%3Dyes`,
      2,
    );

    assert.deepEqual(
      selected.map((event) => event.type),
      ['ADDED', 'DELETED'],
    );

    const initial = server.watch(
      `/api/v1/watch/namespaces/default/configmaps?timeoutSeconds=1`,
      1000,
    );

    await server.call('POST', configMaps, { body: configMap('live') });

    const events = await initial;
    assert.ok(
      events.some((event) => event.type === 'ADDED' && event.object.metadata.name === 'live'),
    );

    const streamed = await server.watch(
      `${configMaps}?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`,
      1000,
      500,
    );

    assert.equal(streamed.at(-1).type, 'BOOKMARK');
    assert.equal(streamed.at(-1).object.metadata.annotations['k8s.io/initial-events-end'], 'true');
  });
});
