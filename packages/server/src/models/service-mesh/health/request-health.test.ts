import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../query/results.ts';
import { addToTallies, healthOf, RequestTally } from './request-health.ts';

const sample = (value: number, labels: Record<string, string>): Sample => ({ value, labels });

test('requests fail whose status begins with 4 or 5', () => {
  const inbound = [
    sample(6, { response_code: '200' }),
    sample(1, { response_code: '404' }),
    sample(1, { response_code: '503' }),
  ];

  assert.deepEqual(healthOf(inbound, [sample(2, { response_code: '5' })]), {
    errorRatio: 0.4,
    inboundErrorRatio: 0.25,
    outboundErrorRatio: 1,
  });
});

test('a sample without a status is a request that did not fail', () => {
  assert.equal(healthOf([sample(1, {})], []).inboundErrorRatio, 0);
});

test('without requests every share is -1', () => {
  const none = { errorRatio: -1, inboundErrorRatio: -1, outboundErrorRatio: -1 };

  assert.deepEqual(healthOf([], []), none);
  assert.deepEqual(healthOf([sample(0, { response_code: '500' })], []), none);
});

test('samples count for the tallies that their labels name', () => {
  const tallies = new Map([
    ['web', new RequestTally(0)],
    ['shop', new RequestTally(0)],
  ]);

  addToTallies(
    tallies,
    [
      sample(0, { to: 'web', from: 'other', response_code: '200' }),
      sample(1, { to: '__proto__', from: 'constructor', response_code: '500' }),
    ],
    { destination: 'to', source: 'from' },
  );

  assert.deepEqual(tallies.get('web')?.health, {
    errorRatio: -1,
    inboundErrorRatio: -1,
    outboundErrorRatio: 0,
  });
  assert.equal(tallies.get('shop')?.health.errorRatio, 0);
});
