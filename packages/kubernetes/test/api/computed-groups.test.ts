import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '../storage/memory.ts';

const BASE = '/apis/example.io/v1beta1';
let api: KubeApiServer;
let objects: readonly KubeObject[] | undefined;

const usage = (namespace: string, name: string, app: string): KubeObject => ({
  metadata: { name, namespace, labels: { app } },
  usage: { cpu: '1' },
});

before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });

  api.serveComputed({
    group: 'example.io',
    version: 'v1beta1',
    kinds: [
      {
        kind: 'PodUsage',
        resource: 'pods',
        namespaced: true,
        schema: {
          type: 'object',
          properties: {
            apiVersion: { type: 'string' },
            kind: { type: 'string' },
            metadata: { type: 'object' },
            usage: { type: 'object', additionalProperties: { type: 'string' } },
          },
        },
        printerColumns: [{ name: 'CPU', type: 'string', jsonPath: '.usage.cpu' }],
        read: async (namespace) => {
          if (!objects) {
            throw serviceUnavailable('nothing was measured yet');
          }

          return objects.filter(
            ({ metadata }) => namespace === '' || metadata.namespace === namespace,
          );
        },
      },
    ],
  });

  objects = [usage('a', 'x', 'web'), usage('a', 'y', 'db'), usage('b', 'x', 'web')];
});

after(() => api.close());

async function call(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const { status, body } = await api.request({ method, url, headers });
  return { status, json: JSON.parse((await readBody(body)).toString()) };
}

const names = async (url: string) =>
  (await call(url)).json.items.map(({ metadata }: KubeObject) => metadata.name);

test('objects are listed in all namespaces or one, and by labels and names', async () => {
  assert.deepEqual(await names(`${BASE}/pods`), ['x', 'y', 'x']);
  assert.deepEqual(await names(`${BASE}/namespaces/a/pods`), ['x', 'y']);
  assert.deepEqual(await names(`${BASE}/pods?labelSelector=app%3Ddb`), ['y']);
  assert.deepEqual(await names(`${BASE}/pods?fieldSelector=metadata.name%3Dx`), ['x', 'x']);

  const { json } = await call(`${BASE}/pods`);
  assert.deepEqual([json.kind, json.apiVersion], ['PodUsageList', 'example.io/v1beta1']);
});

test('one object is read by its name, and a missing one is not found', async () => {
  const { json } = await call(`${BASE}/namespaces/a/pods/y`);
  assert.deepEqual([json.kind, json.usage], ['PodUsage', { cpu: '1' }]);

  const missing = await call(`${BASE}/namespaces/b/pods/y`);
  assert.equal(missing.status, 404);
  assert.equal(missing.json.message, 'pods.example.io "y" not found');
});

test('kubectl gets a table, discovery and a schema', async () => {
  const table = await call(`${BASE}/namespaces/a/pods`, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  assert.deepEqual(
    table.json.rows.map(({ cells }: { cells: unknown[] }) => cells),
    [
      ['x', '1'],
      ['y', '1'],
    ],
  );

  const { json } = await call(BASE);
  assert.deepEqual(json.resources[0].verbs, ['get', 'list']);
  assert.equal((await call('/openapi/v3/apis/example.io/v1beta1')).status, 200);
});

test('computed objects cannot be written or watched', async () => {
  assert.equal((await call(`${BASE}/namespaces/a/pods`, {}, 'POST')).status, 405);
  assert.equal((await call(`${BASE}/namespaces/a/pods/x`, {}, 'DELETE')).status, 405);
  assert.equal((await call(`${BASE}/pods?watch=true`)).status, 405);
});

test('a namespace with computed objects can be deleted', async () => {
  const namespaces = '/api/v1/namespaces';
  const body = Buffer.from(JSON.stringify({ metadata: { name: 'gone' } }));
  const headers = { 'content-type': 'application/json' };
  await api.request({ method: 'POST', url: namespaces, headers, body });
  await call(`${namespaces}/gone`, {}, 'DELETE');

  for (let tries = 0; (await call(`${namespaces}/gone`)).status !== 404; tries++) {
    assert.ok(tries < 100, 'the namespace stays');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

test('what cannot be computed is an error of the call alone', async () => {
  objects = undefined;

  const { status, json } = await call(`${BASE}/pods`);
  assert.deepEqual([status, json.message], [503, 'nothing was measured yet']);
});
