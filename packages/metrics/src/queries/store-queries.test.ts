import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { START, StoreFixture } from '@ks-apiserver/metrics/test/support/store-fixture';
import { type DescribedTarget, StoreQueries } from './store-queries.ts';

const AT = START / 1000;
const LATER = AT + 600;

const fixture = new StoreFixture();
const targets: DescribedTarget[] = [
  {
    labels: { job: 'a', namespace: 'demo' },
    metadata: [
      { metric: 'up', type: 'gauge', help: 'Whether it is up.' },
      { metric: 'calls', type: 'counter', help: '' },
    ],
  },
  {
    labels: { job: 'b', namespace: 'demo' },
    metadata: [{ metric: 'up', type: 'gauge', help: 'Whether it is up.' }],
  },
  { labels: { job: 'c' }, metadata: [{ metric: 'other', type: 'gauge', help: '' }] },
];
let queries: StoreQueries;

before(async () => {
  await fixture.open();
  fixture.add(0, { 'up{job="a"}': 1, 'up{job="b"}': 0, 'calls{job="a",__proto__="x"}': 5 });
  fixture.add(10, { 'up{job="a"}': 1, 'calls{job="a",__proto__="x"}': 11 });
  queries = new StoreQueries(fixture.store.reader, () => targets);
});

after(() => fixture.remove());

test('expressions are evaluated at a time and over a range', async () => {
  assert.deepEqual(await queries.query('sum(up)', AT), {
    resultType: 'vector',
    result: [{ metric: {}, value: [AT, '1'] }],
  });
  assert.deepEqual(await queries.queryRange('up', { start: AT, end: LATER, step: 600 }), {
    resultType: 'matrix',
    result: [
      {
        metric: { __name__: 'up', job: 'a' },
        values: [
          [AT, '1'],
          [LATER, '1'],
        ],
      },
      { metric: { __name__: 'up', job: 'b' }, values: [[AT, '0']] },
    ],
  });
  assert.deepEqual(
    await queries.query('rate(calls[15m])', LATER).then(({ result }) => result.length),
    1,
  );
});

test('series, names and values of labels are listed, of all series or of some', async () => {
  assert.deepEqual(await queries.series(['up{job="a"}', 'up{job=~"a|b"}'], {}), [
    { __name__: 'up', job: 'a' },
    { __name__: 'up', job: 'b' },
  ]);
  assert.deepEqual(await queries.labels([], {}), ['__name__', '__proto__', 'job']);
  assert.deepEqual(await queries.labels(['up'], { start: AT, end: LATER }), ['__name__', 'job']);
  assert.deepEqual(await queries.labelValues('job', [], {}), ['a', 'b']);
  assert.deepEqual(await queries.labelValues('job', ['calls'], {}), ['a']);
  assert.deepEqual(await queries.labelValues('__proto__', ['up'], {}), []);
  assert.deepEqual(await queries.labelValues('__proto__', ['calls'], {}), ['x']);
});

test('metadata is that of the targets whose own labels match, each once', async () => {
  const metrics = async (selector: string) =>
    (await queries.targetMetadata(selector)).map(({ metric }) => metric);

  assert.deepEqual(await metrics('{namespace="demo"}'), ['up', 'calls']);
  assert.deepEqual(await metrics('{job="c"}'), ['other']);
  assert.deepEqual(await metrics('{constructor="x"}'), []);
  assert.deepEqual(await metrics(''), ['up', 'calls', 'other']);
});

test('failures are query errors with a type', async () => {
  const isError = (type: string) => (error: Error) =>
    error.name === 'QueryError' && 'type' in error && error.type === type;
  const controller = new AbortController();
  controller.abort();

  await assert.rejects(queries.query('up{', AT), isError('bad_data'));
  await assert.rejects(queries.series(['sum(up)'], {}), isError('bad_data'));
  await assert.rejects(queries.targetMetadata('{a=~"("}'), isError('bad_data'));
  await assert.rejects(queries.query('up', AT, controller.signal), isError('canceled'));
  await assert.rejects(queries.query('up + on () up', AT), isError('execution'));
});
