import type { Labels } from '../../labels/labels.ts';
import { SampleBatch } from '../../samples/sample-batch.ts';
import { ByteReader, CorruptionError } from '../chunks/byte-reader.ts';
import { type ByteWriter, unzigzag, zigzag } from '../chunks/byte-writer.ts';

/** What a part of a record holds. */
const PART = { series: 1, samples: 2 } as const;

/** Bounds against nonsense in a record whose checksum is right. */
const MAX_LABEL_PARTS = 1024;

/** Takes what a record holds. */
export interface RoundHandler {
  /** A series and the number under which samples of the same file name it. */
  series: (number: number, labels: Labels) => void;
  /** Samples of one time; the batch is reused. */
  samples: (time: number, batch: SampleBatch) => void;
}

/** Writes series with numbers from `first` on. */
export function writeSeries(writer: ByteWriter, first: number, series: readonly Labels[]): void {
  writer.byte(PART.series);
  writer.varint(first);
  writer.varint(series.length);

  for (const labels of series) {
    writer.varint(labels.length);

    for (const part of labels) {
      writer.text(part);
    }
  }
}

/** Writes samples of one time in milliseconds. */
export function writeSamples(writer: ByteWriter, time: number, batch: SampleBatch): void {
  const refs = Array.from({ length: batch.size }, (_, index) => batch.ref(index));

  writer.byte(PART.samples);
  writer.varint(time);
  writeRefs(writer, refs);

  for (let index = 0; index < batch.size; index++) {
    writer.double(batch.value(index));
  }

  writeRefs(writer, batch.ended);
}

function writeRefs(writer: ByteWriter, refs: readonly number[]): void {
  let last = 0;

  writer.varint(refs.length);

  for (const ref of refs) {
    writer.varint(zigzag(ref - last));
    last = ref;
  }
}

function readRefs(reader: ByteReader): number[] {
  const count = reader.varint();
  const refs: number[] = [];
  let ref = 0;

  for (let read = 0; read < count; read++) {
    ref += unzigzag(reader.varint());
    refs.push(ref);
  }

  return refs;
}

/** Reads the content of a record; throws a CorruptionError. */
export function readRound(content: Buffer, handler: RoundHandler): void {
  const reader = new ByteReader(content);
  const batch = new SampleBatch();

  while (!reader.isAtEnd) {
    switch (reader.byte()) {
      case PART.series:
        readSeries(reader, handler);
        break;
      case PART.samples:
        readSamples(reader, batch, handler);
        break;
      default:
        throw new CorruptionError('a part of a record is of no known kind');
    }
  }
}

function readSeries(reader: ByteReader, { series }: RoundHandler): void {
  const first = reader.varint();
  const count = reader.varint();

  for (let read = 0; read < count; read++) {
    const length = reader.varint();
    if (length > MAX_LABEL_PARTS) {
      throw new CorruptionError('a series has too many labels');
    }

    series(
      first + read,
      Array.from({ length }, () => reader.text()),
    );
  }
}

function readSamples(reader: ByteReader, batch: SampleBatch, { samples }: RoundHandler): void {
  const time = reader.varint();

  batch.clear();

  for (const ref of readRefs(reader)) {
    batch.add(ref, 0);
  }

  batch.fill(() => reader.double());

  for (const ref of readRefs(reader)) {
    batch.end(ref);
  }

  samples(time, batch);
}
