import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { MINUTE, START, StoreFixture } from '@ks-apiserver/metrics/test/support/store-fixture';

const ROUNDS = Number(process.env.KS_TEST_KILLS ?? 8);

interface Report {
  minute?: number;
  message?: string;
}

/** Lets another process append to a directory, and kills it; returns the last minute on disk. */
async function writeUntilKilled(directory: string, first: number, ms: number): Promise<number> {
  const writer = new URL('./kill-writer.js', import.meta.url);
  const child = fork(writer, [directory, String(first), String(START)], { stdio: 'inherit' });
  let minute = first - 1;

  child.on('message', (report: Report) => {
    minute = report.minute ?? minute;
    assert.doesNotMatch(report.message ?? '', /left out/);
  });

  await once(child, 'message');
  setTimeout(() => child.kill('SIGKILL'), ms);
  await once(child, 'exit');

  return minute;
}

test('a process that is killed at any moment has lost nothing that it committed', async () => {
  const fixture = new StoreFixture();
  const committed: number[] = [];
  let next = 0;

  try {
    for (let round = 0; round < ROUNDS; round++) {
      const first = next;
      const last = await writeUntilKilled(fixture.directory, first, 20 + Math.random() * 400);

      for (let minute = first; minute <= last; minute++) {
        committed.push(minute);
      }

      await fixture.open();

      const found = await fixture.select('a{pod=~"web-(0|299)"}');
      for (const [series, index] of [
        ['a{pod="web-0"}', 0],
        ['a{pod="web-299"}', 299],
      ] as const) {
        const values = new Map(found[series]);

        for (const minute of committed) {
          assert.equal(values.get(minute), minute * 1000 + index + 0.25, `minute ${minute}`);
        }
      }

      // A minute that was written but not acknowledged may be there as well.
      const minutes = (found['a{pod="web-0"}'] ?? []).map(([minute]) => minute);
      next = (minutes.at(-1) ?? 0) + 1;
      await fixture.store.close();
    }

    assert.ok(committed.length > 120, `${committed.length} minutes, some blocks`);
    await fixture.open();
    assert.ok(fixture.store.figures.blocks > 0);
    assert.ok(fixture.now <= START + next * MINUTE);
  } finally {
    await fixture.remove();
  }
});
