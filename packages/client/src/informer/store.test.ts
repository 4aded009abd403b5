import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byCreation, byName, type Entry, entryOf } from './entry.ts';
import { Store } from './store.ts';

function entry(namespace: string, name: string, second: number, resourceVersion: number): Entry {
  const metadata = {
    name,
    namespace,
    uid: name,
    resourceVersion: String(resourceVersion),
    creationTimestamp: new Date(second * 1000).toISOString(),
  };
  return entryOf({ metadata }, Buffer.from('{}'), {}, false);
}

test('after any writes each order holds what a sort of all would', () => {
  const step = fc.record({
    delete: fc.boolean(),
    namespace: fc.constantFrom('', 'a', 'b'),
    name: fc.constantFrom('x', 'y', 'z', 'zz'),
    second: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new Store();
      const model = new Map<string, Entry>();
      steps.forEach((s, i) => {
        // Asking now and then makes the orders exist before later writes.
        store.list(i % 2 ? 'name' : 'creationTimestamp', i % 3 ? s.namespace : undefined);
        if (s.delete) {
          store.delete(s.namespace, s.name);
          model.delete(`${s.namespace}/${s.name}`);
        } else {
          const e = entry(s.namespace, s.name, s.second, i);
          store.set(e);
          model.set(`${s.namespace}/${s.name}`, e);
        }
      });
      const all = [...model.values()];
      assert.deepEqual(store.list('name'), all.toSorted(byName));
      assert.deepEqual(store.list('creationTimestamp'), all.toSorted(byCreation));
      assert.deepEqual(
        store.list('creationTimestamp', 'a'),
        all.filter((e) => e.namespace === 'a').toSorted(byCreation),
      );
    }),
  );
});

test('replace tells listeners exactly what changed', () => {
  const store = new Store();
  store.replace([entry('', 'a', 1, 1), entry('', 'b', 1, 1)]);
  const seen: string[] = [];
  store.onChange(({ type, entry }) => seen.push(`${type} ${entry.name}`));
  store.replace([entry('', 'b', 1, 1), entry('', 'c', 1, 2)]);
  store.set(entry('', 'c', 1, 3));
  assert.deepEqual(seen, ['DELETED a', 'ADDED c', 'MODIFIED c']);
});
