import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterState } from './cluster-state.ts';

test('pods are found by name and by node, wherever they move', () => {
  const cluster = new ClusterState();
  const metadata = { namespace: 'demo', name: 'web' };

  cluster.setPod('demo/web', { metadata });
  cluster.setPod('demo/web', { metadata, spec: { nodeName: 'a' }, status: { phase: 'Running' } });
  assert.deepEqual([...cluster.podsOf('')], []);
  assert.equal([...cluster.podsOf('a')].length, 1);
  assert.equal(cluster.pod('demo/web')?.isRunning, true);

  cluster.deletePod('demo/web');
  cluster.deletePod('demo/web');
  assert.deepEqual([...cluster.podsOf('a')], []);
  assert.equal(cluster.pod('demo/web'), undefined);
});

test('facts of nodes have defaults', () => {
  const cluster = new ClusterState();

  cluster.setNode('/n', { metadata: { name: 'n' }, status: { capacity: { cpu: '7800m' } } });

  assert.deepEqual(cluster.nodes.get('/n'), {
    name: 'n',
    address: '',
    cpus: 8,
    memory: 0,
    annotations: {},
  });
});
