import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseQueryTime, sinceCreation } from './query-time.ts';

const parse = (query: string) => parseQueryTime(new URLSearchParams(query));
const refused = (query: string, message: string) =>
  assert.throws(() => parse(query), { code: 400, message });

test('both ends make a range, neither makes an instant query', () => {
  assert.deepEqual(parse('start=10&end=20&step=5s'), { range: { start: 10, end: 20, step: 5 } });
  assert.deepEqual(parse('start=10&end=10&time=x'), { range: { start: 10, end: 10, step: 600 } });
  assert.deepEqual(parse('time=1600000000'), { instant: 1_600_000_000 });
  assert.ok(Math.abs((parse('').instant ?? 0) - Date.now() / 1000) < 5);
});

test('times that cannot be read are refused with the words of 3.0', () => {
  const exclusive = "'time' and the combination of 'start' and 'end' are mutually exclusive.";

  refused('start=10', exclusive);
  refused('end=10&time=5', exclusive);
  refused('start=30&end=20', "'start' must be before 'end'.");
  refused('time=a', 'strconv.ParseInt: parsing "a": invalid syntax');
  refused('time=1.5', 'strconv.ParseInt: parsing "1.5": invalid syntax');
  refused(
    'time=99999999999999999999',
    'strconv.ParseInt: parsing "99999999999999999999": value out of range',
  );
  refused('start=1&end=2&step=60', 'time: missing unit in duration "60"');
  refused('start=1&end=2&step=1d', 'time: unknown unit "d" in duration "1d"');
  refused('start=1&end=2&step=x', 'time: invalid duration "x"');
});

test('what lies before the creation of a namespace is cut off', () => {
  const range = { start: 0, end: 100, step: 30 };

  assert.equal(sinceCreation({ instant: 9 }, 10), undefined);
  assert.deepEqual(sinceCreation({ instant: 10 }, 10), { instant: 10 });
  assert.equal(sinceCreation({ range }, 101), undefined);
  assert.deepEqual(sinceCreation({ range }, 20)?.range, { ...range, start: 40 });
  assert.deepEqual(sinceCreation({ range }, 40)?.range, { ...range, start: 70 });
  assert.deepEqual(sinceCreation({ range }, 100)?.range, { ...range, start: 100 });
});

test('the first point of a cut range is later than the creation, on the grid of its end', () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.nat(1000),
      fc.integer({ min: 1, max: 90 }),
      fc.nat(2500),
      (start, length, step, created) => {
        const end = start + length;
        const cut = sinceCreation({ range: { start, end, step } }, created)?.range;
        if (!cut || created <= start) {
          return;
        }

        assert.equal((cut.end - cut.start) % step, 0);
        assert.ok(cut.start > created || cut.start === end);
        assert.ok(cut.start - step <= created || cut.start === end);
      },
    ),
  );
});

test('a step that is not positive is left to the Prometheus API', () => {
  const range = { start: 0, end: 100, step: -5 };
  assert.deepEqual(sinceCreation({ range }, 50), { range });
});
