import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Deadline } from './deadline.ts';

setFlagsFromString('--expose_gc');

const collect = runInNewContext('gc') as () => void;

test('it ends after its time, also after a garbage collection', async () => {
  const ended: string[] = [];

  const wait = (ms: number) =>
    new Deadline(ms, new AbortController().signal).signal.addEventListener('abort', (event) =>
      ended.push((event.target as AbortSignal).reason.name),
    );

  for (let i = 0; i < 5; i++) {
    wait(100);
  }

  await sleep(10);
  collect();
  await sleep(200);
  assert.deepEqual(ended, Array(5).fill('TimeoutError'));
});

test('it ends with any other signal, for its reason', async () => {
  const other = new AbortController();
  const deadline = new Deadline(10_000, new AbortController().signal, other.signal);
  const aborted = once(deadline.signal, 'abort');

  other.abort(new Error('gone'));
  await aborted;
  assert.match(deadline.signal.reason.message, /gone/);
  deadline.end();
  assert.ok(new Deadline(10_000, other.signal).signal.aborted);
});

test('a signal stays active after `end`', async () => {
  const other = new AbortController();
  const deadline = new Deadline(10, other.signal);

  deadline.end();
  other.abort();
  await sleep(30);
  assert.equal(deadline.signal.aborted, false);
});
