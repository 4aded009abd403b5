import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, makeEntry } from '@ks-apiserver/client/informer/entry';
import fc from 'fast-check';
import type { Catalog } from '../catalog/catalog.ts';
import { Columns } from '../computed/columns.ts';
import { mergedOrder, withClusterOrder, withinCluster } from '../query/merged-order.ts';
import { parseListQuery } from '../query/query.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';
import { orderingOf } from '../query/sort.ts';
import { mergedPart, type PlacedEntry, splitAt } from './merged-pages.ts';

const definition: ResourceDefinition = {
  group: '',
  version: 'v1',
  resource: 'things',
  kind: 'Thing',
  namespaced: true,
  sortKeys: { size: (entry) => Number(entry.labels.size ?? 0) },
};

const object = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  namespace: fc.constantFrom('x', 'y'),
  created: fc.nat({ max: 3 }),
  size: fc.nat({ max: 3 }),
});

/** Objects of one cluster; the same names occur in others. */
const cluster = fc
  .uniqueArray(object, { selector: ({ name, namespace }) => `${namespace}/${name}`, maxLength: 12 })
  .map((all) =>
    all.map(({ name, namespace, created, size }): Entry => {
      const metadata = {
        name,
        namespace,
        uid: `${namespace}${name}`,
        creationTimestamp: new Date(created * 1000).toISOString(),
        labels: { size: String(size) },
      };

      return makeEntry(
        { metadata, spec: { size } },
        Buffer.from(JSON.stringify({ spec: { size } })),
      );
    }),
  );

const orders = fc.constantFrom(
  '',
  'ascending=true',
  'sortBy=name',
  'sortBy=name&ascending=true',
  'sortBy=size',
  'sortBy=size&ascending=true',
  'sortBy=label:size,-name',
  'sortBy=-spec.size,name',
  'sortBy=cluster',
  'sortBy=cluster&ascending=true',
  'sortBy=-cluster,name',
  'sortBy=name,-cluster',
);

const key = ({ entry, list }: PlacedEntry) => `${list}/${entry.namespace}/${entry.name}`;

test('a part of merged lists is the same part of all objects sorted together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(cluster, { maxLength: 6 }),
      orders,
      fc.nat({ max: 40 }),
      fc.nat({ max: 40 }),
      async (clusters, order, from, count) => {
        const query = withClusterOrder(parseListQuery(new URLSearchParams(order)));
        const lists = clusters.map((entries, i) => {
          const catalog = { columns: new Columns() } as unknown as Catalog;
          const ordering = orderingOf(definition, withinCluster(query), catalog);
          const sorted = [...entries].sort(ordering.compare);
          return { cluster: `c${i}`, definition, catalog, sorted };
        });

        const compare = mergedOrder(query, lists);
        const all = lists
          .flatMap(({ sorted }, list) => sorted.map((entry) => ({ entry, list })))
          .sort(compare);

        // Each list need only hold what is below the end.
        const prefixes = lists.map(({ sorted }) => sorted.slice(0, from + count));
        const part = await mergedPart(prefixes, compare, [from, from + count]);

        assert.deepEqual(part.map(key), all.slice(from, from + count).map(key));
      },
    ),
    { numRuns: 1000 },
  );
});

test('the orders of 3.0 are those of one list, and clusters break ties', () => {
  const entry = (name: string) => makeEntry({ metadata: { name, uid: name } }, Buffer.from('{}'));
  const lists = ['east', 'west'].map((name) => ({
    cluster: name,
    definition,
    catalog: { columns: new Columns() } as unknown as Catalog,
  }));
  const entries = [
    [entry('a'), entry('b')],
    [entry('a'), entry('b')],
  ];
  const sorted = (order: string) => {
    const query = withClusterOrder(parseListQuery(new URLSearchParams(order)));
    const compare = mergedOrder(query, lists);
    return entries
      .flatMap((each, list) => each.map((one) => ({ entry: one, list })))
      .sort(compare)
      .map(({ entry: { name }, list }) => name + lists[list]?.cluster)
      .join(' ');
  };

  assert.equal(sorted('sortBy=name&ascending=true'), 'aeast awest beast bwest');
  assert.equal(sorted('sortBy=name'), 'bwest beast awest aeast');
  assert.equal(sorted('sortBy=cluster&ascending=true'), 'aeast beast awest bwest');
  assert.equal(sorted('sortBy=-cluster,-name'), 'bwest awest beast aeast');
});

test('a deep page of long lists takes few comparisons', () => {
  const lists = Array.from({ length: 20 }, (_, list) =>
    Array.from({ length: 5000 }, (__, i) =>
      makeEntry({ metadata: { name: String(i * 20 + list).padStart(6, '0') } }, Buffer.from('{}')),
    ),
  );
  let comparisons = 0;
  const starts = splitAt(
    lists,
    (a, b) => {
      comparisons += 1;
      return a.entry.name < b.entry.name ? -1 : Number(a.entry.name > b.entry.name);
    },
    66_006,
  );

  assert.equal(
    starts.reduce((sum, count) => sum + count, 0),
    66_006,
  );
  assert.ok(comparisons < 20_000, String(comparisons));
});
