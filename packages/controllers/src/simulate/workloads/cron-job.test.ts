import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dueTime } from './cron-job.ts';

const parseTime = (text: string) => Date.parse(text);

const cronJob = (spec: Record<string, unknown>, lastScheduleTime?: string) => ({
  metadata: { name: 'c', creationTimestamp: '2026-03-01T00:00:30Z' },
  spec,
  status: lastScheduleTime ? { lastScheduleTime } : {},
});

const cases: [string, Record<string, unknown>, string | undefined, string, string | undefined][] = [
  [
    'the first time after the creation',
    { schedule: '*/5 * * * *' },
    undefined,
    '2026-03-01T00:05:00Z',
    '2026-03-01T00:05:00Z',
  ],
  ['not before', { schedule: '*/5 * * * *' }, undefined, '2026-03-01T00:04:59Z', undefined],
  ['once', { schedule: '*/5 * * * *' }, '2026-03-01T00:05:00Z', '2026-03-01T00:06:00Z', undefined],
  [
    'the newest of those that were missed',
    { schedule: '0 * * * *' },
    '2026-03-01T01:00:00Z',
    '2026-03-01T05:30:00Z',
    '2026-03-01T05:00:00Z',
  ],
  [
    'nothing after the deadline',
    { schedule: '0 * * * *', startingDeadlineSeconds: 60 },
    '2026-03-01T01:00:00Z',
    '2026-03-01T05:30:00Z',
    undefined,
  ],
  [
    'macros',
    { schedule: '@daily' },
    '2026-03-01T00:00:00Z',
    '2026-03-02T00:00:10Z',
    '2026-03-02T00:00:00Z',
  ],
  [
    'a time zone',
    { schedule: '0 8 * * *', timeZone: 'Asia/Shanghai' },
    undefined,
    '2026-03-02T00:00:01Z',
    '2026-03-02T00:00:00Z',
  ],
  [
    'either of the two kinds of days',
    { schedule: '0 0 13 * 1' },
    '2026-03-01T00:00:00Z',
    '2026-03-02T00:00:01Z',
    '2026-03-02T00:00:00Z',
  ],
];

for (const [name, spec, last, now, expected] of cases) {
  test(`due: ${name}`, () => {
    const due = dueTime(cronJob(spec, last), parseTime(now));
    assert.equal(due?.toISOString().replace('.000Z', 'Z'), expected);
  });
}

test('an invalid schedule is an error', () => {
  assert.throws(() => dueTime(cronJob({ schedule: 'every now and then' })));
});
