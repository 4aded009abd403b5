import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';
import { EventRecorder } from './event-recorder.ts';
import { storedEvent } from './stored-event.ts';

const EVENTS = { group: '', version: 'v1', resource: 'events' };
let api: KubeApiServer;
let client: KubeClient;
const recorders: EventRecorder[] = [];

before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });
  client = new KubeClient(api);
});

after(async () => {
  await Promise.all(recorders.map((recorder) => recorder.stop()));
  await api.close();
});

function create(name: string) {
  return client.create(EVENTS, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web' },
    reason: 'Tested',
    message: name,
    type: 'Normal',
    count: 1,
  });
}

/** A store that keeps each id once, as the real one does, and can fail. */
class Stored {
  readonly documents = new Map<string, string>();
  position = '';
  fails = false;
  appended = 0;

  recorder(): EventRecorder {
    const recorder = new EventRecorder({
      client,
      append: async (documents: readonly AppendedDocument[]) => {
        await sleep(1);
        if (this.fails) {
          throw new Error('no room');
        }

        for (const { id = '', json } of documents) {
          this.appended += 1;
          this.documents.set(id, json);
        }
      },
      position: {
        read: async () => this.position,
        keep: async (version) => {
          this.position = version;
        },
      },
      onError: () => {},
    }).start();

    recorders.push(recorder);

    return recorder;
  }

  get messages(): string[] {
    return [...this.documents.values()].map((json) => JSON.parse(json).message).sort();
  }

  async has(count: number): Promise<void> {
    for (const end = Date.now() + 10_000; this.documents.size < count && Date.now() < end; ) {
      await sleep(10);
    }
    assert.equal(this.documents.size, count);
  }
}

test('events are stored: those that there were, new ones, and changes', async () => {
  await create('first');

  const stored = new Stored();
  const recorder = stored.recorder();
  await stored.has(1);

  await create('second');
  await stored.has(2);

  const key = { resource: EVENTS, namespace: 'default', name: 'second' };
  await client.patch(key, 'merge', { count: 2 });
  await stored.has(3);
  await client.delete(key);
  await recorder.stop();

  assert.deepEqual(stored.messages, ['first', 'second', 'second']);
});

test('after a pause nothing is missing, and nothing comes again', async () => {
  const stored = new Stored();
  const first = stored.recorder();
  await create('before');
  await sleep(300);
  await first.stop();

  const count = stored.documents.size;
  const { appended } = stored;
  await create('meanwhile');

  const second = stored.recorder();
  await stored.has(count + 1);
  await second.stop();
  assert.equal(stored.appended, appended + 1, 'it went on where it stopped');
});

test('a position that the API does not remember begins with a list', async () => {
  const stored = new Stored();
  stored.position = '999999999';
  const recorder = stored.recorder();

  await create('after');
  for (const end = Date.now() + 10_000; !stored.messages.includes('after') && Date.now() < end; ) {
    await sleep(20);
  }
  await recorder.stop();
  assert.ok(stored.messages.includes('after'));
});

test('what could not be stored is stored later', async () => {
  const stored = new Stored();
  const recorder = stored.recorder();
  await sleep(200);
  const count = stored.documents.size;

  stored.fails = true;
  await create('late-1');
  await create('late-2');
  await sleep(300);
  stored.fails = false;

  await stored.has(count + 2);
  await recorder.stop();
  assert.ok(stored.messages.includes('late-1') && stored.messages.includes('late-2'));
});

test('a recorder stops at any moment', { timeout: 20_000 }, async () => {
  for (let ms = 0; ms < 20; ms++) {
    const recorder = new Stored().recorder();
    await sleep(ms);
    await recorder.stop();
  }

  const recorder = new Stored().recorder();
  await recorder.stop();
});

test('an event has a time, and a name for each of its versions', () => {
  const metadata = { uid: 'u', resourceVersion: '7', creationTimestamp: 'c', managedFields: [] };
  const of = (event: object) => storedEvent(Buffer.from(JSON.stringify(event)));

  assert.deepEqual(of({ metadata, eventTime: 'e' }), {
    version: '7',
    document: {
      id: 'u 7',
      json: JSON.stringify({
        metadata: { uid: 'u', resourceVersion: '7', creationTimestamp: 'c' },
        eventTime: 'e',
        lastTimestamp: 'e',
      }),
    },
  });
  assert.equal(JSON.parse(of({ metadata }).document.json).lastTimestamp, 'c');
  assert.equal(JSON.parse(of({ metadata, lastTimestamp: 'l' }).document.json).lastTimestamp, 'l');
});
