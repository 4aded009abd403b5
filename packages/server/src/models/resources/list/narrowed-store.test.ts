import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, makeEntry } from '@ks-apiserver/client/informer/entry';
import { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import { NarrowedStore } from './narrowed-store.ts';

const visited = new Set<Entry>();

/** Returns an entry that records reads of it. */
function entry(namespace: string, name: string, created: number): Entry {
  const metadata = { name, namespace, uid: `${namespace}-${name}`, resourceVersion: '1' };
  const made = makeEntry({ metadata }, Buffer.from('{}'));

  return Object.defineProperty(made, 'created', {
    get() {
      visited.add(made);
      return created;
    },
  });
}

test('a list over 300 of 10,000 namespaces reads only the objects of these, in one order', () => {
  const store = new InformerStore();

  for (let n = 0; n < 10_000; n++) {
    for (let i = 0; i < 4; i++) {
      store.set(entry(`ns-${n}`, `o-${i}`, (n * 7919 + i * 31) % 9973));
    }
  }

  const own = new Set(Array.from({ length: 300 }, (_, i) => `ns-${i * 33}`));

  visited.clear();

  const list = new NarrowedStore(store, own).list('creationTimestamp');
  assert.equal(list.length, 1200);
  assert.equal(visited.size, 1200);
  assert.ok(list.every((one, i) => i === 0 || list[i - 1]!.created <= one.created));
  assert.ok(list.every(({ namespace }) => own.has(namespace)));
});

test('single objects and namespaces are found only among the visible ones', () => {
  const store = new InformerStore();

  for (const namespace of ['a', 'b']) {
    store.set(entry(namespace, 'x', 1));
  }

  const narrowed = new NarrowedStore(store, new Set(['a', 'nosuch']));
  assert.equal(narrowed.get('x', 'a')?.namespace, 'a');
  assert.equal(narrowed.get('x', 'b'), undefined);
  assert.equal(narrowed.list('name', 'b').length, 0);
  assert.equal(narrowed.list('name', 'a').length, 1);
  assert.equal(narrowed.list('name').length, 1);
});
