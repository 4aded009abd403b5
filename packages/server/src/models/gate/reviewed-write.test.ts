import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type KubeRequest, readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { ReviewedWrite } from './reviewed-write.ts';

const MAPS = { group: '', version: 'v1', resource: 'configmaps' };
const URL = '/api/v1/namespaces/default/configmaps/one';
const key = { resource: MAPS, namespace: 'default', name: 'one' };
const hidden = { paths: [['data', 'secret']], shownToAdministrators: false };
let api: KubeApiServer;
let client: KubeClient;

before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });
  client = new KubeClient(api);
});

after(() => api.close());

/** An API at which another user changes the object after each of the first reads. */
function busy(changes: number) {
  let left = changes;

  return {
    async request(request: KubeRequest) {
      const response = await api.request(request);

      if (request.method === 'GET' && left > 0) {
        left -= 1;
        await client.patch(key, 'merge', { data: { other: `${left}` } });
      }

      return response;
    },
  };
}

async function patch(type: string, body: unknown, changes: number) {
  await client.delete(key).catch(() => {});

  const object = { metadata: { name: 'one', namespace: 'default' }, data: { secret: 's' } };
  await client.create(MAPS, object as unknown as KubeObject);

  const request: KubeRequest = { method: 'PATCH', url: URL, headers: { 'content-type': type } };
  const api = busy(changes);

  const write = {
    info: parseRequestInfo('PATCH', URL),
    request,
    body: Buffer.from(JSON.stringify(body)),
    hidden,
  };

  const response = await new ReviewedWrite(
    { kubernetes: api, own: api },
    write,
    async () => undefined,
  ).make();
  await readBody(response.body);

  return response.status;
}

const kinds = {
  'application/merge-patch+json': { data: { mine: 'x' } },
  'application/json-patch+json': [{ op: 'add', path: '/data/mine', value: 'x' }],
};

for (const [type, body] of Object.entries(kinds)) {
  test(`${type}: an object that changes meanwhile is reviewed again, and the change is kept`, async () => {
    assert.equal(await patch(type, body, 2), 200);
    const { data } = await client.get(key);
    assert.deepEqual(data, { secret: 's', other: '0', mine: 'x' });
  });

  test(`${type}: an object that keeps changing ends in a conflict`, async () => {
    assert.equal(await patch(type, body, 100), 409);
  });
}
