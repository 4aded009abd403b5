import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeTransport } from '@ks-apiserver/apimachinery/transport/transport';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { Leader } from '@ks-apiserver/controllers/runtime/leader';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { eventually } from '../support/test-server.ts';

const times = { leaseMs: 1000, renewMs: 600, retryMs: 50 };
let api: KubeApiServer;
let leading: string[];

before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });
});
after(() => api.close());

/** A candidate whose connection to the API can be cut. */
function candidate(identity: string, name: string) {
  let cut = false;

  const transport: KubeTransport = {
    request: (request) => (cut ? Promise.reject(new Error('cut off')) : api.request(request)),
    upgrade: (request) => api.upgrade(request),
    webSocket: (url) => api.webSocket(url),
    close: async () => {},
  };

  const leader = new Leader({
    client: new KubeClient(transport),
    namespace: 'default',
    name,
    identity,
    times,
    onError: () => {},
    lead: async () => {
      leading.push(identity);
      return async () => {
        leading = leading.filter((other) => other !== identity);
      };
    },
  }).start();

  const cutOff = () => {
    cut = true;
  };

  return { leader, cutOff };
}

test('one of several candidates leads, and another takes over at once when it stops', async () => {
  leading = [];

  const candidates = ['a', 'b', 'c'].map((identity) => candidate(identity, 'stop'));

  await eventually(async () => assert.equal(leading.length, 1));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(leading.length, 1, 'a lease that is renewed is not taken');

  const first = candidates.find(({ leader }) => leader.leads)!;
  const started = Date.now();

  await first.leader.stop();
  await eventually(async () => assert.equal(leading.length, 1));
  assert.ok(Date.now() - started < times.leaseMs, 'a lease that was given away need not run out');

  for (const { leader } of candidates) {
    await leader.stop();
  }
});

test('a leader without connection stops before another one starts', async () => {
  leading = [];

  const candidates = ['a', 'b'].map((identity) => candidate(identity, 'cut'));

  await eventually(async () => assert.equal(leading.length, 1));

  const first = candidates.find(({ leader }) => leader.leads)!;
  const [before] = leading;

  first.cutOff();

  let most = 0;
  await eventually(async () => {
    most = Math.max(most, leading.length);
    assert.ok(leading.length === 1 && leading[0] !== before);
  });

  assert.equal(most, 1);

  for (const { leader } of candidates) {
    await leader.stop();
  }
});
