import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortInSlices } from '@ks-apiserver/apimachinery/concurrency/slices';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type Entry, makeEntry } from '@ks-apiserver/client/informer/entry';
import fc from 'fast-check';
import type { Catalog } from '../catalog/catalog.ts';
import { Columns } from '../computed/columns.ts';
import { parseListQuery } from './query.ts';
import type { ResourceDefinition } from './resource-definition.ts';
import { orderingOf, sortUpTo } from './sort.ts';

const definition: ResourceDefinition = {
  group: '',
  version: 'v1',
  resource: 'things',
  kind: 'Thing',
  namespaced: true,
};

const catalog = { columns: new Columns() } as unknown as Catalog;

const entries = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      namespace: fc.constantFrom('x', 'y', 'z'),
      size: fc.option(fc.oneof(fc.nat({ max: 20 }), fc.constantFrom('p', 'q'))),
      tier: fc.option(fc.constantFrom('front', 'back')),
    }),
    { selector: ({ name, namespace }) => `${namespace}/${name}`, maxLength: 12 },
  )
  .map((all) =>
    all.map(({ name, namespace, size, tier }): Entry => {
      const object: KubeObject = {
        metadata: { name, namespace, uid: `${namespace}${name}`, labels: tier ? { tier } : {} },
        spec: size === null ? {} : { size },
      };

      return makeEntry(object, Buffer.from(JSON.stringify(object)));
    }),
  );

const orders = fc.constantFrom(
  'sortBy=name',
  'sortBy=name&ascending=true',
  'sortBy=label:tier,-name',
  'sortBy=-spec.size',
  'sortBy=spec.size&ascending=true',
  'sortBy=-namespace,spec.size',
  'sortBy=',
);

test("an order is total: it does not depend on the entries' positions, and its pages are parts of it", async () => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      orders,
      fc.nat({ max: 14 }),
      fc.nat(),
      async (given, query, end, seed) => {
        const ordering = orderingOf(
          definition,
          parseListQuery(new URLSearchParams(query)),
          catalog,
        );
        await catalog.columns.fill(given, ordering.columns);

        const sorted = [...given].sort(ordering.compare);
        const shuffled = [...given].sort(
          (a, b) => ((a.uid.charCodeAt(0) * seed) % 7) - ((b.uid.charCodeAt(1) * seed) % 5),
        );

        assert.deepEqual(shuffled.sort(ordering.compare), sorted);

        assert.deepEqual(
          (await sortUpTo(given, ordering, end)).slice(0, end),
          sorted.slice(0, end),
        );
      },
    ),
  );
});

test('missing values sort last in both directions, and numbers sort as numbers', () => {
  const sizes = (query: string, all: readonly unknown[]) => {
    const given = all.map((size, i) => {
      const object: KubeObject = { metadata: { name: `n${i}` }, spec: { size } };
      return makeEntry(object, Buffer.from(JSON.stringify(object)));
    });

    const { compare } = orderingOf(definition, parseListQuery(new URLSearchParams(query)), catalog);

    return given.sort(compare).map(({ bytes }) => JSON.parse(bytes.toString()).spec.size);
  };

  const all = [10, undefined, 9, 'x', ''];
  assert.deepEqual(sizes('sortBy=spec.size,name', all), [9, 10, 'x', undefined, '']);
  assert.deepEqual(sizes('sortBy=-spec.size,name', all), ['x', 10, 9, undefined, '']);
});

test('an unknown key is refused with the names of the known ones', () => {
  assert.throws(
    () => orderingOf(definition, parseListQuery(new URLSearchParams('sortBy=name,size')), catalog),
    {
      code: 400,
      message: /things have no key "size"; there are name, namespace/,
    },
  );
});

test('many entries are sorted in slices, with the result of one sort', async () => {
  const many = Array.from({ length: 9000 }, (_, i) => (i * 7919) % 9001);
  const compare = (a: number, b: number) => (a % 100) - (b % 100);

  assert.deepEqual(await sortInSlices(many, compare), [...many].sort(compare));
  assert.deepEqual(await sortInSlices([], compare), []);

  const given = many.map((created): Entry => {
    const object: KubeObject = {
      metadata: { name: `n${created}`, creationTimestamp: new Date(created * 1000).toISOString() },
    };
    return makeEntry(object, Buffer.from('{}'));
  });

  const ordering = orderingOf(
    definition,
    parseListQuery(new URLSearchParams('sortBy=-creationTimestamp')),
    catalog,
  );

  const sorted = [...given].sort(ordering.compare);

  for (const end of [1, 50, 5000, 9000]) {
    assert.deepEqual((await sortUpTo(given, ordering, end)).slice(0, end), sorted.slice(0, end));
  }
});
