import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureCounter } from './failure-counter.ts';

test('a failure counts once, within the window, oldest first', () => {
  const counter = new FailureCounter(10_000);
  const now = Date.now();

  counter.add('ann', 'b', now - 1000);
  counter.add('ann', 'a', now - 5000);
  counter.add('ann', 'a', now - 4000);
  counter.add('ann', 'old', now - 10_001);
  counter.add('ann', 'broken', Number.NaN);
  assert.deepEqual(counter.since('ann', 0), [now - 5000, now - 1000]);
  assert.deepEqual(counter.since('ann', now - 5000), [now - 1000]);
  assert.deepEqual(counter.since('ben', 0), []);
});

test('memory is bounded, per key and in total', () => {
  const counter = new FailureCounter(60_000);
  const now = Date.now();

  for (let i = 0; i < 1500; i++) {
    counter.add('ann', String(i), now);
  }

  assert.equal(counter.since('ann', 0).length, 1000);

  for (let i = 0; i < 20_000; i++) {
    counter.add(`address ${i}`, '1', now);
  }

  assert.deepEqual(counter.since('ann', 0), []);
  assert.equal(counter.since('address 19999', 0).length, 1);
});
