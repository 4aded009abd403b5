import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { makeEntry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { type SnapshotLimits, Snapshots } from './snapshots.ts';

let now = 0;
let store: InformerStore;

const entry = (name: string, version: string) => {
  const object: KubeObject = { metadata: { name, resourceVersion: version, uid: name } };
  return makeEntry(object, Buffer.alloc(100));
};

const open = (limits: Partial<SnapshotLimits> = {}) =>
  new Snapshots({ idleMs: 100, ageMs: 250, ...limits }, () => now);
const begin = (snapshots: Snapshots, caller = 'u') =>
  snapshots.begin({ caller, scope: 's', stores: [store], entries: [...store.values()] }, 1);

beforeEach(() => {
  now = 0;
  store = new InformerStore();

  for (const name of ['a', 'b', 'c']) {
    store.set(entry(name, '1'));
  }
});

test('continues at its position with the objects of its moment', () => {
  const snapshots = open();
  const token = begin(snapshots);

  store.delete('', 'a');
  store.set(entry('b', '2'));

  const { entries, offset } = snapshots.read(token, 's');
  assert.deepEqual(
    entries.map(({ name, resourceVersion }) => name + resourceVersion),
    ['a1', 'b1', 'c1'],
  );

  assert.equal(offset, 1);
});

test('is valid for the same query only, and for no invented position', () => {
  const snapshots = open();
  const token = begin(snapshots);

  assert.throws(() => snapshots.read(token, 'other'), { code: 400 });

  const { id } = snapshots.read(token, 's');
  assert.throws(() => snapshots.read(snapshots.tokenOf(id, 4), 's'), { code: 400 });

  for (const wrong of ['', 'x', 'AAAA', token.slice(1), 'x'.repeat(10_000)]) {
    assert.throws(() => snapshots.read(wrong, 's'), { code: 400, message: /continue/ });
  }

  const foreign = Buffer.from(`${'A'.repeat(22)}.1`).toString('base64url');
  assert.throws(() => snapshots.read(foreign, 's'), { code: 410, message: /begin again/ });
});

test('a snapshot ends when it is not continued, and with age', () => {
  const snapshots = open();
  const [left, read] = [begin(snapshots), begin(snapshots, 'v')];

  now = 90;
  snapshots.read(read, 's');
  now = 150;
  assert.throws(() => snapshots.read(left, 's'), { code: 410 });
  snapshots.read(read, 's');
  now = 240;
  snapshots.read(read, 's');
  now = 251;
  assert.throws(() => snapshots.read(read, 's'), { code: 410 });
  assert.deepEqual([snapshots.size, store.watched], [0, false]);
});

test('new snapshots of a caller replace their own and not those of others', () => {
  const snapshots = open({ perCaller: 2 });
  const other = begin(snapshots, 'other');
  const [first] = [begin(snapshots), begin(snapshots), begin(snapshots)];

  snapshots.read(other, 's');
  assert.throws(() => snapshots.read(first!, 's'), { code: 410 });
  assert.equal(snapshots.size, 3);
});

test('long lists of a caller replace their own', () => {
  const snapshots = open({ entries: 12, entriesPerCaller: 6 });
  const other = begin(snapshots, 'other');
  const [first, second] = [begin(snapshots), begin(snapshots), begin(snapshots), begin(snapshots)];
  for (const dropped of [first!, second!]) {
    assert.throws(() => snapshots.read(dropped, 's'), { code: 410 });
  }

  snapshots.read(other, 's');
  assert.equal(snapshots.size, 3);
});

test('the oldest are dropped when all together hold too much', () => {
  const few = open({ count: 2 });
  const [first] = [begin(few, '1'), begin(few, '2'), begin(few, '3')];

  assert.throws(() => few.read(first!, 's'), { code: 410 });

  const short = open({ entries: 7 });
  const [long] = [begin(short, '1'), begin(short, '2'), begin(short, '3')];

  assert.throws(() => short.read(long!, 's'), { code: 410 });
});

test('changed objects are not kept alive without limit', () => {
  const snapshots = open({ retained: 1000 });
  const early = begin(snapshots);

  for (let version = 2; version < 8; version++) {
    store.set(entry('a', String(version)));
  }

  const late = begin(snapshots, 'v');

  for (let version = 8; version < 15; version++) {
    store.set(entry('a', String(version)));
  }

  assert.throws(() => snapshots.read(early, 's'), { code: 410 });
  snapshots.read(late, 's');
});
