import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../meta/types.ts';
import { formatQuantity } from '../quantity/quantity.ts';
import { resourceOfLimit, unstated, usageOf } from './usage.ts';

const object = (spec: object, status = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'x' },
  spec,
  status,
});

const texts = (group: string, resource: string, given: KubeObject) =>
  Object.fromEntries(
    Object.entries(usageOf(group, resource, given)).map(([name, quantity]) => [
      name,
      formatQuantity(quantity),
    ]),
  );

const requests = (cpu: string, more = {}) => ({
  resources: { requests: { cpu }, limits: { cpu, memory: '1Gi' } },
  ...more,
});

test('a pod uses the requests of its containers, or of its largest init container', () => {
  const pod = object({
    containers: [requests('500m'), requests('1')],
    initContainers: [requests('200m', { restartPolicy: 'Always' }), requests('2')],
  });

  const usage = texts('', 'pods', pod);
  assert.equal(usage['requests.cpu'], '2200m');
  assert.equal(usage.cpu, '2200m');
  assert.equal(usage['limits.memory'], '3Gi');
  assert.deepEqual([usage.pods, usage['count/pods']], ['1', '1']);
  assert.deepEqual(texts('', 'pods', object(pod.spec, { phase: 'Succeeded' })), {
    'count/pods': '1',
  });
});

test('services, claims and other kinds', () => {
  const service = object({ type: 'LoadBalancer', ports: [{}, {}] });
  assert.deepEqual(texts('', 'services', service), {
    'count/services': '1',
    services: '1',
    'services.loadbalancers': '1',
    'services.nodeports': '2',
  });

  const claim = object({ storageClassName: 'fast', resources: { requests: { storage: '10Gi' } } });
  assert.equal(
    texts('', 'persistentvolumeclaims', claim)['fast.storageclass.storage.k8s.io/requests.storage'],
    '10Gi',
  );

  const part = object({ resources: { requests: { storage: '1500m' } } });
  assert.equal(texts('', 'persistentvolumeclaims', part)['requests.storage'], '2');

  const growing = { ...part, status: { allocatedResources: { storage: '2500m' } } };
  assert.equal(texts('', 'persistentvolumeclaims', growing)['requests.storage'], '3');
  assert.deepEqual(texts('apps', 'deployments', object({})), { 'count/deployments.apps': '1' });
  assert.deepEqual(texts('', 'secrets', object({})), { 'count/secrets': '1', secrets: '1' });
});

test('each limit applies to one resource', () => {
  for (const [name, group, resource] of [
    ['pods', '', 'pods'],
    ['limits.cpu', '', 'pods'],
    ['memory', '', 'pods'],
    ['requests.ephemeral-storage', '', 'pods'],
    ['services.nodeports', '', 'services'],
    ['requests.storage', '', 'persistentvolumeclaims'],
    ['fast.storageclass.storage.k8s.io/requests.storage', '', 'persistentvolumeclaims'],
    ['count/jobs.batch', 'batch', 'jobs'],
    ['count/s2ibuilders.devops.kubesphere.io', 'devops.kubesphere.io', 's2ibuilders'],
  ] as const) {
    assert.deepEqual(resourceOfLimit(name), { group, resource }, name);
  }

  for (const name of ['cpu.limits', 'nonsense', 'limits', 'count/']) {
    assert.equal(resourceOfLimit(name), undefined, name);
  }
});

test('a pod must state the limited amounts', () => {
  const pod = object({ containers: [requests('1'), {}] });
  assert.deepEqual(unstated(pod, ['requests.cpu', 'limits.memory', 'pods']), [
    'requests.cpu',
    'limits.memory',
  ]);

  assert.deepEqual(unstated(object({ containers: [requests('1')] }), ['cpu', 'limits.cpu']), []);
});
