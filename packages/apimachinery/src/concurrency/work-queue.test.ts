import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { WorkQueue } from './work-queue.ts';

test('a failing key is reported and retried, and other keys continue', async () => {
  const done: string[] = [];
  const failures: unknown[] = [];

  const queue = new WorkQueue(
    async (key) => {
      if (key === 'bad' && failures.length < 2) {
        throw new TypeError('not a function');
      }
      done.push(key);
    },
    {
      workers: 16,
      onFailure: (key, error) => {
        failures.push(`${key}: ${error}`);
        return 'retry';
      },
    },
  );

  queue.add('bad');
  queue.add('good');

  while (!done.includes('bad')) {
    await setTimeout(5);
  }

  assert.deepEqual(done, ['good', 'bad']);
  assert.deepEqual(failures, ['bad: TypeError: not a function', 'bad: TypeError: not a function']);
  await queue.stop();
});

test('a key whose failure is dropped is not retried', async () => {
  let tries = 0;
  const work = async () => {
    tries += 1;
    throw new Error('refused');
  };
  const queue = new WorkQueue(work, { workers: 1, onFailure: () => 'drop' });

  queue.add('key');
  await queue.settled();
  await setTimeout(50);

  assert.equal(tries, 1);
  await queue.stop();
});

test('a key is worked on by one worker at a time, and again when it was added meanwhile', async () => {
  let [running, most, runs] = [0, 0, 0];
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await setTimeout(10);
    running -= 1;
    runs += 1;
  };
  const queue = new WorkQueue(work, { workers: 4, onFailure: () => 'retry' });

  queue.add('key');
  await setTimeout(2);
  queue.add('key');
  queue.add('key');
  await queue.settled();

  assert.equal(most, 1);
  assert.equal(runs, 2);
  await queue.stop();
});

test('no more keys than workers are in progress at once', async () => {
  let [running, most] = [0, 0];
  const work = async () => {
    running += 1;
    most = Math.max(most, running);
    await setTimeout(2);
    running -= 1;
  };
  const queue = new WorkQueue(work, { workers: 3, onFailure: () => 'retry' });

  for (let i = 0; i < 20; i++) {
    queue.add(String(i));
  }

  await queue.settled();
  assert.equal(most, 3);
  await queue.stop();
});

test('a stop aborts running work, drops waiting keys and reports no failure', async () => {
  const started: string[] = [];
  const work = async (key: string, signal: AbortSignal) => {
    started.push(key);
    await setTimeout(60_000, undefined, { signal });
  };
  const queue = new WorkQueue(work, {
    workers: 1,
    onFailure: () => assert.fail('an interrupted key has not failed'),
  });

  queue.add('runs');
  queue.add('waits');
  await setTimeout(5);
  await queue.stop();
  queue.add('late');
  await setTimeout(5);

  assert.deepEqual(started, ['runs']);
});
