import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { expired } from '@ks-apiserver/apimachinery/meta/errors';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { eventually } from '@ks-apiserver/server/test/support/test-server';
import { Catalog } from '../resources/catalog/catalog.ts';
import { listPage } from '../resources/list/list.ts';
import { parseListQuery } from '../resources/query/query.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import { type Follow, type LiveLimits, type LiveList, LiveLists, originOf } from './live-lists.ts';
import type { Sink } from './sink.ts';

const definition: ResourceDefinition = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

const FOLLOW: Follow = {
  position: '',
  initial: true,
  bookmarks: true,
  timeoutSeconds: undefined,
  check: () => undefined,
};

let api: KubeApiServer;
let catalog: Catalog;
let store: InformerStore;
let version = 0;

before(async () => {
  api = await KubeApiServer.open({ backend: new MemoryBackend() });
  catalog = new Catalog(new KubeClient(api), [definition]);
  store = await catalog.synced(definition, { signal: AbortSignal.timeout(10_000) });
});

after(async () => {
  await catalog.stop();
  await api.close();
});

beforeEach(() => store.replace([]));

function put(name: string, labels: Record<string, string> = {}): void {
  version += 1;
  const metadata = {
    name,
    namespace: 'n',
    uid: `uid-${name}`,
    resourceVersion: String(version),
    labels,
  };

  store.set(makeEntry({ metadata }, Buffer.from(JSON.stringify({ kind: 'ConfigMap', metadata }))));
}

interface Event {
  type: string;
  object: { metadata: { name: string; uid: string }; code?: number };
  index?: number;
  totalItems?: number;
}

/** Records everything that comes. */
class Notes implements Sink {
  blocked = false;
  readonly events: Event[] = [];
  beats = 0;
  ended = false;
  answers = true;
  #close: (() => void)[] = [];

  write(frame: readonly Buffer[]): boolean {
    const line = Buffer.concat(frame).toString();
    assert.ok(line.endsWith('}\n') && !line.slice(0, -1).includes('\n'));
    this.events.push(JSON.parse(line));
    return true;
  }

  cork(): void {}

  uncork(): void {}

  heartbeat(): boolean {
    this.beats += 1;
    return this.answers;
  }

  onDrain(): void {}

  onClose(listener: () => void): void {
    this.#close.push(listener);
  }

  end(): void {
    this.ended = true;
    this.destroy();
  }

  destroy(): void {
    for (const listener of this.#close.splice(0)) {
      listener();
    }
  }
}

async function follow(lists: LiveLists, query: string, more: Partial<Follow> = {}): Promise<Notes> {
  const given = parseListQuery(new URLSearchParams(query));

  const list: LiveList = {
    origin: originOf(definition, store, catalog),
    key: query,
    page: async () => listPage({ store, definition, catalog }, given),
    matches: given.limit === -1 ? () => true : undefined,
    offset: given.limit === -1 ? undefined : (given.page - 1) * given.limit,
    others: [],
  };

  const begin = await lists.open(list, { ...FOLLOW, ...more });
  const notes = new Notes();

  begin(notes);

  return notes;
}

async function withLists(
  limits: Partial<LiveLimits>,
  run: (lists: LiveLists) => Promise<void>,
): Promise<void> {
  const lists = new LiveLists(limits);

  try {
    await run(lists);
  } finally {
    lists.close();
  }
}

test('applying the events of a page always gives the page', () =>
  withLists({}, async (lists) => {
    let seed = 42;

    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return (seed >> 8) % below;
    };

    const query = 'sortBy=name&ascending=true&limit=5&page=2&labelSelector=in=yes';

    for (let i = 0; i < 20; i++) {
      put(`o-${random(100)}`, { in: random(2) ? 'yes' : 'no' });
    }

    const notes = await follow(lists, query);
    const page: string[] = [];
    let applied = 0;
    let total = -1;

    for (let round = 0; round < 30; round++) {
      for (let change = random(8); change >= 0; change--) {
        const name = `o-${random(100)}`;

        if (random(3) === 0) {
          store.delete('n', name);
        } else {
          put(name, { in: random(3) ? 'yes' : 'no' });
        }
      }

      const want = await listPage(
        { store, definition, catalog },
        parseListQuery(new URLSearchParams(query)),
      );
      await eventually(async () => {
        for (; applied < notes.events.length; applied++) {
          const { type, object, index, totalItems } = notes.events[applied]!;
          total = totalItems ?? total;

          if (type === 'BOOKMARK') {
            continue;
          }

          const at = page.indexOf(object.metadata.name);
          if (at >= 0) {
            page.splice(at, 1);
          }
          if (type !== 'DELETED') {
            page.splice(index! - 5, 0, object.metadata.name);
          }
        }

        assert.deepEqual([page, total], [want.entries.map(({ name }) => name), want.total]);
      });
    }
  }));

test('quiet streams get heartbeats and bookmarks, and clients that do not answer are cut', () =>
  withLists({ tickMs: 20, heartbeatMs: 60, bookmarkMs: 60 }, async (lists) => {
    const [quiet, without, dead] = [
      await follow(lists, 'a'),
      await follow(lists, 'a', { bookmarks: false }),
      await follow(lists, 'a'),
    ];

    dead.answers = false;

    let closed = false;
    dead.onClose(() => {
      closed = true;
    });

    await eventually(async () => {
      assert.ok(quiet.beats >= 2);
      assert.ok(quiet.events.filter(({ type }) => type === 'BOOKMARK').length >= 3);
    });

    assert.deepEqual(without.events, []);
    assert.ok(closed);
  }));

test('a stream ends after its timeout, and as soon as its check fails', () =>
  withLists({ tickMs: 20 }, async (lists) => {
    const timed = await follow(lists, 'a', { timeoutSeconds: 1 });
    let allowed = true;
    const checked = await follow(lists, 'a', {
      check: () => (allowed ? undefined : expired('no more')),
    });

    await sleep(100);
    assert.ok(!checked.ended);
    allowed = false;
    await eventually(async () => assert.ok(checked.ended));
    assert.equal(checked.events.at(-1)!.object.code, 410);
    assert.ok(!timed.ended);
    await eventually(async () => assert.ok(timed.ended));
    assert.equal(timed.events.at(-1)!.type, 'BOOKMARK');
  }));

test('readers and distinct lists are limited, and lists without readers make room', () =>
  withLists({ tickMs: 20, readers: 3, logs: 2, lingerMs: 60_000 }, async (lists) => {
    const one = await follow(lists, 'a');

    await follow(lists, 'b');
    await assert.rejects(follow(lists, 'c'), { code: 429 });
    await follow(lists, 'a');
    await assert.rejects(follow(lists, 'a'), { code: 429 });
    one.destroy();
    await follow(lists, 'a');
  }));

test('stalled readers are cut', () =>
  withLists({ tickMs: 20, stalledMs: 100 }, async (lists) => {
    const notes = await follow(lists, 'a');
    let closed = false;

    notes.onClose(() => {
      closed = true;
    });
    notes.blocked = true;
    await eventually(async () => assert.ok(closed));
  }));
