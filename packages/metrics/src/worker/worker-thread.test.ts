import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { QueryError } from '@ks-apiserver/promql/query-api';
import { WorkerQueries } from './worker-queries.ts';
import { WorkerThread } from './worker-thread.ts';

/** A worker that answers with the expression, never, or by ending itself. */
const SCRIPT = `
const { parentPort } = require('node:worker_threads');
const cancelled = [];
parentPort.postMessage({ kind: 'ready' });
parentPort.on('message', ({ id, call, cancel }) => {
  if (cancel) {
    cancelled.push(cancel);
    return;
  }
  if (call.kind !== 'query') {
    parentPort.postMessage({ kind: 'answer', id, answer: { kind: 'done' } });
    return;
  }
  const { expression } = call.query;
  if (expression === 'exit') {
    process.exit(1);
  }
  if (expression === 'wrong') {
    parentPort.postMessage({ kind: 'failure', id, failure: { type: 'bad_data', message: 'no' } });
  } else if (expression === 'cancelled') {
    parentPort.postMessage({ kind: 'answer', id, answer: { kind: 'point', result: {
      resultType: 'string', result: [0, String(cancelled.length)] } } });
  } else if (expression !== 'hang') {
    parentPort.postMessage({ kind: 'answer', id, answer: { kind: 'vector', pieces: [
      JSON.stringify([{ metric: { a: expression }, value: [1, '2'] }]), '[]' ] } });
  }
});`;

async function withThread(
  use: (parts: { thread: WorkerThread; queries: WorkerQueries; events: string[] }) => Promise<void>,
) {
  const events: string[] = [];
  const log = { info: () => {}, warn: (message: string) => events.push(message) };
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });

  const thread = new WorkerThread({
    start: () => new Worker(SCRIPT, { eval: true }),
    log,
    ready: () => {
      events.push('ready');
      onReady();
    },
  });

  try {
    await ready;
    await use({ thread, queries: new WorkerQueries(thread), events });
  } finally {
    await thread.stop(1000);
  }
}

const errorType = (type: string) => (error: QueryError) => error.type === type;

test('queries are answered by the worker, and its errors are those of the query', async () => {
  await withThread(async ({ queries }) => {
    assert.deepEqual(await queries.query('up', 1), {
      resultType: 'vector',
      result: [{ metric: { a: 'up' }, value: [1, '2'] }],
    });
    await assert.rejects(queries.query('wrong', 1), { type: 'bad_data', message: 'no' });
  });
});

test('a query that is given up ends at once, and the worker is told', async () => {
  await withThread(async ({ queries }) => {
    const controller = new AbortController();
    const hanging = queries.query('hang', 1, controller.signal);

    await sleep(20);
    controller.abort();
    await assert.rejects(hanging, errorType('canceled'));
    await assert.rejects(queries.query('up', 1, controller.signal), errorType('canceled'));
    assert.deepEqual((await queries.query('cancelled', 1)).result, [0, '1']);
  });
});

test('a call that takes too long fails', async () => {
  await withThread(async ({ thread }) => {
    const query = { method: 'query', expression: 'hang', time: 0 } as const;

    await assert.rejects(
      thread.call({ kind: 'query', query }, { timeoutMs: 20 }),
      errorType('timeout'),
    );
  });
});

test('queries beyond those that run wait for their turn, and can be given up meanwhile', async () => {
  await withThread(async ({ queries }) => {
    const running = Array.from({ length: 8 }, () => {
      const controller = new AbortController();
      return { controller, query: queries.query('hang', 1, controller.signal) };
    });
    const settled = Promise.allSettled(running.map(({ query }) => query));
    const given = new AbortController();
    const order: string[] = [];
    const waiting = ['a', 'b'].map((name) => queries.query(name, 1).then(() => order.push(name)));
    const third = queries.query('c', 1, given.signal);

    given.abort();
    await assert.rejects(third, errorType('canceled'));
    await sleep(20);
    assert.deepEqual(order, []);

    running[0]?.controller.abort();
    await Promise.all(waiting);
    assert.deepEqual(order, ['a', 'b']);

    for (const { controller } of running) {
      controller.abort();
    }
    await settled;
  });
});

test('when the worker ends, calls fail as unavailable and it is started again', async () => {
  await withThread(async ({ thread, queries, events }) => {
    const hanging = queries.query('hang', 1);
    const ending = queries.query('exit', 1);

    await assert.rejects(hanging, errorType('unavailable'));
    await assert.rejects(ending, errorType('unavailable'));
    await assert.rejects(queries.query('up', 1), errorType('unavailable'));

    while (!thread.isReady) {
      await sleep(20);
    }

    assert.equal((await queries.query('up', 1)).resultType, 'vector');
    assert.deepEqual(events, ['ready', 'the metrics store is started again in 1000 ms', 'ready']);
  });
});
