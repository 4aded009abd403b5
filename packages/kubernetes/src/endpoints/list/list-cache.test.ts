import assert from 'node:assert/strict';
import { test } from 'node:test';
import { put } from '@ks-apiserver/kubernetes/test/storage/backend-suite';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { ListCache } from './list-cache.ts';

const PODS = '/registry/core/pods/';
const list = (size = 1) => ({ items: Buffer.alloc(size) });

test('a list is cached when it is repeated, and valid until something below its prefix changes', async () => {
  const backend = new MemoryBackend();
  const cache = new ListCache();

  cache.start(backend);
  await backend.update(`${PODS}a/one`, () => put(1));
  assert.equal(cache.isWanted('a', `${PODS}a/`), false);
  assert.equal(cache.isWanted('a', `${PODS}a/`), true);
  cache.put('a', `${PODS}a/`, list());
  cache.put('all', PODS, list());
  cache.put('nodes', '/registry/core/nodes/', list());
  await backend.update(`${PODS}b/one`, () => put(1));
  assert.ok(cache.get('a', `${PODS}a/`), 'another namespace changed');
  assert.equal(cache.get('all', PODS), undefined);
  assert.equal(cache.isWanted('all', PODS), false);
  await backend.update(`${PODS}a/one`, () => ({ action: 'delete' }));
  assert.equal(cache.get('a', `${PODS}a/`), undefined);
  assert.ok(cache.get('nodes', '/registry/core/nodes/'));
  await backend.update('/registry/core/nodes/n', () => put(1));
  assert.equal(cache.get('nodes', '/registry/core/nodes/'), undefined);
  await backend.close();
});

test('the least recently used snapshot is dropped when there are too many', () => {
  const cache = new ListCache();
  const megabytes = (count: number) => list(count * 1024 * 1024);

  for (const key of ['a', 'b', 'c', 'd']) {
    cache.put(key, PODS, megabytes(8));
  }

  assert.ok(cache.get('a', PODS));
  cache.put('e', PODS, megabytes(8));

  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key, PODS)),
    ['a', 'c', 'd', 'e'],
  );
});
