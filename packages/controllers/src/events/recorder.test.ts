import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { EventRecorder } from './recorder.ts';

test('an event recorded while the last write ends is written too', async () => {
  const written: number[] = [];

  const client = {
    create: async (_resource: unknown, event: { count: number }) => void written.push(event.count),
    patch: async (_key: unknown, _type: unknown, { count }: { count: number }) =>
      void written.push(count),
  } as unknown as KubeClient;

  const events = new EventRecorder(client, (error) => assert.fail(String(error)));
  const about = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', uid: 'u' } };

  for (let turns = 0; turns < 20; turns += 1) {
    events.record(about, 'Warning', 'Failed', 'no');
    // Each attempt comes a few microtasks later: at one of them the writer ends.
    for (let i = 0; i < turns; i += 1) {
      await Promise.resolve();
    }
  }

  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(written.at(-1), 20);
  await events.stop();
});
