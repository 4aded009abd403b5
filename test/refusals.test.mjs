// Refusals of kube-apiserver 1.36.3, word for word: refusals.json holds objects that were sent to a
// real one and the causes that it answered. They come from the scenarios
// test/differential/scenarios/objects-*.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { KubeApiServer } from '../packages/kubernetes/dist/server/server.js';
import { MemoryBackend } from '../packages/kubernetes/dist/test/storage/memory.js';

const refusals = JSON.parse(readFileSync(new URL('refusals.json', import.meta.url), 'utf8'));
let server;

async function post(path, object) {
  const body = Buffer.from(JSON.stringify(object));
  const headers = { 'content-type': 'application/json' };
  const response = await server.request({ method: 'POST', url: path, headers, body });
  return { status: response.status, body: JSON.parse(response.body.toString()) };
}

before(async () => {
  server = await KubeApiServer.open({
    serviceClusterIPRange: '10.96.0.0/16',
    backend: new MemoryBackend(),
  });

  await post('/api/v1/namespaces', { metadata: { name: 'refusals' } });
});

after(() => server.close());

for (const resource of new Set(refusals.map(({ path }) => path.split('/').pop()))) {
  test(`${resource} are refused in Kubernetes' words`, async () => {
    for (const { path, body, causes } of refusals.filter(
      (refusal) => refusal.path.split('/').pop() === resource,
    )) {
      const answer = await post(path, body);
      assert.equal(answer.status, 422, JSON.stringify(body));

      const said = answer.body.details.causes.map(({ field, message }) => `${field}: ${message}`);

      // Kubernetes iterates over maps in any order.
      assert.deepEqual(said.sort(), causes.sort(), JSON.stringify(body));
    }
  });
}
