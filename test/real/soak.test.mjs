// The soak test of the benchmark, shortened for CI; the benchmark runs it for minutes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../../bench/soak.mjs';

test('256 connections on nodes, pods and live lists, while objects change, get no error and memory levels off', async () => {
  const { requests, events, changes, errors, early, late } = await runSoak({ seconds: 40 });
  const seen = `${requests} requests, ${events} events, ${changes} changes, ${early} MB after a third, ${late} MB at the end`;

  assert.equal(errors, 0, seen);
  assert.ok(requests > 1000 && events > 1000 && changes > 500, seen);

  // A leak per change or event would be far larger.
  assert.ok(late < early + 250, seen);
});
