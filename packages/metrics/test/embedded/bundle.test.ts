import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedMetrics } from '@ks-apiserver/metrics/embedded/embedded-metrics';

test('the bundled worker opens the store and answers', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ks-bundled-'));
  const bundle = '../../../../server/dist/bundle/metrics-worker.cjs';

  const metrics = EmbeddedMetrics.start({
    store: { directory },
    collector: { instance: 'ks', simulatedAnnotation: 'simulated' },
    log: { info: () => {}, warn: (message) => assert.fail(message) },
    workerPath: new URL(bundle, import.meta.url),
    objects: [],
  });

  try {
    while (metrics.lastRound === 0) {
      await sleep(20);
    }

    const { result } = await metrics.queries.query('count(up) > bool 0', metrics.lastRound / 1000);
    assert.equal(result.length, 1);
  } finally {
    await metrics.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
