import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RoundTimer } from './round-timer.ts';

test('rounds come at multiples of the interval, one at a time, the first at once', async () => {
  const times: number[] = [];
  let [running, most] = [0, 0];
  const started = Date.now();

  const timer = new RoundTimer(100, async (time) => {
    running += 1;
    most = Math.max(most, running);
    times.push(time);
    await sleep(30);
    running -= 1;
  });

  timer.start();
  await sleep(450);
  await timer.stop();

  assert.ok(times.length >= 2 && times.length <= 6, `${times.length}`);
  assert.ok(times.slice(1).every((time) => time % 100 === 0));
  assert.ok(times.slice(1).every((time, index) => time - (times[index] ?? 0) >= 50));
  assert.deepEqual(times, [...new Set(times)].sort());
  assert.ok(Math.abs((times[0] ?? 0) - started) < 10);
  assert.equal(most, 1);

  const { length } = times;
  await sleep(150);
  assert.equal(times.length, length);
});

test('a stop aborts the round in progress and waits for it', async () => {
  let ended = false;

  const timer = new RoundTimer(1000, async (_, signal) => {
    await sleep(60_000, undefined, { signal }).catch(() => {});
    ended = true;
  });

  timer.start();
  await timer.stop();
  assert.ok(ended);
});
