import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerInstances } from './container-instances.ts';

function instancesOf(...containerStatuses: readonly object[]) {
  return containerInstances({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', uid: 'u' },
    status: { containerStatuses },
  }).map(({ key, id, isRunning, previousId }) => ({ key, id, isRunning, previousId }));
}

const ended = (containerID: string) => ({ terminated: { containerID, exitCode: 0 } });

test('a running container has its id and that of the run before', () => {
  assert.deepEqual(
    instancesOf({
      name: 'main',
      containerID: 'containerd://b',
      state: { running: {} },
      lastState: ended('containerd://a'),
    }),
    [{ key: 'u/main', id: 'b', isRunning: true, previousId: 'a' }],
  );
});

test('a container that has ended, and one that waits for its restart, have the last run', () => {
  assert.deepEqual(
    instancesOf(
      { name: 'job', containerID: 'docker://a', state: ended('docker://a') },
      { name: 'loop', state: { waiting: {} }, lastState: ended('cri-o://b') },
    ),
    [
      { key: 'u/job', id: 'a', isRunning: false, previousId: undefined },
      { key: 'u/loop', id: 'b', isRunning: false, previousId: undefined },
    ],
  );
});

test('a container that has never run has no log', () => {
  assert.deepEqual(instancesOf({ name: 'main', state: { waiting: {} } }, { name: 'odd' }), []);
});
