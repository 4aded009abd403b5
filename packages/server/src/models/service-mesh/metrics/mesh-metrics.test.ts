import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type MetricQueries,
  QueryError,
  type QueryResult,
  type SteppedRange,
} from '@ks-apiserver/promql/query-api';
import type { MeshNamespaces } from '../mesh-namespaces.ts';
import { MeshMetrics } from './mesh-metrics.ts';

const EMPTY: QueryResult = { resultType: 'matrix', result: [] };
const OLD = { accessible: async () => 0 } as unknown as MeshNamespaces;

function metricsOf(text: string, answer: () => QueryResult = () => EMPTY) {
  const asked: { expression: string; range: SteppedRange }[] = [];
  const queries = {
    queryRange: async (expression: string, range: SteppedRange) => {
      asked.push({ expression, range });
      return answer();
    },
  } as unknown as MetricQueries;

  const found = new MeshMetrics(queries, OLD).metrics({
    subject: { namespace: 'demo' },
    query: new URLSearchParams(text),
    signal: new AbortController().signal,
  });

  return { asked, found };
}

test('all metrics are read by default, of histograms their averages', async () => {
  const { found } = metricsOf('');
  const { metrics, histograms } = await found;

  assert.deepEqual(Object.keys(metrics), [
    'request_count',
    'request_error_count',
    'tcp_received',
    'tcp_sent',
  ]);
  assert.deepEqual(Object.keys(histograms), ['request_duration', 'request_size', 'response_size']);
  assert.deepEqual(histograms.request_size, { avg: { matrix: [] } });
});

test('only metrics that are named are asked for, with the quantiles as they were written', async () => {
  const { asked, found } = metricsOf(
    'filters[]=request_duration&filters[]=nosuch&quantiles[]=0.50&quantiles[]=0.50&avg=false',
  );

  assert.deepEqual(await found, {
    metrics: {},
    histograms: { request_duration: { '0.50': { matrix: [] } } },
  });
  assert.equal(asked.length, 1);
});

test('a range with too many points is not asked for', async () => {
  const { asked, found } = metricsOf('filters[]=request_count&step=1&duration=11001');

  assert.deepEqual((await found).metrics, { request_count: { matrix: null } });
  assert.deepEqual(asked, []);
});

test('a failed query has no series; one whose caller has gone is an error', async () => {
  const fails = (type: string) =>
    metricsOf('filters[]=tcp_sent', () => {
      throw new QueryError(type, 'why');
    }).found;

  assert.deepEqual((await fails('timeout')).metrics, { tcp_sent: { matrix: null } });
  await assert.rejects(fails('canceled'), { type: 'canceled' });
});
