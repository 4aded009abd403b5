import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetryRateLimiter } from './retry-rate-limiter.ts';

test('each failure of a key doubles its wait from 5 ms up to 1000 s, until it is forgotten', () => {
  let now = 0;
  const limiter = new RetryRateLimiter(() => now);

  const waits = Array.from({ length: 20 }, () => {
    now += 10_000_000;
    return limiter.when('a');
  });

  assert.deepEqual(waits.slice(0, 4), [5, 10, 20, 40]);
  assert.deepEqual(waits.slice(-3), [655_360, 1_000_000, 1_000_000]);
  assert.equal(limiter.when('b'), 5);
  limiter.forget('a');
  assert.equal(limiter.when('a'), 5);
});

test('all keys together are retried ten times a second after a burst of a hundred', () => {
  let now = 0;
  const limiter = new RetryRateLimiter(() => now);
  const waits = Array.from({ length: 120 }, (_, i) => limiter.when(String(i)));

  assert.ok(waits.slice(0, 100).every((wait) => wait === 5));
  assert.equal(waits[109], 1000);
  assert.equal(waits[119], 2000);
  now = 60_000;
  assert.equal(limiter.when('later'), 5);
});
