import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byCreation, byName, type Entry, makeEntry } from './entry.ts';
import { CacheBudget, InformerStore } from './informer-store.ts';

function entry(namespace: string, name: string, second: number, resourceVersion: number): Entry {
  const metadata = {
    name,
    namespace,
    uid: name,
    resourceVersion: String(resourceVersion),
    creationTimestamp: new Date(second * 1000).toISOString(),
  };

  return makeEntry({ metadata }, Buffer.from('{}'));
}

test('after any writes each order equals a sort of all entries', () => {
  const step = fc.record({
    delete: fc.boolean(),
    namespace: fc.constantFrom('', 'a', 'b'),
    name: fc.constantFrom('x', 'y', 'z', 'zz'),
    second: fc.integer({ min: 0, max: 3 }),
  });

  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new InformerStore();
      const model = new Map<string, Entry>();
      steps.forEach((s, i) => {
        // Occasional reads create the orders before later writes.
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

test('replace notifies listeners of exactly what changed', () => {
  const store = new InformerStore();
  store.replace([entry('', 'a', 1, 1), entry('', 'b', 1, 1)]);

  const seen: string[] = [];
  store.onChange(({ type, entry }) => seen.push(`${type} ${entry.name}`));
  store.replace([entry('', 'b', 1, 1), entry('', 'c', 1, 2)]);
  store.set(entry('', 'c', 1, 3));
  assert.deepEqual(seen, ['DELETED a', 'ADDED c', 'MODIFIED c']);
});

test('views equal a filter and sort of all entries, also between writes', () => {
  const step = fc.record({
    action: fc.constantFrom('set', 'set', 'set', 'delete', 'ask'),
    namespace: fc.constantFrom('', 'a', 'b'),
    name: fc.constantFrom('x', 'y', 'z', 'zz'),
    second: fc.integer({ min: 0, max: 3 }),
  });

  const latestFirst = (a: Entry, b: Entry) => byCreation(b, a);
  const odd = (entry: Entry) => entry.created % 2000 !== 0;

  const queries = [
    { id: 'all', compare: byName },
    { id: 'odd', compare: latestFirst, passes: odd },
    { id: 'odd', compare: latestFirst, passes: odd, namespace: 'a' },
    { id: 'a/odd', compare: byName, passes: odd },
    { id: '=a\nodd', compare: byName, passes: odd },
  ];

  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new InformerStore();

      const check = () => {
        for (const { id, ...options } of queries) {
          const { passes = () => true, namespace } = options;

          const wanted = [...store.values()]
            .filter(
              (one) => (namespace === undefined || one.namespace === namespace) && passes(one),
            )
            .sort(options.compare);

          assert.deepEqual(store.view(id, options, 'name'), wanted);
        }
      };

      steps.forEach(({ action, namespace, name, second }, i) => {
        if (action === 'ask') {
          check();
        } else if (action === 'delete') {
          store.delete(namespace, name);
        } else {
          store.set(entry(namespace, name, second, i));
        }
      });

      check();
    }),
  );
});

test('unused views make room for others', () => {
  const store = new InformerStore();

  for (let i = 0; i < 1000; i++) {
    store.set(entry('', `entry-${i}`, i, i));
  }

  let made = 0;

  const openView = (id: string) =>
    store.view(id, {
      compare: (a, b) => byName(a, b),
      passes: () => {
        made += 1;
        return true;
      },
    });

  for (let i = 0; i < 200; i++) {
    openView('often');
    openView(`once-${i}`);
  }

  // Each was created once, and the one in constant use was kept.
  assert.equal(made, 201 * 1000);
  openView('once-0');
  assert.equal(made, 202 * 1000);
});

test('a store knows whether a listener follows it', () => {
  const store = new InformerStore();
  const stop = store.onChange(() => {});

  assert.equal(store.watched, true);
  stop();
  assert.equal(store.watched, false);
});

test('a view that is built within one slice is ready at once the next time', async () => {
  const store = new InformerStore();

  for (let i = 0; i <= 10_000; i++) {
    store.set(entry('', `entry-${i}`, i, i));
  }

  const options = { compare: byName, passes: () => false };
  assert.deepEqual(await store.view('none', options), []);
  assert.deepEqual(store.view('none', options), []);
});

test('a view of many entries is built in slices, and misses none of the changes meanwhile', async () => {
  const store = new InformerStore();

  for (let i = 0; i < 30_000; i++) {
    store.set(entry('', `entry-${i}`, i, i));
  }

  const passes = ({ name }: Entry) => name.endsWith('7');
  const making = store.view('sevens', { compare: byName, passes });

  assert.ok(making instanceof Promise);
  store.delete('', 'entry-7');
  store.set(entry('', 'entry-x7', 5, 5));
  store.set(entry('', 'entry-17', 99, 99));

  const wanted = [...store.values()].filter(passes).sort(byName);
  assert.deepEqual(await making, wanted);
  assert.deepEqual(store.view('sevens', { compare: byName, passes }), wanted);
});

test('stores with a common budget keep no more than that together', () => {
  const budget = new CacheBudget(3 * 1100);
  const [one, other] = [new InformerStore(budget), new InformerStore(budget)];

  one.set(entry('', 'a', 0, 1));
  other.set(entry('', 'b', 0, 1));
  one.set(entry('', 'c', 0, 1));
  assert.throws(() => other.set(entry('', 'd', 0, 1)), { code: 507 });
  assert.deepEqual([one.size, other.size], [2, 1]);

  // What is replaced or deleted makes room.
  one.set(entry('', 'c', 1, 2));
  one.delete('', 'a');
  other.set(entry('', 'd', 0, 1));
  one.replace([]);
  other.replace([]);
  assert.equal(budget.used, 0);
});
