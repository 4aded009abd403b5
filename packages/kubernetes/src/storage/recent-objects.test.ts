import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentObjects } from './recent-objects.ts';
import { encodeRecord, type StoredObject } from './stored-object.ts';

const object = (key: string, revision: number, size = 10): StoredObject =>
  encodeRecord(key, revision, { bytes: Buffer.alloc(size, 'x') });

test('a cached record equals the last committed one', () => {
  const recent = new RecentObjects();
  const [first, second] = [object('/a', 1), object('/a', 2)];

  assert.equal(recent.get('/a'), undefined);
  recent.keep(first);
  assert.equal(recent.get('/a'), first);
  recent.follow([{ revision: 2, key: '/a', type: 'MODIFIED', object: second, previous: first }]);
  assert.equal(recent.get('/a'), second);
  recent.follow([{ revision: 3, key: '/a', type: 'DELETED', object: second, previous: second }]);
  assert.equal(recent.get('/a'), undefined);
  recent.follow([{ revision: 4, key: '/b', type: 'ADDED', object: object('/b', 4) }]);
  assert.equal(recent.get('/b'), undefined, 'what nobody read is not kept');
});

test('a growing object is no longer kept', () => {
  const recent = new RecentObjects();
  recent.keep(object('/a', 1));
  recent.follow([{ revision: 2, key: '/a', type: 'MODIFIED', object: object('/a', 2, 5000) }]);
  assert.equal(recent.get('/a'), undefined);
});

test('the least recently used list is dropped first', () => {
  const recent = new RecentObjects();

  for (let i = 0; i < 2000; i++) {
    recent.keep(object(`/${i}`, i, 4000));
    recent.get('/0');
  }

  const kept = Array.from({ length: 2000 }, (_, i) => recent.get(`/${i}`)).filter(
    (one) => one !== undefined,
  );
  assert.ok(kept.length > 900 && kept.length <= 1050, `${kept.length} of 4 KB`);
  assert.equal(kept[0]!.key, '/0');
  assert.equal(kept.at(-1)!.key, '/1999');
});
