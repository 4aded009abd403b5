// The contract of the client port for any Kubernetes API: one suite, run on the embedded and on a
// real one.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Informer } from '../packages/client/dist/informer/informer.js';
import { KubeClient } from '../packages/client/dist/kube/client.js';

const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
const namespace = 'client-suite';

const map = (name, data, labels) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...(labels && { labels }) },
  data,
});

async function eventually(what, check) {
  const deadline = Date.now() + 10_000;

  while (!(await check())) {
    if (Date.now() > deadline) {
      assert.fail(`${what} did not happen in time`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Defines the tests; `open` returns a transport and a function that closes it. */
export function clientSuite(open) {
  let client;
  let close;

  before(async () => {
    const opened = await open();
    close = opened.close;
    client = new KubeClient(opened.transport);
    await client.create(namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
  });

  after(async () => {
    await client?.transport.close();
    await close?.();
  });

  test('creates, reads, replaces and deletes', async () => {
    const created = await client.create(configMaps, map('one', { a: '1' }));
    assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);

    await assert.rejects(client.create(configMaps, map('one')), {
      code: 409,
      reason: 'AlreadyExists',
    });

    const key = { resource: configMaps, namespace, name: 'one' };
    assert.deepEqual((await client.get(key)).data, { a: '1' });

    const updated = await client.update(configMaps, { ...created, data: { a: '2' } });
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);

    await assert.rejects(client.update(configMaps, { ...created, data: { a: '3' } }), {
      code: 409,
      reason: 'Conflict',
    });

    const uid = '00000000-0000-0000-0000-000000000000';
    await assert.rejects(client.delete(key, { preconditions: { uid } }), { code: 409 });
    await client.delete(key);
    assert.equal(await client.find(key), undefined);

    await assert.rejects(client.get(key), {
      code: 404,
      reason: 'NotFound',
      message: 'configmaps "one" not found',
    });
  });

  test('answers refused writes with their causes', async () => {
    const broken = { ...map('Not_A_Name'), data: { 'bad key': '' } };
    await assert.rejects(client.create(configMaps, broken), (/** @type {any} */ error) => {
      assert.equal(error.code, 422);
      assert.equal(error.reason, 'Invalid');

      assert.deepEqual(error.details.causes.map(({ field }) => field).sort(), [
        'data[bad key]',
        'metadata.name',
      ]);

      return true;
    });
  });

  test('patches in all four ways', async () => {
    const labels = { app: 'x' };
    const container = (name, image) => ({ name, image });

    const template = {
      metadata: { labels },
      spec: { containers: [container('a', 'i:1'), container('b', 'i:1')] },
    };

    await client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace },
      spec: { selector: { matchLabels: labels }, template },
    });

    const key = { resource: deployments, namespace, name: 'd' };
    const containers = { spec: { template: { spec: { containers: [container('b', 'i:2')] } } } };
    const strategic = await client.patch(key, 'strategic', containers);
    const images = (object) =>
      object.spec.template.spec.containers.map(({ name, image }) => `${name}=${image}`);

    assert.deepEqual(images(strategic).sort(), ['a=i:1', 'b=i:2']);

    const json = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'i:3' }];
    assert.equal(images(await client.patch(key, 'json', json)).length, 2);
    assert.deepEqual(images(await client.patch(key, 'merge', containers)), ['b=i:2']);

    const applied = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace },
      spec: { replicas: 3 },
    };

    await assert.rejects(
      client.patch(key, 'apply', { ...applied, spec: { replicas: 5 } }, { fieldManager: '' }),
    );

    assert.equal(
      (await client.apply(deployments, applied, { fieldManager: 'suite', force: true })).spec
        .replicas,
      3,
    );

    const other = { ...applied, spec: { replicas: 4 } };
    await assert.rejects(
      client.apply(deployments, other, { fieldManager: 'other' }),
      (/** @type {any} */ error) => {
        assert.equal(error.code, 409);

        assert.deepEqual(error.details.causes, [
          {
            reason: 'FieldManagerConflict',
            message: 'conflict with "suite"',
            field: '.spec.replicas',
          },
        ]);

        return true;
      },
    );

    const scaled = await client.patch(
      key,
      'merge',
      { spec: { replicas: 7 } },
      { subresource: 'scale' },
    );

    assert.equal(scaled.kind, 'Scale');
    assert.equal((await client.get(key)).spec.replicas, 7);
  });

  test('lists by selectors and in pages', async () => {
    for (let i = 0; i < 5; i++) {
      await client.create(configMaps, map(`page-${i}`, {}, { page: String(i % 2) }));
    }

    const even = await client.list(configMaps, { namespace, labelSelector: 'page=0' });
    assert.deepEqual(
      even.items.map(({ metadata }) => metadata.name),
      ['page-0', 'page-2', 'page-4'],
    );

    const one = await client.list(configMaps, { namespace, fieldSelector: 'metadata.name=page-3' });
    assert.equal(one.items.length, 1);

    const names = [];
    let next;

    do {
      const page = await client.list(configMaps, {
        namespace,
        labelSelector: 'page',
        limit: 2,
        continue: next,
      });

      names.push(...page.items.map(({ metadata }) => metadata.name));
      next = page.metadata.continue;
    } while (next);

    assert.deepEqual(names, ['page-0', 'page-1', 'page-2', 'page-3', 'page-4']);
  });

  test('watches from a resourceVersion on', async () => {
    const { metadata } = await client.list(configMaps, { namespace });
    const options = { namespace, resourceVersion: metadata.resourceVersion, timeoutSeconds: 20 };
    const seen = [];

    const reading = (async () => {
      for await (const { type, object } of client.watch(configMaps, options)) {
        seen.push(`${type} ${JSON.parse(object.toString()).metadata.name}`);
        if (seen.length === 3) {
          break;
        }
      }
    })();

    const made = await client.create(configMaps, map('watched', {}));
    await client.update(configMaps, { ...made, data: { a: '1' } });
    await client.delete({ resource: configMaps, namespace, name: 'watched' });
    await reading;
    assert.deepEqual(seen, ['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
  });

  test('an informer follows one namespace', async () => {
    const informer = new Informer(client, {
      resource: configMaps,
      kind: 'ConfigMap',
      namespace,
      labelSelector: 'followed',
    });

    informer.start();

    try {
      await informer.ready(AbortSignal.timeout(10_000));
      assert.equal(informer.store.size, 0);

      await client.create(configMaps, {
        ...map('elsewhere', {}, { followed: '' }),
        metadata: { name: 'elsewhere', namespace: 'default', labels: { followed: '' } },
      });

      await client.create(configMaps, map('not-followed', {}));

      const made = await client.create(configMaps, map('followed', { a: '1' }, { followed: '' }));

      await eventually('the object', () => informer.store.get('followed', namespace));
      assert.equal(informer.store.size, 1);
      await client.update(configMaps, { ...made, data: { a: '2' } });

      const bytes = () =>
        JSON.parse(informer.store.get('followed', namespace)?.bytes.toString() ?? '{}');
      await eventually('the change', () => bytes().data?.a === '2');
      assert.equal(bytes().kind, 'ConfigMap');
      await client.delete({ resource: configMaps, namespace, name: 'followed' });
      await eventually('the deletion', () => informer.store.size === 0);
    } finally {
      await informer.stop();
    }
  });
}
