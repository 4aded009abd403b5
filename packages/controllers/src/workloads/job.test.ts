import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { currentRevision, withCurrentRevision } from './job.ts';

const job = (revisions?: string, status: object = {}): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: 'j',
    uid: 'b',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...(revisions !== undefined && { annotations: { revisions } }),
  },
  spec: { completions: 2 },
  status,
});

const complete = { type: 'Complete', status: 'True', reason: 'Done', message: 'all of it' };

test('the state of a run is that of its first true condition that ends it', () => {
  assert.equal(currentRevision(job()).status, 'running');

  const status = {
    succeeded: 2,
    completionTime: 'T',
    conditions: [{ type: 'Suspended', status: 'False' }, complete],
  };

  assert.deepEqual(currentRevision(job(undefined, status)), {
    status: 'completed',
    reasons: ['Done'],
    messages: ['all of it'],
    succeed: 2,
    desire: 2,
    uid: 'b',
    'start-time': '2026-01-01T00:00:00Z',
    'completion-time': 'T',
  });

  assert.equal(
    currentRevision(job(undefined, { conditions: [{ type: 'Failed', status: 'True' }] })).status,
    'failed',
  );
});

const numbers = (revisions?: string) => Object.keys(withCurrentRevision(job(revisions)));

test('a run keeps its number, and a new run gets the next', () => {
  assert.deepEqual(numbers(), ['1']);
  assert.deepEqual(numbers(''), ['1']);
  assert.deepEqual(numbers('{"1":{"uid":"a"},"2":{"uid":"b","status":"running"}}'), ['1', '2']);

  const next = withCurrentRevision(job('{"1":{"uid":"a","status":"unfinished"}}'));
  assert.deepEqual([next[1]?.status, next[2]?.uid], ['unfinished', 'b']);
});

test('a broken annotation starts a new history, and old runs are dropped', () => {
  for (const text of ['{', '[]', 'null', '7', '{"x":{}}', '{"1":null}']) {
    assert.deepEqual(numbers(text), ['1'], text);
  }

  const many = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [i + 1, { uid: `u${i}` }]));
  const kept = numbers(JSON.stringify(many));

  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, '32', '81']);
});
