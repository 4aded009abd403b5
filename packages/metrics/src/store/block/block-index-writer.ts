import { crc32 } from 'node:zlib';
import type { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import { ByteWriter } from '../chunks/byte-writer.ts';
import type { SeriesRegistry } from '../head/series-registry.ts';
import { SECTIONS, type Section } from './block-format.ts';
import type { SamplesPlace } from './block-index.ts';

/** A series of a block: its reference in the window, and where its samples are in the file. */
export interface BlockSeries extends SamplesPlace {
  readonly ref: number;
}

type Writers = Record<Section, ByteWriter>;

/** The index of a block, ready to be written. */
export interface WrittenIndex {
  readonly parts: readonly Buffer[];
  readonly lengths: Readonly<Record<Section, number>>;
  readonly checksum: number;
}

/** Returns the index of series that are in the order of the file. */
export async function writeIndex(
  registry: SeriesRegistry,
  series: readonly BlockSeries[],
  slice: TimeSlice,
): Promise<WrittenIndex> {
  const writers: Writers = {
    symbolOffsets: new ByteWriter(),
    symbols: new ByteWriter(),
    seriesOffsets: new ByteWriter(),
    series: new ByteWriter(),
    values: new ByteWriter(),
    postings: new ByteWriter(),
  };
  const symbols = writeSymbols(registry, writers);

  await writeSeriesTable({ registry, series, symbols, writers, slice });
  await writePostings({ registry, series, symbols, writers, slice });

  const parts = SECTIONS.map((section) => writers[section].bytes);

  return {
    parts,
    lengths: {
      symbolOffsets: writers.symbolOffsets.size,
      symbols: writers.symbols.size,
      seriesOffsets: writers.seriesOffsets.size,
      series: writers.series.size,
      values: writers.values.size,
      postings: writers.postings.size,
    },
    checksum: parts.reduce((sum, part) => crc32(part, sum), 0),
  };
}

/** Writes all texts in order; returns the number of each. */
function writeSymbols(
  registry: SeriesRegistry,
  { symbols, symbolOffsets }: Writers,
): Map<string, number> {
  const texts = new Set<string>();

  for (const name of registry.names()) {
    texts.add(name);

    for (const value of registry.values(name)) {
      texts.add(value);
    }
  }

  const numbers = new Map<string, number>();

  for (const text of [...texts].sort(compareText)) {
    numbers.set(text, numbers.size);
    symbolOffsets.uint32(symbols.size);
    symbols.append(Buffer.from(text));
  }

  symbolOffsets.uint32(symbols.size);

  return numbers;
}

interface IndexParts {
  registry: SeriesRegistry;
  series: readonly BlockSeries[];
  symbols: ReadonlyMap<string, number>;
  writers: Writers;
  slice: TimeSlice;
}

async function writeSeriesTable(parts: IndexParts): Promise<void> {
  const { registry, series, symbols, writers, slice } = parts;

  for (const { ref, offset, length, checksum } of series) {
    if (slice.isOver) {
      await slice.next();
    }

    const labels = registry.labels(ref);

    writers.seriesOffsets.uint32(writers.series.size);
    writers.series.varint(labels.length / 2);

    for (const part of labels) {
      writers.series.varint(symbols.get(part) ?? 0);
    }

    writers.series.varint(offset);
    writers.series.varint(length);
    writers.series.uint32(checksum);
  }
}

async function writePostings(parts: IndexParts): Promise<void> {
  const { registry, series, symbols, writers, slice } = parts;
  const ids = new Map(series.map(({ ref }, id) => [ref, id]));
  const names = [...registry.names()].sort(compareText);
  const entries = new ByteWriter();
  let count = 0;

  writers.values.uint32(names.length);

  for (const name of names) {
    const first = count;

    for (const value of [...registry.values(name)].sort(compareText)) {
      if (slice.isOver) {
        await slice.next();
      }

      entries.uint32(symbols.get(value) ?? 0);
      entries.uint32(writers.postings.size);
      writeIds(writers.postings, idsOf(registry, { name, value, ids }));
      count += 1;
    }

    writers.values.uint32(symbols.get(name) ?? 0);
    writers.values.uint32(first);
    writers.values.uint32(count - first);
  }

  writers.values.append(entries.bytes);
}

/** Returns the numbers in the block of the series that have a label, ascending. */
function idsOf(
  registry: SeriesRegistry,
  { name, value, ids }: { name: string; value: string; ids: ReadonlyMap<number, number> },
): number[] {
  return Array.from(registry.withValue(name, value), (ref) => ids.get(ref))
    .filter((id) => id !== undefined)
    .sort((a, b) => a - b);
}

function writeIds(writer: ByteWriter, ids: readonly number[]): void {
  let last = 0;

  writer.varint(ids.length);

  for (const id of ids) {
    writer.varint(id - last);
    last = id;
  }
}
