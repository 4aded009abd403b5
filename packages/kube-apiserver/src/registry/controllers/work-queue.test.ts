import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WorkQueue } from './work-queue.ts';

test('a fault in the work is told and the key comes again; other keys go on', async () => {
  const done: string[] = [];
  let faults = 1;

  const queue = new WorkQueue(
    async (key) => {
      if (key === 'bad' && faults-- > 0) {
        throw new TypeError('not a function');
      }
      done.push(key);
    },
    16,
    10,
  );

  const told = once(process, 'warning');

  queue.add('bad');
  queue.add('good');

  const [warning] = (await told) as [Error];
  assert.match(
    warning.message,
    /the work on bad failed and is tried again: TypeError: not a function/,
  );

  while (!done.includes('bad')) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  assert.deepEqual(done.sort(), ['bad', 'good']);
  await queue.close();
});
