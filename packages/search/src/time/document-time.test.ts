import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatTime, parseTime } from './document-time.ts';

test('times keep their nanoseconds, digits and zone', () => {
  for (const text of [
    '2026-05-10T08:00:00Z',
    '2026-05-10T08:00:00.1Z',
    '2026-05-10T08:00:00.123456789Z',
    '2026-05-10T08:00:00.120000000+08:00',
    '1969-12-31T23:59:59.999999999-03:30',
  ]) {
    assert.equal(formatTime(parseTime(text) ?? assert.fail(text)), text);
  }

  assert.equal(
    parseTime('2026-05-10T08:00:00.5+08:00')?.ms,
    Date.parse('2026-05-10T00:00:00.500Z'),
  );
  assert.equal(parseTime('2026-05-10 08:00:00,25')?.ms, Date.parse('2026-05-10T08:00:00.250Z'));
});

test('what is no time is none', () => {
  for (const text of [
    '',
    'now',
    '2026-13-40T00:00:00Z',
    '2026-05-10',
    5,
    null,
    `2026-05-10T08:00:00.${'1'.repeat(50)}Z`,
  ]) {
    assert.equal(parseTime(text), undefined);
  }
});

test('any time is written as it was read', () => {
  const time = fc.record({
    date: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
    fraction: fc.stringMatching(/^[0-9]{0,9}$/),
    zone: fc.constantFrom('Z', '+00:00', '+05:45', '-11:00'),
  });

  fc.assert(
    fc.property(time, ({ date, fraction, zone }) => {
      const text = date.toISOString().slice(0, 19) + (fraction && `.${fraction}`) + zone;
      assert.equal(formatTime(parseTime(text) ?? assert.fail(text)), text);
    }),
  );
});
