import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_REQUEST } from '@ks-apiserver/http/request/request-info';
import { auditEvent } from './audit-event.ts';
import { AuditQueue, type AuditQueueOptions, type AuditSink } from './audit-queue.ts';

const OPTIONS: AuditQueueOptions = {
  maxEvents: 4,
  maxBytes: 1000,
  batch: 2,
  lingerMs: 0,
  concurrency: 1,
  retryPauses: [1, 1],
  onDrop: () => assert.fail('nothing may be lost'),
};

function record(id: string, groups: readonly string[] = ['system:authenticated']) {
  return auditEvent({
    id,
    level: 'Metadata',
    info: { ...NO_REQUEST },
    user: { name: 'jo', groups },
    sourceIP: '',
    userAgent: '',
    receivedAt: new Date(),
    status: 200,
    requestObject: undefined,
    responseObject: undefined,
    annotations: {},
  });
}

/** A sink that waits to be told what becomes of each delivery. */
class SlowSink implements AuditSink {
  readonly batches: string[][] = [];
  readonly answers: ((error?: Error) => void)[] = [];

  append(events: readonly { AuditID: string }[]): Promise<void> {
    this.batches.push(events.map(({ AuditID }) => AuditID));

    return new Promise((resolve, reject) =>
      this.answers.push((error) => (error ? reject(error) : resolve())),
    );
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test('records wait for the delivery before them and go together', async () => {
  const sink = new SlowSink();
  const queue = new AuditQueue(sink, OPTIONS);
  const added = ['a', 'b', 'c', 'd'].map((id) => queue.add(record(id), 10));

  sink.answers[0]?.();
  await added[0];
  await turn();
  assert.deepEqual(sink.batches, [['a'], ['b', 'c']]);

  sink.answers[1]?.();
  await turn();
  sink.answers[2]?.();
  await Promise.all(added);
  assert.deepEqual(sink.batches, [['a'], ['b', 'c'], ['d']]);
});

test('a failed delivery is tried again, and reported when that does not help', async () => {
  const sink = new SlowSink();
  const lost: unknown[] = [];
  const queue = new AuditQueue(sink, { ...OPTIONS, onDrop: (...told) => lost.push(told) });
  const added = queue.add(record('a'), 10);

  for (let tries = 0; tries < 3; tries++) {
    sink.answers[tries]?.(new Error('no route'));
    await turn();
  }

  await added;
  assert.deepEqual(sink.batches, [['a'], ['a'], ['a']]);
  assert.deepEqual(lost, [[1, 'no route']]);
});

test('a full queue drops what comes, callers without a log-in first', async () => {
  const sink = new SlowSink();
  let lost = 0;
  const queue = new AuditQueue(sink, { ...OPTIONS, onDrop: (count) => (lost += count) });
  const anonymous = ['system:unauthenticated'];

  void queue.add(record('running'), 10);
  void queue.add(record('a', anonymous), 10);
  void queue.add(record('b', anonymous), 10);
  void queue.add(record('c', anonymous), 10);
  assert.equal(lost, 1);

  void queue.add(record('d'), 10);
  void queue.add(record('e'), 10);
  void queue.add(record('f'), 10);
  assert.equal(lost, 2);
});

test('a record that is larger than the queue is taken when nothing else waits', async () => {
  const sink = new SlowSink();
  const queue = new AuditQueue(sink, OPTIONS);
  const added = queue.add(record('large'), 5000);

  sink.answers[0]?.();
  await added;
  await queue.flush(10);
  assert.deepEqual(sink.batches, [['large']]);
});

test('records that nobody waits for go together after a while, or when a batch is full', async () => {
  const sink = new SlowSink();
  const queue = new AuditQueue(sink, { ...OPTIONS, lingerMs: 20 });

  void queue.add(record('a'), 10);
  assert.deepEqual(sink.batches, []);

  void queue.add(record('b'), 10);
  assert.deepEqual(sink.batches, [['a', 'b']]);

  sink.answers[0]?.();
  await turn();
  void queue.add(record('c'), 10);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.deepEqual(sink.batches[1], ['c']);
});
