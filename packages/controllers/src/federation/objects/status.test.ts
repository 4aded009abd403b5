import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  FederatedObject,
  FederatedStatus,
  PropagationStatus,
} from '@ks-apiserver/api/federation/federated-object';
import { type Outcome, statusAfter } from './status.ts';
import { needsUpdate, sourceVersion, versionOf } from './versions.ts';

const T1 = '2026-01-01T00:00:00Z';
const T2 = '2026-01-02T00:00:00Z';

const federated = (status?: FederatedStatus, generation = 1): FederatedObject => ({
  metadata: { name: 'x', uid: 'u', resourceVersion: '1', generation },
  ...(status && { status }),
});

const outcome = (
  clusters: Record<string, PropagationStatus>,
  others: Partial<Outcome> = {},
): Outcome => ({
  reason: '',
  clusters: new Map(Object.entries(clusters)),
  changed: false,
  ...others,
});

test('success has no reason, and clusters are sorted', () => {
  assert.deepEqual(statusAfter(federated(), outcome({ west: '', east: '' }), T1), {
    observedGeneration: 1,
    conditions: [
      { type: 'Propagation', status: 'True', lastUpdateTime: T1, lastTransitionTime: T1 },
    ],
    clusters: [{ name: 'east' }, { name: 'west' }],
  });
});

test('a cluster that fails, and a reason, make the propagation fail', () => {
  const failed = statusAfter(federated(), outcome({ west: 'ClusterNotReady', east: '' }), T1);
  assert.equal(failed.conditions?.[0]?.status, 'False');
  assert.equal(failed.conditions?.[0]?.reason, 'CheckClusters');
  assert.deepEqual(failed.clusters, [
    { name: 'east' },
    { name: 'west', status: 'ClusterNotReady' },
  ]);

  const nowhere = statusAfter(federated(), outcome({}, { reason: 'NamespaceNotFederated' }), T1);
  assert.equal(nowhere.conditions?.[0]?.reason, 'NamespaceNotFederated');
  assert.equal(nowhere.clusters, undefined);
});

test('a status that says the same is not written again, unless something was propagated', () => {
  const before = statusAfter(federated(), outcome({ east: '' }), T1);
  assert.equal(statusAfter(federated(before), outcome({ east: '' }), T2), before);

  const changed = statusAfter(federated(before), outcome({ east: '' }, { changed: true }), T2);
  assert.equal(changed.conditions?.[0]?.lastUpdateTime, T2);
  assert.equal(changed.conditions?.[0]?.lastTransitionTime, T1);

  const newer = statusAfter(federated(before, 2), outcome({ east: '' }), T2);
  assert.equal(newer.observedGeneration, 2);
});

test('an object is written unless it is of the version that was written, with its metadata', () => {
  const object = (metadata: object) => ({ metadata: { labels: { a: 'b' }, ...metadata } });
  const [one, two] = [object({ generation: 1 }), object({ generation: 2 })];

  assert.equal(versionOf(one), 'gen:1');
  assert.equal(versionOf(object({ resourceVersion: '9' })), 'rv:9');
  assert.equal(needsUpdate(one, one, undefined), true);
  assert.equal(needsUpdate(one, one, 'gen:1'), false);
  assert.equal(needsUpdate(one, two, 'gen:1'), true);
  assert.equal(needsUpdate(one, object({ generation: 1, labels: {} }), 'gen:1'), true);
  assert.equal(needsUpdate(one, object({ resourceVersion: '9', labels: {} }), 'rv:9'), false);
});

test('the version of a source changes with all that is propagated, and with nothing else', () => {
  const of = (spec: object, metadata: object = {}) =>
    sourceVersion({ metadata: { name: 'x', ...metadata }, spec });
  const base = of({ template: { data: { a: 'b' } } });

  assert.equal(of({ template: { data: { a: 'b' } } }, { labels: { c: 'd' } }), base);
  assert.equal(of({ template: { data: { a: 'b' } }, placement: { clusters: [] } }), base);
  assert.notEqual(of({ template: { data: { a: 'c' } } }), base);
  assert.notEqual(of({ template: { data: { a: 'b' } }, overrides: [{ clusterName: 'e' }] }), base);
  assert.notEqual(of({ template: { data: { a: 'b' } }, retainReplicas: true }), base);
});
