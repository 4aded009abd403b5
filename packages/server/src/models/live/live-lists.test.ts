import assert from 'node:assert/strict';
import http from 'node:http';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { eventually } from '@ks-apiserver/server/test/support/test-server';
import { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import { type LiveList, LiveLists, originOf } from './live-lists.ts';
import { LineSink } from './sink.ts';

const BYTES = 12 * 1024;

const definition: ResourceDefinition = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

let api: KubeApiServer;
let catalog: Catalog;
let store: InformerStore;
let live: LiveLists;
let server: http.Server;

before(async () => {
  setFlagsFromString('--expose_gc');
  api = await KubeApiServer.open({ backend: new MemoryBackend() });
  catalog = new Catalog(new KubeClient(api), [definition]);
  store = await catalog.synced(definition, { signal: AbortSignal.timeout(10_000) });
  live = new LiveLists({ window: { changes: 64, bytes: 8 * 1024 * 1024 }, tickMs: 50 });

  const list: LiveList = {
    origin: originOf(definition, store, catalog),
    key: 'all',
    page: async () => ({ entries: store.list('name'), total: store.size }),
    matches: () => true,
    offset: undefined,
    others: [],
  };

  const follow = {
    initial: true,
    bookmarks: true,
    timeoutSeconds: undefined,
    check: () => undefined,
  };

  server = http.createServer(async (req, res) => {
    try {
      const begin = await live.open(list, { ...follow, position: req.url!.slice(1) });
      res.writeHead(200);
      begin(new LineSink(res));
    } catch (error) {
      res.writeHead((error as StatusError).code).end();
    }
  });
});

after(async () => {
  live.close();
  await catalog.stop();
  await api.close();
});

let version = 0;

/** Changes the object with this number: 12 KB, whose last digits are the version. */
function change(number: number): void {
  version += 1;
  const metadata = {
    name: `o-${number}`,
    namespace: 'n',
    uid: `u-${number}`,
    resourceVersion: String(version),
  };

  const object = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata,
    data: { x: 'x'.repeat(BYTES), version: String(version) },
  };

  store.set(makeEntry(object, Buffer.from(JSON.stringify(object))));
}

/** A connection to the server whose reader can stop reading. */
class Connection extends Duplex {
  received = 0;
  last = '';
  reads: boolean;
  #held: (() => void) | undefined;

  constructor(reads: boolean, position = '') {
    super();
    this.reads = reads;
    server.emit('connection', this);
    this.push(`GET /${position} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    const take = () => {
      this.received += chunk.length;
      this.last = (this.last + chunk.subarray(-400)).slice(-800);
      done();
    };

    if (this.reads) {
      take();
    } else {
      this.#held = take;
    }
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    done(error);
  }

  readOn(): void {
    this.reads = true;
    this.#held?.();
    this.#held = undefined;
  }
}

function memory(): number {
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a thousand readers get every change, and a thousand stalled readers keep no copies', {
  timeout: 60_000,
}, async () => {
  for (let number = 0; number < 20; number++) {
    change(number);
  }

  const quick = Array.from({ length: 1000 }, () => new Connection(true));
  const slow = Array.from({ length: 1000 }, () => new Connection(false));

  await eventually(async () =>
    assert.ok(quick.every(({ last }) => last.includes('initial-events-end'))),
  );

  const before = memory();

  for (let i = 0; i < 300; i++) {
    change(i % 20);
    if (i % 10 === 0) {
      await turn();
    }
  }

  await eventually(
    async () => assert.ok(quick.every(({ last }) => last.includes(`"version":"${version}"`))),
    30_000,
  );

  // Every reader got all of it: the initial objects and every change.
  for (const { received } of quick) {
    assert.ok(received > 320 * BYTES, String(received));
  }

  const grown = (memory() - before) / 1024 / 1024;

  // 300 changes of 12 KB for 1000 slow readers would be 3600 MB.
  assert.ok(grown < 40, `${grown} MB more`);

  // A reader that has fallen out of the window gets the error at its next read.
  slow[0]!.readOn();
  await eventually(async () => assert.match(slow[0]!.last, /"type":"ERROR".*"code":410/s));

  for (const connection of [...quick, ...slow]) {
    connection.destroy();
  }
});

test('a reader that reconnects in time gets exactly the missed events; later it gets 410', async () => {
  const first = new Connection(true);
  await eventually(async () => assert.match(first.last, /initial-events-end/));
  change(0);
  await eventually(async () => assert.ok(first.last.includes(`"version":"${version}"`)));

  const position = [...first.last.matchAll(/"position":"([^"]+)"/g)].at(-1)![1]!;

  first.destroy();
  change(1);
  change(2);

  const second = new Connection(true, position);
  await eventually(async () => assert.ok(second.last.includes(`"version":"${version}"`)));
  assert.ok(second.received > 2 * BYTES && second.received < 3 * BYTES, String(second.received));
  second.destroy();

  for (let i = 0; i < 100; i++) {
    change(i % 20);
  }

  const third = new Connection(true, position);
  await eventually(async () => assert.match(third.last, /^HTTP\/1.1 410 /));
  third.destroy();
});
