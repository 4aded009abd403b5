import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { QueryError } from '@ks-apiserver/promql/query-api';
import { ObjectFeed } from './object-feed.ts';

let version = 0;

function put(store: InformerStore, name: string, more: Partial<KubeObject> = {}): void {
  version += 1;

  const object = {
    metadata: { name, namespace: 'n', uid: name, resourceVersion: `${version}` },
    ...more,
  };
  store.set(makeEntry(object, Buffer.from(JSON.stringify(object))));
}

/** What was sent: kind, key, and the JSON or undefined. */
type Sent = [kind: string, key: string, object: KubeObject | undefined];

function recorder(sent: Sent[], fails: () => Error | undefined = () => undefined) {
  return async (
    kind: string,
    changes: readonly { key: string; bytes: Uint8Array | undefined }[],
  ) => {
    await setImmediate();

    const error = fails();
    if (error) {
      throw error;
    }

    for (const { key, bytes } of changes) {
      sent.push([kind, key, bytes && JSON.parse(Buffer.from(bytes).toString())]);
    }
  };
}

test('all objects are sent at first, then those that change, each in its newest state', async () => {
  const pods = new InformerStore();
  const sent: Sent[] = [];
  const feed = new ObjectFeed([{ kind: 'pods', store: pods }], recorder(sent));

  put(pods, 'a');
  assert.equal(sent.length, 0);

  await feed.restart();
  await feed.settled();
  assert.deepEqual(
    sent.splice(0).map(([, key]) => key),
    ['n/a'],
  );

  put(pods, 'a', { status: { phase: 'Pending' } });
  put(pods, 'b');
  put(pods, 'a', { status: { phase: 'Running' } });
  pods.delete('n', 'b');
  await setImmediate();
  await feed.settled();

  assert.deepEqual(
    sent.map(([, key, object]) => [key, object?.status?.phase]),
    [
      ['n/a', 'Running'],
      ['n/b', undefined],
    ],
  );

  feed.stop();
  put(pods, 'c');
  await setImmediate();
  assert.equal(sent.length, 2);
});

test('of secrets only the name is sent, and once', async () => {
  const secrets = new InformerStore();
  const sent: Sent[] = [];
  const feed = new ObjectFeed([{ kind: 'secrets', store: secrets }], recorder(sent));

  put(secrets, 'a', { data: { key: 'c2VjcmV0' } });
  await feed.restart();
  await feed.settled();
  put(secrets, 'a', { data: { key: 'bmV3' } });
  await setImmediate();
  await feed.settled();

  assert.deepEqual(sent, [['secrets', 'n/a', { metadata: { name: 'a', namespace: 'n' } }]]);
});

test('a receiver that is gone is sent everything when it is back, a slow one only what changes', async () => {
  const pods = new InformerStore();
  const sent: Sent[] = [];
  let error: Error | undefined;
  const feed = new ObjectFeed(
    [{ kind: 'pods', store: pods }],
    recorder(sent, () => error),
  );

  put(pods, 'a');
  await feed.restart();
  await feed.settled();

  error = new QueryError('timeout', 'slow');
  put(pods, 'b');
  await setImmediate();
  await feed.settled();
  error = undefined;
  put(pods, 'c');
  await setImmediate();
  await feed.settled();
  assert.deepEqual(
    sent.splice(0).map(([, key]) => key),
    ['n/a', 'n/c'],
  );

  error = new QueryError('unavailable', 'gone');
  put(pods, 'd');
  await setImmediate();
  await feed.settled();
  error = undefined;
  put(pods, 'e');
  await setImmediate();
  assert.equal(sent.length, 0);

  await feed.restart();
  await feed.settled();
  assert.deepEqual(sent.map(([, key]) => key).sort(), ['n/a', 'n/b', 'n/c', 'n/d', 'n/e']);
});

test('many objects are sent in batches', async () => {
  const pods = new InformerStore();
  const sizes: number[] = [];
  const feed = new ObjectFeed([{ kind: 'pods', store: pods }], async (_, changes) => {
    sizes.push(changes.length);
  });

  for (let index = 0; index < 1200; index++) {
    put(pods, `pod-${index}`);
  }

  await feed.restart();
  await feed.settled();
  assert.deepEqual(sizes, [500, 500, 200]);
});
