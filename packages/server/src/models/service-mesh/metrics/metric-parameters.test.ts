import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitted, parseMetricParameters } from './metric-parameters.ts';

const NOW = 1_700_000_000;
const parse = (text: string) => parseMetricParameters(new URLSearchParams(text), NOW);

test('defaults are those of 3.0', () => {
  assert.deepEqual(parse(''), {
    filters: [],
    direction: 'outbound',
    reporter: 'source',
    protocol: '',
    rateFunction: 'rate',
    end: NOW,
    start: NOW - 1800,
    stepSeconds: 15,
    quantiles: [],
    average: true,
    intervalMs: 60_000,
    byLabels: [],
  });
});

test('a time moves the end of the range, with a duration also its start', () => {
  assert.deepEqual([parse('queryTime=500').start, parse('queryTime=500').end], [NOW - 1800, 500]);
  assert.equal(parse('queryTime=500&duration=60').start, 440);
});

const wrong: readonly [query: string, message: RegExp][] = [
  ['direction=up&reporter=x', /'direction' must be either 'inbound' or 'outbound'/],
  ['reporter=x', /'reporter' must be either 'source' or 'destination'/],
  ['rateFunc=', /'rateFunc' must be either 'rate' or 'irate'/],
  ['queryTime=', /cannot parse query parameter 'queryTime'/],
  ['duration=1m', /cannot parse query parameter 'duration'/],
  ['step=1.5', /cannot parse query parameter 'step'/],
  ['step=99999999999999999999', /cannot parse query parameter 'step'/],
  ['step=0', /'step' must not be 0/],
  ['quantiles[]=x', /float expected/],
  ['quantiles[]=', /float expected/],
  ['quantiles[]=NaN', /should be between 0 and 1/],
  ['quantiles[]=-Inf', /should be between 0 and 1/],
  ['quantiles[]=0.5&quantiles[]=1.1', /should be between 0 and 1/],
  [Array.from({ length: 11 }, (_, i) => `quantiles[]=0.${i + 10}`).join('&'), /more than 10/],
  ['avg=yes', /cannot parse query parameter 'avg'/],
  ['rateInterval=1', /not a valid duration string: "1"/],
  ['rateInterval=1h30m', /not a valid duration string/],
  [`byLabels[]=${Array.from({ length: 21 }, (_, i) => `l${i}`)}`, /more than 20 labels/],
];

for (const [query, message] of wrong) {
  test(`${query.slice(0, 40)} is refused`, () => {
    assert.throws(() => parse(query), { code: 400, message });
  });
}

test('a range is fitted to the age of its namespace', () => {
  const range = { start: 1000, end: 2000, stepSeconds: 30, intervalMs: 60_000 };

  // Older than the range: only the first point moves to a multiple of the step.
  assert.deepEqual(fitted(range, 0), { ...range, start: 990 });
  // No rate looks back beyond the creation.
  assert.equal(fitted(range, 1500).start, 1560);
  // In its first second there is a window too.
  assert.equal(fitted(range, 1999.5).intervalMs, 1000);
  assert.equal(fitted(range, 2000.5).intervalMs, 1000);
  assert.ok(fitted(range, 2001).intervalMs < 0);
  // Younger than the window of rates: one point, with what there is.
  assert.deepEqual(fitted(range, 1985.5), {
    start: 1980,
    end: 2000,
    stepSeconds: 30,
    intervalMs: 14_000,
  });
});

test('any texts are read or refused', () => {
  const text = fc.string();
  const names = fc.constantFrom('queryTime', 'duration', 'step', 'rateInterval', 'quantiles[]');

  fc.assert(
    fc.property(names, text, (name, value) => {
      try {
        const range = fitted(parse(new URLSearchParams({ [name]: value }).toString()), 1000);
        assert.ok(Object.values(range).every(Number.isFinite));
      } catch (error) {
        assert.equal((error as { code?: number }).code, 400);
      }
    }),
  );
});
