import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAggregated, readGroups, readResources } from './discovery-documents.ts';

test('any document is read without error, and names that cannot be part of a path are left out', () => {
  const key = fc.constantFrom(
    'kind',
    'items',
    'groups',
    'versions',
    'version',
    'resources',
    'resource',
    'name',
    'metadata',
    'responseKind',
    'verbs',
    'preferredVersion',
  );

  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom('APIGroupDiscoveryList', 'v1', 'things', '../x', '', null, 7),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));

  fc.assert(
    fc.property(tree, (document) => {
      const found = [...(readAggregated(document) ?? []), ...readGroups(document)];
      for (const { group, version, kinds } of found) {
        for (const text of [group, version, ...(kinds ?? []).map(({ resource }) => resource)]) {
          assert.match(text, /^[-a-z0-9.]*$/);
        }
      }

      try {
        readResources({ group: 'g', version: 'v1' }, document);
      } catch (error) {
        assert.ok(error instanceof TypeError);
      }
    }),
  );
});

test('a stale group without kinds counts as unknown, not as empty', () => {
  const discoveryList = (freshness: string, resources: unknown[]) => ({
    kind: 'APIGroupDiscoveryList',
    items: [{ metadata: { name: 'g.io' }, versions: [{ version: 'v1', freshness, resources }] }],
  });

  const things = {
    resource: 'things',
    responseKind: { kind: 'Thing' },
    scope: 'Namespaced',
    verbs: ['list', 'watch'],
  };

  assert.equal(readAggregated(discoveryList('Stale', []))?.[0]?.kinds, undefined);
  assert.deepEqual(readAggregated(discoveryList('Current', []))?.[0]?.kinds, []);

  assert.deepEqual(readAggregated(discoveryList('Stale', [things]))?.[0]?.kinds, [
    {
      group: 'g.io',
      version: 'v1',
      resource: 'things',
      kind: 'Thing',
      namespaced: true,
      verbs: ['list', 'watch'],
    },
  ]);
});
