import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FederatedTemplate, Placement } from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, federatedKind } from '@ks-apiserver/api/federation/kinds';
import fc from 'fast-check';
import { leavesOut, selectClusters, type TargetCluster } from './placement.ts';

const clusters: TargetCluster[] = ['east', 'north', 'west'].map((name) => ({
  name,
  labels: { place: name, group: name === 'north' ? 'far' : 'near' },
  ready: true,
}));

const withPlacement = (placement?: Placement): FederatedTemplate => ({
  metadata: { name: 'x', namespace: 'shop' },
  spec: { ...(placement && { placement }) },
});

const selected = (placement: Placement | undefined) => [
  ...selectClusters(federatedKind('User'), withPlacement(placement), clusters, undefined).names,
];

test('names come before labels, an empty selector takes all, and nothing takes none', () => {
  assert.deepEqual(selected(undefined), []);
  assert.deepEqual(selected({}), []);
  assert.deepEqual(selected({ clusterSelector: {} }), ['east', 'north', 'west']);
  assert.deepEqual(selected({ clusters: [] }), []);
  assert.deepEqual(selected({ clusters: [], clusterSelector: {} }), []);
  assert.deepEqual(selected({ clusters: [{ name: 'west' }, { name: 'unknown' }] }), ['west']);
  assert.deepEqual(selected({ clusterSelector: { matchLabels: { group: 'near' } } }), [
    'east',
    'west',
  ]);
  assert.deepEqual(
    selected({
      clusterSelector: {
        matchExpressions: [{ key: 'place', operator: 'NotIn', values: ['east', 'west'] }],
      },
    }),
    ['north'],
  );
});

test('a selector that makes no sense is refused', () => {
  const clusterSelector = { matchExpressions: [{ key: 'a', operator: 'Near' }] };
  assert.throws(() => selected({ clusterSelector }));
});

test('an object in a namespace is only where the namespace is', () => {
  const kind = federatedKind('Secret');
  const everywhere = withPlacement({ clusterSelector: {} });

  assert.deepEqual(selectClusters(kind, everywhere, clusters, undefined), {
    names: new Set(),
    namespaceNotFederated: true,
  });

  assert.equal(
    selectClusters(FEDERATED_NAMESPACE, everywhere, clusters, undefined).namespaceNotFederated,
    false,
  );
});

const placements = fc.option(
  fc.oneof(
    fc.record({
      clusters: fc.array(fc.record({ name: fc.constantFrom('east', 'west', 'other') })),
    }),
    fc.record({
      clusterSelector: fc.record({
        matchLabels: fc.dictionary(
          fc.constantFrom('place', 'group'),
          fc.constantFrom('east', 'near'),
        ),
      }),
    }),
  ),
  { nil: undefined },
);

test('objects are in the clusters of both placements, theirs and that of their namespace', () => {
  fc.assert(
    fc.property(placements, placements, (own, ofNamespace) => {
      const namespace = withPlacement(ofNamespace);
      const { names } = selectClusters(
        federatedKind('Secret'),
        withPlacement(own),
        clusters,
        namespace,
      );
      const both = selected(own).filter((name) => selected(ofNamespace).includes(name));
      assert.deepEqual([...names], both);
    }),
  );
});

test('a workspace without a placement leaves no cluster out', () => {
  const host = { name: 'host', labels: { 'cluster-role.kubesphere.io/host': '' } };
  assert.equal(leavesOut({}, host), false);
  assert.equal(leavesOut({ clusters: [] }, host), false);
  assert.equal(leavesOut({ clusterSelector: {} }, host), false);
  assert.equal(leavesOut({ clusters: [{ name: 'host' }] }, host), false);
  assert.equal(leavesOut({ clusters: [{ name: 'east' }] }, host), true);
  assert.equal(leavesOut({ clusterSelector: { matchLabels: { a: 'b' } } }, host), true);
});
