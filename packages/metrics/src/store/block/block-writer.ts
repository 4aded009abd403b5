import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import { NAME_LABEL } from '../../labels/labels.ts';
import { SampleColumns } from '../../samples/sample-columns.ts';
import { ByteWriter } from '../chunks/byte-writer.ts';
import { writeChunks } from '../chunks/chunk.ts';
import { syncDirectory, writeAll } from '../files/durable-files.ts';
import type { SeriesRegistry } from '../head/series-registry.ts';
import type { Window } from '../head/window.ts';
import { ALWAYS } from '../time-range.ts';
import { BLOCK_HEADER, writeFooter } from './block-format.ts';
import { type BlockSeries, writeIndex } from './block-index-writer.ts';

/** Bytes that are collected before they are written. */
const WRITE_SIZE = 1024 * 1024;

/** Ending of a file that is not complete. */
export const PARTIAL = '.partial';

/**
 * Writes the samples of a window as a block; resolves when the disk keeps it. The window may be
 * read meanwhile, but must not change. Rejects when a write fails; nothing is left then.
 */
export async function writeBlock(window: Window, path: string): Promise<void> {
  const partial = path + PARTIAL;
  const file = await open(partial, 'w', 0o600);

  try {
    await writeContent(window, file);
    await file.sync();
    await file.close();
    await rename(partial, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeContent(window: Window, file: FileHandle): Promise<void> {
  const slice = new TimeSlice();
  const { series, samples, end } = await writeSamples(window, file, slice);
  const index = await writeIndex(window.series, series, slice);
  const range = window.range ?? { start: window.start, end: window.start };
  let at = end;

  for (const part of index.parts) {
    await writeAll(file, part, at);
    at += part.length;
  }

  const footer = writeFooter({
    ...range,
    samples,
    seriesCount: series.length,
    origin: window.start,
    indexStart: end,
    lengths: index.lengths,
    checksum: index.checksum,
  });

  await writeAll(file, footer, at);
}

/** Returns all references, those of one metric together: queries read most of a metric's series. */
function* refsByMetric(registry: SeriesRegistry): Generator<number> {
  const metrics = [...registry.values(NAME_LABEL)].sort(compareText);

  for (const metric of metrics) {
    yield* Array.from(registry.withValue(NAME_LABEL, metric));
  }
}

interface WrittenSamples {
  series: readonly BlockSeries[];
  samples: number;
  /** Offset behind the samples. */
  end: number;
}

async function writeSamples(
  window: Window,
  file: FileHandle,
  slice: TimeSlice,
): Promise<WrittenSamples> {
  const columns = new SampleColumns();
  const writer = new ByteWriter(WRITE_SIZE * 2);
  const series: BlockSeries[] = [];
  let samples = 0;
  let written = 0;

  writer.append(BLOCK_HEADER);

  for (const ref of refsByMetric(window.series)) {
    if (slice.isOver) {
      await slice.next();
    }

    columns.clear();
    window.read(ref, columns, ALWAYS);
    if (columns.size === 0) {
      continue;
    }

    const start = writer.size;
    writeChunks(writer, columns, { origin: window.start });

    const bytes = writer.bytes.subarray(start);
    series.push({ ref, offset: written + start, length: bytes.length, checksum: crc32(bytes) });
    samples += columns.size;

    if (writer.size >= WRITE_SIZE) {
      await writeAll(file, writer.bytes, written);
      written += writer.size;
      writer.clear();
    }
  }

  await writeAll(file, writer.bytes, written);

  return { series, samples, end: written + writer.size };
}
