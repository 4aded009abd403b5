import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cronQuestion, cronVerdict } from './cron-check.ts';
import { inputAnswer } from './input-step.ts';

test('the page of a schedule that is right holds two times', () => {
  const page =
    '<div class=ok>Would last have run at Monday, March 10, 2025 12:04:05 AM UTC; would next run at Tuesday, March 11, 2025 12:30:00\u202fPM UTC.</div>';

  assert.deepEqual(cronVerdict(page), {
    result: 'ok',
    message:
      'Would last have run at Monday, March 10, 2025 12:04:05 AM UTC; would next run at Tuesday, March 11, 2025 12:30:00\u202fPM UTC.',
    lastTime: '2025-03-10T00:04:05Z',
    nextTime: '2025-03-11T12:30:00Z',
  });
});

test('warnings and errors are told in plain text', () => {
  assert.deepEqual(
    cronVerdict(
      '<div/><div class="warning"><b>Use</b> &lsquo;H&rsquo; &amp; &#39;&#x48;&#39;</div>',
    ),
    { result: 'warning', message: "Use ‘H’ & 'H'" },
  );
  assert.deepEqual(cronVerdict('<div class=ok>Soon.</div>'), { result: 'ok', message: 'Soon.' });
  assert.deepEqual(cronVerdict('<div/>'), {});
  assert.deepEqual(cronVerdict(''), {});
});

test('any page is a verdict, soon', () => {
  fc.assert(fc.property(fc.string(), (page) => typeof cronVerdict(page) === 'object'));

  const start = performance.now();
  cronVerdict('<div'.repeat(1_000_000));
  cronVerdict(`<div class=ok>${'<'.repeat(1_000_000)}`);
  cronVerdict(`<div class=ok>${'&'.repeat(1_000_000)}`);
  assert.ok(performance.now() - start < 1000);
});

test('a question names a schedule', () => {
  assert.deepEqual(cronQuestion('{"cron":"@daily","pipelineName":""}'), { cron: '@daily' });

  for (const body of ['', 'x', 'null', '{}', '{"cron":1}', '{"cron":"","pipelineName":1}']) {
    assert.throws(() => cronQuestion(body), { code: 400 }, body);
  }
});

test('the answer to an input step has parameters unless it ends the run', () => {
  for (const [sent, expected] of [
    ['{"id":"Go"}', { id: 'Go', parameters: [] }],
    ['{"id":"Go","abort":true}', { id: 'Go', abort: true }],
    ['{"id":"Go","parameters":[{"name":"a"}],"x":1}', { id: 'Go', parameters: [{ name: 'a' }] }],
    ['no JSON', { parameters: [] }],
    ['[1]', { parameters: [] }],
  ] as const) {
    assert.deepEqual(JSON.parse(inputAnswer(sent)), expected, sent);
  }
});
