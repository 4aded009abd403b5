import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { MINUTE, START, StoreFixture } from '@ks-apiserver/metrics/test/support/store-fixture';
import { Target, type TargetOptions } from './target.ts';

let fixture: StoreFixture;

beforeEach(async () => {
  fixture = await new StoreFixture().open();
});

afterEach(() => fixture.remove());

function targetOf(options: TargetOptions): (minute: number, page: string) => number {
  const target = new Target(fixture.store, options);

  return (minute, page) => {
    fixture.now = START + minute * MINUTE;
    return target.ingest(fixture.now, page);
  };
}

test('series get the labels of their target; labels of the same name are renamed', async () => {
  const ingest = targetOf({ labels: { job: 'j', pod: 'exporter' } });

  assert.equal(ingest(0, 'a 1\nb{pod="x",c="d"} 2\n'), 2);

  assert.deepEqual(Object.keys(await fixture.select('{job="j"}')), [
    'a{job="j",pod="exporter"}',
    'b{c="d",exported_pod="x",job="j",pod="exporter"}',
  ]);
});

test('a target may keep the labels that its series have', async () => {
  targetOf({ labels: { job: 'j', pod: 'exporter' }, ownLabels: 'keep' })(0, 'b{pod="x"} 2\n');

  assert.deepEqual(Object.keys(await fixture.select('b')), ['b{job="j",pod="x"}']);
});

test('labels are joined as Prometheus joins them', async () => {
  const page = [
    'a{pod="x",exported_pod="y",exported_job="z"} 1',
    'b{pod="",job="own"} 1',
    'c{exported_pod="y"} 1',
  ].join('\n');

  const keysWith = async (ownLabels: 'keep' | 'rename') => {
    targetOf({ labels: { job: ownLabels, pod: 'p', exported_job: 'e' }, ownLabels })(0, page);
    return Object.keys(await fixture.select('{__name__=~"[abc]"}'));
  };

  assert.deepEqual((await keysWith('rename')).sort(), [
    'a{exported_exported_job="z",exported_exported_pod="x",exported_job="e",exported_pod="y",job="rename",pod="p"}',
    'b{exported_exported_job="own",exported_job="e",job="rename",pod="p"}',
    'c{exported_job="e",exported_pod="y",job="rename",pod="p"}',
  ]);

  await fixture.remove();
  fixture = await new StoreFixture().open();

  // An empty label of a page says that there is none.
  assert.deepEqual((await keysWith('keep')).sort(), [
    'a{exported_job="z",exported_pod="y",job="keep",pod="x"}',
    'b{exported_job="e",job="own"}',
    'c{exported_job="e",exported_pod="y",job="keep",pod="p"}',
  ]);
});

test('samples get the times of the page where the target says so', async () => {
  const page = (minute: number, value: number) => `a ${value} ${START + minute * MINUTE}\nb 1\n`;
  const ingest = targetOf({ labels: {}, timestamps: 'keep' });

  ingest(2, page(1, 1));
  ingest(3, page(1, 1));
  ingest(4, page(3.5, 2));
  ingest(5, page(30, 3));
  ingest(6, 'b 1\n');
  ingest(121, page(119, 4));
  ingest(122, page(121.5, 5));

  assert.deepEqual(await fixture.select('a'), {
    a: [
      [1, 1],
      [3.5, 2],
      [121.5, 5],
    ],
  });
  assert.deepEqual(fixture.store.figures.dropped, 3);
});

test('a series ends when the page does not have it any more, in the next two hours too', async () => {
  const ingest = targetOf({ labels: {} });

  ingest(118, 'a 1\nb 1\nc 1\n');
  ingest(119, 'a 2\nb 2\n');
  ingest(121, 'a 3\n');
  ingest(122, 'a 4\n');

  assert.deepEqual(await fixture.select('{__name__=~"a|b|c"}'), {
    a: [
      [118, 1],
      [119, 2],
      [121, 3],
      [122, 4],
    ],
    b: [
      [118, 1],
      [119, 2],
      [121, 'end'],
    ],
    c: [
      [118, 1],
      [119, 'end'],
    ],
  });
});

test('all series end when the page cannot be read or does not come', async () => {
  const target = new Target(fixture.store, { labels: {} });

  target.ingest(START, 'a 1\nb 1\n');
  assert.throws(() => target.ingest(START + MINUTE, 'a 2\nb\n'), /line 2/);
  target.ingest(START + 2 * MINUTE, 'a 3\n');
  target.fail(START + 3 * MINUTE);

  assert.deepEqual(await fixture.select('{__name__=~"a|b"}'), {
    a: [
      [0, 1],
      [1, 'end'],
      [2, 3],
      [3, 'end'],
    ],
    b: [
      [0, 1],
      [1, 'end'],
    ],
  });
});

test('only wanted metrics are kept and described', async () => {
  const target = new Target(fixture.store, { labels: {}, wants: (metric) => metric === 'a' });
  const page = '# HELP a What it is.\n# TYPE a counter\na 1\n# TYPE b gauge\nb 1\n';

  target.ingest(START, page);

  assert.deepEqual(Object.keys(await fixture.select('{__name__!=""}')), ['a']);
  assert.deepEqual([...target.metadata], [{ metric: 'a', type: 'counter', help: 'What it is.' }]);
});
