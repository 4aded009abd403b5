import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import fc from 'fast-check';
import { withRetainedFields } from './retain.ts';

const none = { spec: {} };

test('metadata that members set is kept, labels are not', () => {
  const current = {
    kind: 'ConfigMap',
    metadata: {
      name: 'x',
      resourceVersion: '7',
      labels: { a: 'b' },
      annotations: { c: 'd' },
      finalizers: ['f'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
    },
  };
  const desired = { kind: 'ConfigMap', metadata: { name: 'x', labels: { e: 'f' } } };
  const { metadata } = withRetainedFields(desired, current, none);

  assert.deepEqual(metadata, { ...current.metadata, labels: { e: 'f' } });
});

test('a Service keeps its addresses and node ports', () => {
  const service = (spec: object): KubeObject => ({ kind: 'Service', metadata: {}, spec });
  const current = service({
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    healthCheckNodePort: 30_001,
    ports: [
      { name: 'a', protocol: 'TCP', port: 80, nodePort: 30_002 },
      { name: 'b', protocol: 'TCP', port: 81, nodePort: 30_003 },
    ],
  });
  const desired = service({
    clusterIP: '',
    ports: [
      { name: 'b', port: 81 },
      { name: 'c', port: 82 },
      { name: 'a', port: 80, nodePort: 30_009 },
    ],
  });

  assert.deepEqual(withRetainedFields(desired, current, none).spec, {
    clusterIP: '10.0.0.1',
    clusterIPs: ['10.0.0.1'],
    healthCheckNodePort: 30_001,
    ports: [
      { name: 'b', port: 81, nodePort: 30_003 },
      { name: 'c', port: 82 },
      { name: 'a', port: 80, nodePort: 30_009 },
    ],
  });
});

test('a ServiceAccount keeps its Secrets, unless the template has some', () => {
  const of = (secrets?: object[]): KubeObject => ({
    kind: 'ServiceAccount',
    metadata: {},
    ...(secrets && { secrets }),
  });
  const current = of([{ name: 'token' }]);

  assert.deepEqual(withRetainedFields(of(), current, none).secrets, [{ name: 'token' }]);
  assert.deepEqual(withRetainedFields(of([]), current, none).secrets, [{ name: 'token' }]);
  assert.deepEqual(withRetainedFields(of([{ name: 'x' }]), current, none).secrets, [{ name: 'x' }]);
});

test('replicas are kept where the federated object says so', () => {
  const of = (replicas: number): KubeObject => ({
    kind: 'Deployment',
    metadata: {},
    spec: { replicas },
  });

  assert.equal(withRetainedFields(of(1), of(5), none).spec.replicas, 1);
  const retain = { spec: { retainReplicas: true } };
  assert.equal(withRetainedFields(of(1), of(5), retain).spec.replicas, 5);
});

test('what cannot be changed any more, and what the host does not know, is kept', () => {
  const pods = { 'controller-uid': 'u', 'job-name': 'x' };
  const job = withRetainedFields(
    { kind: 'Job', metadata: {}, spec: { template: { metadata: { labels: { a: 'b' } } } } },
    {
      kind: 'Job',
      metadata: {},
      spec: { selector: { matchLabels: pods }, template: { metadata: { labels: pods } } },
    },
    none,
  );
  assert.deepEqual(job.spec, {
    selector: { matchLabels: pods },
    template: { metadata: { labels: { ...pods, a: 'b' } } },
  });

  const user = withRetainedFields(
    { kind: 'User', metadata: {}, spec: { email: 'a@b.c' } },
    { kind: 'User', metadata: {}, spec: { email: 'old', password: 'hash' }, status: { x: 'y' } },
    none,
  );
  assert.deepEqual(user.spec, { email: 'a@b.c', password: 'hash' });
  assert.deepEqual(user.status, { x: 'y' });
});

const kinds = fc.constantFrom('Service', 'ServiceAccount', 'Job', 'User', 'Namespace', 'ConfigMap');
const objects = fc.record({
  metadata: fc.record(
    {
      labels: fc.dictionary(fc.string(), fc.string()),
      annotations: fc.dictionary(fc.string(), fc.string()),
      resourceVersion: fc.string(),
    },
    { requiredKeys: [] },
  ),
  spec: fc.jsonValue(),
  secrets: fc.jsonValue(),
  status: fc.jsonValue(),
});

test('objects of any shape are merged without change to either, and once is enough', () => {
  fc.assert(
    fc.property(kinds, objects, objects, (kind, desired, current) => {
      const before = structuredClone([desired, current]);
      const [a, b] = [
        { kind, ...desired },
        { kind, ...current },
      ] as [KubeObject, KubeObject];
      const once = withRetainedFields(a, b, none);

      assert.ok(equalJson(once, withRetainedFields(once, b, none)));
      assert.ok(equalJson([desired, current], before));
    }),
  );
});
