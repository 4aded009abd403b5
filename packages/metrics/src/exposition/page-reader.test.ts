import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Labels, labelKey, makeLabels, NAME_LABEL, toLabelSet } from '../labels/labels.ts';
import { SampleBatch } from '../samples/sample-batch.ts';
import { StampedSamples } from '../samples/stamped-samples.ts';
import type { Description } from './comment-syntax.ts';
import { ExpositionError } from './exposition-error.ts';
import { NOT_KEPT, type PageFormat, PageReader } from './page-reader.ts';
import { numberText, seriesText } from './page-text.ts';

/** A reader whose references are indices of the series that it has seen. */
class ReadPages {
  readonly series: Labels[] = [];
  readonly descriptions: Description[] = [];
  readonly batch = new SampleBatch();
  readonly reader: PageReader;
  #refs = new Map<string, number>();

  constructor(wants: (metric: string) => boolean = () => true) {
    this.reader = new PageReader({
      wants,
      resolve: ({ labels }) => {
        const key = labelKey(labels);
        const ref = this.#refs.get(key) ?? this.series.push(labels) - 1;
        this.#refs.set(key, ref);
        return ref;
      },
      describe: (description) => this.descriptions.push(description),
    });
  }

  /** Returns `name{a="b"}` and values of a page, and the series that ended. */
  read(page: string): { samples: [string, number][]; ended: string[] } {
    const { batch } = this;
    batch.clear();
    this.reader.read(Buffer.from(page).toString('latin1'), batch);

    return {
      samples: Array.from({ length: batch.size }, (_, i) => [
        this.name(batch.ref(i)),
        batch.value(i),
      ]),
      ended: batch.ended.map((ref) => this.name(ref)),
    };
  }

  name(ref: number): string {
    return seriesText(this.series[ref] ?? []);
  }
}

function errorOf(page: string): ExpositionError {
  try {
    new ReadPages().read(page);
  } catch (error) {
    assert.ok(error instanceof ExpositionError, String(error));
    return error;
  }

  assert.fail(`no error: ${page}`);
}

test('samples are read with their labels, whatever blanks and escapes the page has', () => {
  const { samples } = new ReadPages().read(`
# HELP up Whether it is there.
# TYPE up gauge
up 1
up{job="a"} 0
  up { job = "b" , } \t 12.5  1600000000000
up{z="1",job="\\"q\\" \\\\ \\n ü",empty=""}-3e-2
nan_value NaN
inf_value{a="}"} +Inf
neg_value -Inf
big_value 123456789012345678901234567890
precise_value 0.1
last 7`);

  assert.deepEqual(samples, [
    ['up', 1],
    ['up{job="a"}', 0],
    ['up{job="b"}', 12.5],
    ['up{job="\\"q\\" \\\\ \\n ü",z="1"}', -0.03],
    ['nan_value', Number.NaN],
    ['inf_value{a="}"}', Number.POSITIVE_INFINITY],
    ['neg_value', Number.NEGATIVE_INFINITY],
    ['big_value', 1.2345678901234568e29],
    ['precise_value', 0.1],
    ['last', 7],
  ]);
});

test('a page of OpenMetrics is read up to its end line, without exemplars', () => {
  const { samples } = new ReadPages().read(
    [
      '# TYPE calls counter',
      '# UNIT calls seconds',
      'calls_total{a="b"} 17 1520879607.789 # {trace="x"} 0.5 1520879607.2',
      'calls_bucket{le="1"} 3 # {} 0.5',
      '# EOF',
      'not read',
    ].join('\n'),
  );

  assert.deepEqual(samples, [
    ['calls_total{a="b"}', 17],
    ['calls_bucket{le="1"}', 3],
  ]);
});

test('timestamps are milliseconds, in OpenMetrics seconds; a series with one does not end', () => {
  const stamped = new StampedSamples();
  const batch = new SampleBatch();
  const names: string[] = [];
  const reader = new PageReader({
    wants: () => true,
    resolve: ({ labels }) => names.push(seriesText(labels)) - 1,
    stamped,
  });

  const read = (page: string, format?: PageFormat) => {
    batch.clear();
    stamped.clear();
    reader.read(page, batch, format);

    return {
      now: Array.from({ length: batch.size }, (_, index) => names[batch.ref(index)]),
      ended: batch.ended.map((ref) => names[ref]),
      stamped: Array.from(stamped.batches(), ({ time, batch: of }) => [
        time,
        ...Array.from({ length: of.size }, (_, index) => [names[of.ref(index)], of.value(index)]),
      ]),
    };
  };

  assert.deepEqual(read('a 1 2000\nb 2\nc 3 1000\nd 4 2000 \r\n'), {
    now: ['b'],
    ended: [],
    stamped: [
      [1000, ['c', 3]],
      [2000, ['a', 1], ['d', 4]],
    ],
  });
  assert.equal(reader.added, 4);
  assert.deepEqual(read('a 1\nb 2 1.5 # {} 1\n# EOF\n', 'openmetrics'), {
    now: ['a'],
    ended: [],
    stamped: [[1500, ['b', 2]]],
  });
  assert.equal(reader.added, 0);
  assert.deepEqual(read('e 1\n'), { now: ['e'], ended: ['a'], stamped: [] });
});

test('help, type and unit are told once', () => {
  const pages = new ReadPages();
  const page = '# HELP a one\\ntwo\n# TYPE a counter\n# UNIT a seconds\n# a remark\na 1\n';

  pages.read(page);
  pages.read(page);

  assert.deepEqual(pages.descriptions, [
    { kind: 'HELP', metric: 'a', text: 'one\ntwo' },
    { kind: 'TYPE', metric: 'a', text: 'counter' },
    { kind: 'UNIT', metric: 'a', text: 'seconds' },
  ]);
});

test('metrics that nobody wants are skipped with their comments', () => {
  const pages = new ReadPages((metric) => metric.startsWith('keep'));
  const page =
    '# HELP drop x\ndrop{a="1"} 1\ndrop{a="2"} what\ndrop_too 3\nkeep 4\ndrop 5\nkeep_too 6\n';
  const samples = [
    ['keep', 4],
    ['keep_too', 6],
  ];

  assert.deepEqual(pages.read(page).samples, samples);
  assert.deepEqual(pages.read(page).samples, samples);
  assert.deepEqual(pages.descriptions, []);
});

test('series that a page does not have any more end once', () => {
  const pages = new ReadPages();

  pages.read('a 1\nb 2\nc 3\n');

  assert.deepEqual(pages.read('c 4\na 1\n'), {
    samples: [
      ['c', 4],
      ['a', 1],
    ],
    ended: ['b'],
  });
  assert.deepEqual(pages.read('c 5\na 1\nb 1\n').ended, []);
});

test('after a page that cannot be read all series of the last good page end', () => {
  const pages = new ReadPages();
  pages.read('a 1\nb 2\n');

  assert.throws(() => pages.read('a 2\nnew 1\nb\n'), /^ExpositionError: line 3: a number/);

  pages.batch.clear();
  pages.reader.end(pages.batch);

  assert.deepEqual(
    pages.batch.ended.map((ref) => pages.name(ref)),
    ['a', 'b'],
  );
  assert.equal(pages.batch.size, 0);
  assert.deepEqual(pages.read('a 3\n'), { samples: [['a', 3]], ended: [] });
});

test('errors name the line and do not show its content', () => {
  const cases: [page: string, message: RegExp][] = [
    ['a 1\n\n{b="c"} 2', /^line 3: a metric's name/],
    ['a 1\nb{c="d} 2\n', /^line 2: a label's value has no closing quote/],
    ['b{c} 2', /^line 1: a label's name must be followed by =/],
    ['b{c="d" e="f"} 2', /^line 1: a comma/],
    ['b{c="d",c="e"} 2', /^line 1: a label is given twice/],
    ['b{="d"} 2', /^line 1: a label's name is expected/],
    ['a one', /^line 1: a number/],
    ['a 1 2 3', /^line 1: a number/],
    ['a 1_000', /^line 1: a number/],
    ['a', /^line 1: a number/],
    [`a{b="${'x'.repeat(70_000)}"} 1`, /^line 1: longer than/],
    [`\n\n# HELP a ${'x'.repeat(70_000)}`, /^line 3: longer than/],
  ];

  for (const [page, message] of cases) {
    assert.match(errorOf(page).message, message);
  }
});

test('text that is not UTF-8 is an error', () => {
  const { batch, reader } = new ReadPages();

  assert.throws(() => reader.read('a{b="\xff"} 1', batch), /line 1: text is not UTF-8/);
});

const values = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN));
const names = fc.constantFrom('up', 'a:b', '_x', 'node_load1', 'container_cpu_usage_seconds_total');
const texts = fc.string({ unit: 'grapheme', maxLength: 12 });

const series = fc
  .tuple(
    names,
    fc.dictionary(fc.constantFrom('a', 'b', 'pod', 'le'), texts, { noNullPrototype: true }),
  )
  .map(([name, labels]) => makeLabels([[NAME_LABEL, name], ...Object.entries(labels)]));

const pages = fc
  .uniqueArray(fc.tuple(series, values), {
    selector: ([labels]) => labelKey(labels),
    maxLength: 20,
  })
  .map((lines) => lines.map(([labels, value]) => ({ labels, value })));

function pageOf(lines: { labels: Labels; value: number }[]): string {
  return lines.map(({ labels, value }) => `${seriesText(labels)} ${numberText(value)}\n`).join('');
}

test('what is written is read, whatever the pages before were', () => {
  fc.assert(
    fc.property(fc.array(pages, { minLength: 1, maxLength: 5 }), (all) => {
      const reader = new ReadPages();
      let before: string[] = [];

      for (const lines of all) {
        const expected = lines.map(({ labels, value }) => [seriesText(labels), value]);
        const { samples, ended } = reader.read(pageOf(lines));
        const now = lines.map(({ labels }) => seriesText(labels));

        assert.deepEqual(samples, expected);
        assert.deepEqual(
          ended,
          before.filter((name) => !now.includes(name)),
        );
        before = now;
      }
    }),
  );
});

test('labels are read as they were given', () => {
  fc.assert(
    fc.property(pages, (lines) => {
      const reader = new ReadPages();
      reader.read(pageOf(lines));

      assert.deepEqual(
        reader.series.map(toLabelSet),
        lines.map(({ labels }) => toLabelSet(labels)),
      );
    }),
  );
});

test('no bytes make the reader fail in any other way than with an error of a line', () => {
  const pieces = fc.constantFrom(
    ...['up', '{', '}', 'a="b"', ',', '"', '\\', '\n', '\r\n', ' ', '\t', '# TYPE up x', '# EOF'],
    ...['1', '-', '.5', 'e3', 'NaN', '+Inf', '#', '\u0000', 'ü', '=', 'le="+Inf"', '9'.repeat(20)],
  );
  const junk = fc.oneof(
    fc
      .array(pieces, { maxLength: 30 })
      .map((parts) => Buffer.from(parts.join('')).toString('latin1')),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );

  fc.assert(
    fc.property(fc.array(junk, { minLength: 1, maxLength: 4 }), (all) => {
      const reader = new PageReader({ wants: () => true, resolve: () => NOT_KEPT });

      for (const page of all) {
        const batch = new SampleBatch();

        try {
          reader.read(page, batch);
        } catch (error) {
          assert.ok(error instanceof ExpositionError, String(error));
          assert.ok(error.line >= 1 && error.line <= page.split('\n').length);
          reader.end(batch);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

test('a change of references is asked for once a series', () => {
  let [base, asked] = [0, 0];
  const reader = new PageReader({
    wants: () => true,
    resolve: () => {
      asked += 1;
      return base + asked;
    },
  });
  const batch = new SampleBatch();
  const page = '# TYPE a gauge\na 1\nb 2\n';

  reader.read(page, batch);
  base = 100;
  reader.resolveAgain();
  batch.clear();
  reader.read(page, batch);

  assert.deepEqual([batch.ref(0), batch.ref(1)], [103, 104]);
});
