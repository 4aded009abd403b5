import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Slots } from './slots.ts';

const tooMany = new Error('too many');
const never = new AbortController().signal;

test('tasks wait for their turn in their order, and too many are refused', async () => {
  const slots = new Slots(1, 2, () => tooMany);
  const free = await slots.take(never);
  const order: string[] = [];

  const take = async (name: string) => {
    const done = await slots.take(never);
    order.push(name);
    return done;
  };

  const first = take('first');
  const second = take('second');
  await assert.rejects(slots.take(never), (error) => error === tooMany);

  free();
  (await first)();
  (await second)();
  assert.deepEqual(order, ['first', 'second']);

  const last = await slots.take(never);
  last();
});

test('who leaves while waiting makes room', async () => {
  const slots = new Slots(1, 1, () => tooMany);
  const free = await slots.take(never);
  const caller = new AbortController();
  const waiting = slots.take(caller.signal);

  caller.abort(new Error('gone'));
  await assert.rejects(waiting, /gone/);

  const next = slots.take(never);
  free();
  (await next)();
  await assert.rejects(slots.take(caller.signal), /gone/);
});
