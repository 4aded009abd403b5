import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServiceAddress } from './member-metrics.ts';

test('a Service of Prometheus has a namespace, a name and a port', () => {
  const address = { namespace: 'monitoring', name: 'prometheus-k8s', port: 'web' };
  assert.deepEqual(parseServiceAddress('monitoring/prometheus-k8s:web'), address);
  assert.deepEqual(parseServiceAddress('monitoring/prometheus-k8s:9090'), {
    ...address,
    port: '9090',
  });
});

for (const text of [
  '',
  'prometheus-k8s:9090',
  'monitoring/prometheus-k8s',
  'monitoring/../secrets/x:9090',
  'monitoring/p:9090/proxy',
  'monitoring/p:9090?x',
  'Monitoring/p:9090',
]) {
  test(`"${text}" names no Service`, () => {
    assert.equal(parseServiceAddress(text), undefined);
  });
}
