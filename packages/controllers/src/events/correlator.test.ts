import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventCorrelator, type Occurrence } from './correlator.ts';

const occurrence = (message: string, name = 'web', reason = 'FailedCreate'): Occurrence => ({
  about: {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'demo', uid: `uid-${name}` },
  },
  type: 'Warning',
  reason,
  message,
});

test('the same event has one name and a count, and a different one another name', () => {
  const correlator = new EventCorrelator();
  const first = correlator.correlate(occurrence('no'))!;

  assert.equal(correlator.correlate(occurrence('no')), first);
  assert.equal(first.count, 2);

  const others = [
    correlator.correlate(occurrence('never')),
    correlator.correlate(occurrence('no', 'api')),
    correlator.correlate(occurrence('no', 'web', 'FailedDelete')),
  ];

  assert.equal(new Set([first, ...others].map((one) => one?.name)).size, 4);

  assert.equal(
    new EventCorrelator().correlate(occurrence('no'))!.name,
    first.name,
    'also after a restart',
  );
});

test('from the tenth message of a reason within ten minutes on, one event holds the last message', () => {
  let now = 0;
  const correlator = new EventCorrelator(() => now);
  const seen = Array.from({ length: 15 }, (_, i) => correlator.correlate(occurrence(`no ${i}`))!);

  assert.equal(new Set(seen.map(({ name }) => name)).size, 10);
  assert.equal(seen[14]!.message, '(combined from similar events): no 14');
  assert.equal(seen[14]!.count, 6);
  now = 600_001;
  assert.equal(correlator.correlate(occurrence('no 20'))!.message, 'no 20');
});

test('an object gets twenty-five events, then one in five minutes, and dropped ones are counted', () => {
  let now = 0;
  const correlator = new EventCorrelator(() => now);
  const told = Array.from({ length: 40 }, () => correlator.correlate(occurrence('no'))).filter(
    Boolean,
  );

  assert.equal(told.length, 25);
  assert.ok(correlator.correlate(occurrence('no', 'api')), 'another object is heard');
  now = 299_999;
  assert.equal(correlator.correlate(occurrence('no')), undefined);
  now = 300_001;
  assert.equal(correlator.correlate(occurrence('no'))?.count, 42);
  assert.equal(correlator.correlate(occurrence('no')), undefined);
});
