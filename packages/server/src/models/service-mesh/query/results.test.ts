import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QueryError, type QueryResult } from '@ks-apiserver/promql/query-api';
import fc from 'fast-check';
import { failureText, samplesOf, seriesOf } from './results.ts';

const vector = (...result: unknown[]) => ({ resultType: 'vector', result }) as QueryResult;

test('samples are those that are finite numbers', () => {
  const row = (value: string) => ({ metric: { a: 'b', n: 1 }, value: [1, value] });
  assert.deepEqual(samplesOf(vector(row('0.5'), row('NaN'), row('+Inf'), row('x'))), [
    { labels: { a: 'b' }, value: 0.5 },
  ]);
});

test('labels of series are in the order of their names', () => {
  const metric = { b: '1', a: '2' };
  const [series] = seriesOf({
    resultType: 'matrix',
    result: [{ metric, values: [[1, '2']] }],
  } as QueryResult);

  assert.deepEqual(Object.keys(series?.metric ?? {}), ['a', 'b']);
});

test('any other form is an error of the answer', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.boolean(), (value, isVector) => {
      const result = { resultType: isVector ? 'vector' : 'matrix', result: value };

      for (const read of [samplesOf, seriesOf]) {
        for (const form of [value, result]) {
          try {
            assert.ok(Array.isArray(read(form as unknown as QueryResult)));
          } catch (error) {
            assert.ok(error instanceof QueryError, String(error));
            assert.equal(error.type, 'bad_response');
          }
        }
      }
    }),
  );
});

test('a failure says its kind, unless nobody has answered', () => {
  assert.equal(failureText(new QueryError('bad_data', 'no')), 'bad_data: no');
  assert.equal(failureText(new QueryError('unavailable', 'gone')), 'gone');
});
