import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SteppedRange } from '../query-api.ts';
import { Engine } from './engine.ts';
import { engineOf, shown, steady, testCases } from './test-engine.test.ts';

const engine = engineOf({
  'a{x="1"}': steady(61),
  'a{x="2"}': [undefined, 5, 'stale', 7],
  'old{x="1"}': [1],
});

testCases(engine, [
  ['a', 60, '{__name__="a", x="1"} 1, {__name__="a", x="2"} 5'],
  ['a', 120, '{__name__="a", x="1"} 2'],
  ['old', 300, '{__name__="old", x="1"} 1'],
  ['old', 300.001, ''],
  ['a{x="1"} offset 1m', 120, '{__name__="a", x="1"} 1'],
  ['a{x="1"} offset -1m', 120, '{__name__="a", x="1"} 3'],
  ['a{x="1"} @ 240', 0, '{__name__="a", x="1"} 4'],
  ['a{x="1"} @ 240 offset 1m', 0, '{__name__="a", x="1"} 3'],
  ['count_over_time(a{x="2"}[2m])', 180, '{x="2"} 2'],
  ['sum_over_time(a{x="1"}[3m:1m])', 600, '{x="1"} 34'],
  ['sum_over_time(a{x="1"}[3m:])', 610, '{x="1"} 27'],
  ['max_over_time(rate(a{x="1"}[2m])[10m:1m] @ 1200)', 0, '{x="1"} 0.016666666666666666'],
  ['a{x="1"}[2m]', 180, '{__name__="a", x="1"} [[60,"1"],[120,"2"],[180,"3"]]'],
  ['(a{x="1"} * 2)[2m:1m] offset 1m', 180, '{x="1"} [[0,"0"],[60,"2"],[120,"4"]]'],
  ['"text"', 0, 'text'],
  ['1e-7 + 0', 0, '0.0000001'],
  ['1e21 * -1', 0, '-1000000000000000000000'],
  ['-0', 0, '-0'],
  ['1 / 0', 0, '+Inf'],
]);

const range = (start: number, end: number, step: number): SteppedRange => ({ start, end, step });

test('a range query has a point at each step, and its series in the order of their labels', async () => {
  const result = await engine.queryRange('a', range(60, 240, 60));

  assert.deepEqual(result, {
    resultType: 'matrix',
    result: [
      {
        metric: { __name__: 'a', x: '1' },
        values: [
          [60, '1'],
          [120, '2'],
          [180, '3'],
          [240, '4'],
        ],
      },
      {
        metric: { __name__: 'a', x: '2' },
        values: [
          [60, '5'],
          [180, '7'],
          [240, '7'],
        ],
      },
    ],
  });
});

test('a scalar is a series without labels in a range query', async () => {
  assert.deepEqual(await engine.queryRange('time()', range(0.5, 1.6, 0.5)), {
    resultType: 'matrix',
    result: [
      {
        metric: {},
        values: [
          [0.5, '0.5'],
          [1, '1'],
          [1.5, '1.5'],
        ],
      },
    ],
  });
});

test('start() and end() are those of the range query, in subqueries too', async () => {
  const { result } = await engine.queryRange(
    'sum(a{x="1"} @ end()) - sum(a{x="1"} @ start()) + 0 * max_over_time(sum(a @ end())[2m:1m])',
    range(60, 180, 60),
  );

  assert.deepEqual(result, [
    {
      metric: {},
      values: [
        [60, '2'],
        [120, '2'],
        [180, '2'],
      ],
    },
  ]);
});

test('a range query with ranges that Prometheus refuses is refused', async () => {
  const refused: [SteppedRange, RegExp][] = [
    [range(1, 0, 1), /end timestamp must not be before start time/],
    [range(0, 1, 0), /zero or negative query resolution step widths/],
    [range(0, 1, -1), /zero or negative query resolution step widths/],
    [range(0, 11_002, 1), /exceeded maximum resolution of 11,000 points/],
    [range(Number.NaN, 1, 1), /end timestamp must not be before/],
    [range(0, Number.POSITIVE_INFINITY, 1), /exceeded maximum resolution/],
  ];

  for (const [times, message] of refused) {
    await assert.rejects(engine.queryRange('a', times), { type: 'bad_data', message });
  }

  await assert.rejects(engine.queryRange('a[5m]', range(0, 1, 1)), {
    message: /invalid expression type "range vector" for range query/,
  });

  await assert.rejects(engine.query('a', Number.NaN), { type: 'bad_data' });
  await assert.rejects(engine.query('a +', 0), { type: 'bad_data' });
});

const tooMany = {
  type: 'execution',
  message: 'query processing would load too many samples into memory in query execution',
};

test('samples that are read, and values that are held, are bounded', async () => {
  await assert.rejects(engineOf({ a: steady(100) }, { maxSamples: 99 }).query('a', 0), tooMany);

  const small = engineOf({ 'a{x="1"}': steady(9), 'a{x="2"}': steady(9) }, { maxValues: 100 });

  assert.equal(await shown(small, 'sum(a)', 60), '{} 2');
  await assert.rejects(small.queryRange('a + a', range(0, 600, 60)), tooMany);

  for (const inner of ['vector(1)', 'a', 'vector(time())', 'absent(a)', 'rate(a[5m])', 'sum(a)']) {
    await assert.rejects(engine.query(`sum_over_time((${inner})[100y:1ms])`, 1e9), tooMany);
  }
});

test('a query is stopped when it is given up, and at its timeout', async () => {
  const samples = steady(20_000);
  const busy = 'sum_over_time(sum_over_time(a[10d])[100d:1m])';
  const controller = new AbortController();

  setTimeout(() => controller.abort(), 30);

  await assert.rejects(engineOf({ a: samples }).query(busy, 9e6, controller.signal), {
    type: 'canceled',
    message: 'query was canceled in expression evaluation',
  });

  await assert.rejects(engineOf({ a: samples }, { timeout: 30 }).query(busy, 9e6), {
    type: 'timeout',
    message: 'query timed out in expression evaluation',
  });
});

test('others run while a long query is evaluated', async () => {
  const load = Object.fromEntries(steady(40).map((index) => [`a{x="${index}"}`, steady(5000)]));
  const query = engineOf(load).queryRange(
    'sum(stddev_over_time(a[1d]))',
    range(100_000, 300_000, 60),
  );
  let longest = 0;
  let last = performance.now();

  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);

  await query;
  clearInterval(timer);

  assert.ok(longest > 0 && longest < 500, `${longest} ms without a pause`);
});

test('a source that fails makes the query fail', async () => {
  const failing = new Engine({
    select: () => {
      throw new Error('disk');
    },
  });

  await assert.rejects(failing.query('a', 0), /disk/);
});

test('labels that objects have by themselves are labels like others', async () => {
  const odd = engineOf({ 'a{__proto__="1", constructor="2"}': [1], 'b{constructor="2"}': [2] });

  assert.equal(
    await shown(odd, 'sum by (__proto__, constructor) ({__name__=~"a|b"})', 0),
    '{__proto__="1", constructor="2"} 1, {constructor="2"} 2',
  );
});
