import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Metric } from './metric.ts';
import { parseRanking, rank } from './ranking.ts';

function metric(name: string, values: Record<string, string>): Metric {
  return {
    metric_name: name,
    data: {
      resultType: 'vector',
      result: Object.entries(values).map(([pod, value]) => ({
        metric: { pod },
        value: [0, value] as const,
      })),
    },
  };
}

const idsOf = ({ data }: Metric) =>
  data.resultType === 'vector' ? data.result?.map((row) => row.metric?.pod) : undefined;

const query = (text: string) => parseRanking(new URLSearchParams(text));

test('without a metric to sort by, the other parameters are not read', () => {
  assert.equal(query('page=0&limit=x'), undefined);
  assert.deepEqual(query('sort_metric=a'), {
    metric: 'a',
    ascending: false,
    page: 1,
    limit: 5,
  });

  for (const name of ['page', 'limit']) {
    for (const wrong of ['0', '-1', 'x', '1.5', '9e9']) {
      assert.throws(() => query(`sort_metric=a&${name}=${wrong}`), {
        code: 400,
        message: `Invalid parameter '${name}'.`,
      });
    }
  }
});

test('rows follow the ranked metric, then names; row i of every metric is the same resource', () => {
  const ranked = metric('cpu', { c: '1', a: '+Inf', n: 'NaN', b: '1' });
  const other = metric('memory', { z: '9', b: '5' });
  const failed: Metric = { metric_name: 'net', data: {}, error: 'execution: x' };

  const list = rank([other, ranked, failed], 'pod', {
    metric: 'cpu',
    ascending: false,
    page: 1,
    limit: 10,
  });

  assert.deepEqual(list.results?.map(idsOf), [
    [undefined, 'b', undefined, undefined, 'z'],
    ['a', 'b', 'c', 'n', undefined],
    undefined,
  ]);
  assert.deepEqual(list.results?.[2], failed);
  assert.deepEqual([list.page, list.total_page, list.total_item], [1, 1, 5]);
});

test('a page past the end has no rows, and an empty list no totals', () => {
  const ranking = { metric: 'cpu', ascending: true, page: 3, limit: 2 };

  assert.deepEqual(rank([metric('cpu', { a: '1', b: '2', c: '3' })], 'pod', ranking), {
    results: [{ metric_name: 'cpu', data: { resultType: 'vector' } }],
    page: 3,
    total_page: 2,
    total_item: 3,
  });
  assert.deepEqual(rank([metric('cpu', {})], 'pod', ranking), {
    results: [{ metric_name: 'cpu', data: { resultType: 'vector' } }],
    page: 3,
  });
});

test('the pages of a ranking together hold every resource once', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), fc.constantFrom('1', '2', 'NaN', '-Inf')),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      (values, limit, ascending) => {
        const seen: (string | undefined)[] = [];

        for (let page = 1; page <= 50; page++) {
          const list = rank([metric('cpu', values)], 'pod', {
            metric: 'cpu',
            ascending,
            page,
            limit,
          });
          seen.push(...(list.results?.flatMap((one) => idsOf(one) ?? []) ?? []));
        }

        assert.deepEqual(
          seen.slice().sort(),
          Object.keys(values)
            .sort()
            .slice(0, 50 * limit),
        );
      },
    ),
  );
});
