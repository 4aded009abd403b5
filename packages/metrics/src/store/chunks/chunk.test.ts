import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SampleColumns } from '../../samples/sample-columns.ts';
import { ByteReader, CorruptionError } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { readChunk, writeChunks } from './chunk.ts';

const ORIGIN = 1_600_000_000_000;

type Sample = readonly [time: number, value: number | 'end'];

function columnsOf(samples: readonly Sample[]): SampleColumns {
  const columns = new SampleColumns();

  for (const [time, value] of samples) {
    if (value === 'end') {
      columns.pushEnd(time);
    } else {
      columns.push(time, value);
    }
  }

  return columns;
}

function samplesOf(columns: SampleColumns): Sample[] {
  return Array.from({ length: columns.size }, (_, index) => [
    columns.time(index),
    columns.isEnd(index) ? 'end' : columns.value(index),
  ]);
}

function encode(samples: readonly Sample[]): Buffer {
  const writer = new ByteWriter(16);
  writeChunks(writer, columnsOf(samples), { origin: ORIGIN });
  return writer.bytes;
}

function decode(bytes: Buffer, start = 0, end = Number.MAX_SAFE_INTEGER): Sample[] {
  const reader = new ByteReader(bytes);
  const columns = new SampleColumns(1);

  while (!reader.isAtEnd) {
    readChunk(reader, columns, { origin: ORIGIN, start, end });
  }

  return samplesOf(columns);
}

/** Makes samples a minute apart. */
function everyMinute(values: readonly (number | 'end')[]): Sample[] {
  return values.map((value, index) => [ORIGIN + index * 60_000, value]);
}

const anyValue = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.MIN_VALUE),
  fc.integer({ min: 0, max: 1e6 }).map((n) => n / 1000),
);

const someValues = fc.oneof(
  fc.array(anyValue, { minLength: 1, maxLength: 300 }),
  // Counters, and gauges of whole pages.
  fc.array(fc.nat(1e9), { minLength: 2, maxLength: 150 }).map((steps) => {
    let sum = 0;
    return steps.map((step) => {
      sum += step;
      return sum / 1e9;
    });
  }),
  fc.array(
    fc.nat(1e6).map((pages) => pages * 4096),
    { minLength: 2, maxLength: 150 },
  ),
);

test('samples are read as they were written, bit for bit', () => {
  const series = fc.tuple(
    someValues,
    fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 1, max: 1e10 }), { maxLength: 300 })),
    fc.array(fc.nat(300), { maxLength: 3 }),
  );

  fc.assert(
    fc.property(series, ([values, distances, ends]) => {
      let time = ORIGIN;

      const samples = values.map((value, index): Sample => {
        time += distances[index] ?? 60_000;
        return [time, ends.includes(index) ? 'end' : value];
      });

      assert.deepEqual(decode(encode(samples)), samples);
    }),
    { numRuns: 500 },
  );
});

test('only samples of the range are returned', () => {
  const bytes = encode(everyMinute([1, 2.5, 3, 4, 'end']));

  assert.deepEqual(decode(bytes, ORIGIN + 60_000, ORIGIN + 120_000), [
    [ORIGIN + 60_000, 2.5],
    [ORIGIN + 120_000, 3],
  ]);
});

test('two hours of a constant take a few bytes, those of typical metrics one to five a sample', () => {
  const rows: [name: string, next: (index: number) => number, most: number][] = [
    ['constant', () => 1, 12],
    ['bytes in pages', (i) => 1e8 + 4096 * Math.floor(200 * Math.sin(i / 9)), 120 * 1.3],
    ['steady counter', (i) => 1e6 + i * 5000 + ((i * 7919) % 100), 120 * 1.3],
    [
      'seconds of CPU in nanoseconds',
      (i) => (1e12 + i * 3e9 + ((i * 7919) % 1e7)) / 1e9,
      120 * 3.3,
    ],
    ['load average', (i) => Math.round(100 + 30 * Math.sin(i / 5)) / 100, 120 * 1],
  ];

  for (const [name, next, most] of rows) {
    const samples = everyMinute(Array.from({ length: 120 }, (_, index) => next(index)));
    const { length } = encode(samples);

    assert.ok(length <= most, `${name}: ${length / 120} bytes a sample`);
    assert.deepEqual(decode(encode(samples)), samples);
  }
});

test('bytes that are no chunk give a CorruptionError or samples, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        decode(Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof CorruptionError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
