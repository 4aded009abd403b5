import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetentionClock } from './retention.ts';

const HOUR = 3_600_000;

test('nothing is deleted by age until the clock has been steady for an hour', () => {
  let [wall, monotonic] = [1e12, 5];
  const clock = new RetentionClock(24 * HOUR, { now: () => wall, monotonic: () => monotonic });

  const pass = (ms: number, jump = 0) => {
    monotonic += ms;
    wall += ms + jump;
    return clock.deadline();
  };

  assert.equal(pass(HOUR / 2), 0);
  assert.equal(pass(HOUR / 2), 1e12 - 23 * HOUR);
  assert.equal(pass(60_000, 1000 * HOUR), 0, 'set forward');
  assert.equal(pass(60_000, -1000 * HOUR), 0, 'set back');
  assert.equal(pass(HOUR - 1), 0);
  assert.equal(pass(60_000, 50) > 0, true, 'slewed a little');
});
