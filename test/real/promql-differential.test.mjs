// Compares our engine with a real Prometheus 2.42: the same queries on the same series.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { Engine } from '../../packages/promql/dist/evaluate/engine.js';
import { parseExpression } from '../../packages/promql/dist/syntax/parse.js';
import { printExpression } from '../../packages/promql/dist/syntax/print.js';
import { difference } from './promql/compare.mjs';
import { query } from './promql/made-queries.mjs';
import { made, START } from './promql/made-series.mjs';
import { MemorySource } from './promql/memory-source.mjs';
import { Prometheus } from './promql/prometheus.mjs';

const RUNS = 1500;
const SEED = 242;
const at = START / 1000 + 9000;
const range = { start: START / 1000 + 5000, end: START / 1000 + 14_000, step: 300 };

/** @type {Prometheus} */
let prometheus;
const engine = new Engine(new MemorySource(made));

before(async () => {
  prometheus = await Prometheus.start(made);
});

after(() => prometheus?.stop());

/** Returns a result as the HTTP API does. */
async function answer(promise) {
  try {
    return { status: 'success', data: await promise };
  } catch (error) {
    assert.equal(error.name, 'QueryError', error.stack);
    return { status: 'error', errorType: error.type, error: error.message };
  }
}

/** Messages without the label sets, of which one of several is shown. */
const kindOf = (message) => message.replace(/\{[^}]*\}/g, '{}').slice(0, 40);

/** Runs an expression on both; returns Prometheus' answer. */
async function compared(text) {
  const printed = printExpression(parseExpression(text));

  const pairs = [
    [await answer(engine.query(text, at)), await prometheus.query(text, at)],
    [await answer(engine.queryRange(text, range)), await prometheus.queryRange(printed, range)],
  ];

  for (const [index, [ours, theirs]] of pairs.entries()) {
    const where = `${text} (${index === 0 ? 'instant' : 'range'})`;

    assert.equal(ours.status, theirs.status, `${where}: ${ours.error} ${theirs.error}`);

    if (ours.status === 'error') {
      assert.equal(ours.errorType, theirs.errorType, where);
    } else {
      assert.equal(difference(ours.data, theirs.data), undefined, where);
    }
  }

  return pairs.map(([ours, theirs]) => ({ ours, theirs }));
}

/** Expressions as dashboards have them. */
const dashboards = [
  'round(sum by (job, instance) (irate(requests_total{job="a", code!=""}[5m])), 0.001)',
  'sum(max(temperature{job=~"a|b"}) by (job, instance)) - sum(min(temperature) by (job))',
  'sum(rate(requests_total{code=~"5.."}[5m])) by (job) / sum(rate(requests_total[5m])) by (job)',
  'count(info unless on (job, instance) (temperature > 50))',
  'sum by (job, instance) (rate(requests_total[5m])) * on (job, instance) group_left(version) info',
  'label_join(sum by (job, instance) (label_replace(temperature, "kind", "Job", "", "")), "id", ":", "kind", "job", "instance")',
  'label_replace(jobs, "short", "$1", "job", "(.).*")',
  'histogram_quantile(0.99, sum by (job, le) (rate(latency_bucket[5m])))',
  'topk(3, sum by (instance, job) (increase(requests_total[1h])))',
  'sort_desc(avg_over_time(temperature[30m]))',
  '100 - avg by (job) (temperature / 2) > 10 or jobs',
  'max_over_time(sum(rate(requests_total[1m]))[1h:1m])',
  'quantile by (job) (0.95, temperature) / ignoring (job) group_left () max(temperature)',
  'predict_linear(temperature[1h], 4 * 3600) < 0',
  'absent(missing{job="a", code=~"x"}) + absent_over_time(missing[5m])',
  'time() - timestamp(temperature offset 10m)',
  'requests_total - requests_total offset 1h',
  'sum(requests_total @ end() - requests_total @ start()) by (code)',
  'changes(temperature[10m]) + resets(requests_total{code="200"}[1h])',
  'count_values("version", info) or vector(0)',
];

for (const text of dashboards) {
  test(`the results are the same: ${text}`, async (t) => {
    if (!prometheus) {
      t.skip('needs Prometheus');
      return;
    }

    await compared(text);
  });
}

test('range vectors, scalars and strings have the same results', async (t) => {
  if (!prometheus) {
    t.skip('needs Prometheus');
    return;
  }

  for (const text of ['temperature[2m]', 'rate(requests_total[5m])[10m:1m]', '1 + 2', '"text"']) {
    const theirs = await prometheus.query(text, at);
    assert.equal(difference(await engine.query(text, at), theirs.data), undefined, text);
  }
});

test('results of expressions that are made by chance are the same', async (t) => {
  if (!prometheus) {
    t.skip('needs Prometheus');
    return;
  }

  const counts = { empty: 0, errors: 0, all: 0 };
  const messages = new Set();

  await fc.assert(
    fc.asyncProperty(query, async (text) => {
      for (const { ours, theirs } of await compared(text)) {
        counts.all += 1;
        counts.errors += theirs.status === 'error' ? 1 : 0;
        counts.empty += theirs.data?.result.length === 0 ? 1 : 0;

        if (theirs.status === 'error') {
          messages.add(kindOf(ours.error));
        }
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );

  t.diagnostic(JSON.stringify(counts));

  // The comparison is worth something only if many results are not empty.
  assert.ok(counts.all - counts.errors - counts.empty > counts.all / 3, JSON.stringify(counts));
  assert.ok(messages.size >= 3, [...messages].join('\n'));
});

const refused = [
  'a b',
  'rate(temperature)',
  'rate()',
  'sum(1)',
  'topk("a", a)',
  'nothing(a)',
  '{job=~".*"}',
  'a{__name__="b"}',
  'a and 1',
  'a + bool b',
  '1 > 2',
  'a + on(b) group_left(b) c',
  'sum(a) offset 5m',
  'a offset 5m[5m]',
  'a[0s]',
  'a @ 1 @ 1',
];

test('expressions are refused with the same messages', async (t) => {
  if (!prometheus) {
    t.skip('needs Prometheus');
    return;
  }

  for (const text of refused) {
    const { errorType, error } = await prometheus.query(text, at);
    const ours = await answer(engine.query(text, at));

    assert.equal(ours.errorType, errorType, text);
    assert.equal(ours.error, error.replace(/^invalid parameter "query": /, ''), text);
  }
});
