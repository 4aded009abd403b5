import type { SampleColumns } from '../../samples/sample-columns.ts';
import { type ByteReader, CorruptionError } from './byte-reader.ts';
import { type ByteWriter, unzigzag, zigzag } from './byte-writer.ts';
import { commonExponent, commonShift, deltasOf, powerOfTen } from './decimal-values.ts';
import { readRice, writeRice } from './rice.ts';
import { readXor, writeXor } from './xor-values.ts';

/** Most samples of a chunk. */
export const MAX_CHUNK_SAMPLES = 120;

/** How the values of a chunk are written. */
const VALUES = { same: 0, deltas: 1, xor: 2 } as const;
const VALUES_MASK = 0b11;
/** All samples have the same distance in time. */
const IS_REGULAR = 0b100;
/** The last sample marks the end of the series. */
const HAS_END = 0b1000;

const MAX_SHIFT = 52;

/**
 * Writes samples `from` up to, not including, `to` as chunks: each holds up to MAX_CHUNK_SAMPLES
 * and ends at the latest with the end of a series. Times are relative to `origin`, which no sample
 * precedes; all times are whole milliseconds.
 */
export function writeChunks(
  writer: ByteWriter,
  samples: SampleColumns,
  { from = 0, to = samples.size, origin = 0 } = {},
): void {
  let start = from;

  while (start < to) {
    const limit = Math.min(to, start + MAX_CHUNK_SAMPLES);
    let end = start + 1;

    while (end < limit && !samples.isEnd(end - 1)) {
      end += 1;
    }

    writeChunk(writer, samples, { from: start, to: end, origin });
    start = end;
  }
}

interface Part {
  from: number;
  to: number;
  origin: number;
}

function writeChunk(writer: ByteWriter, samples: SampleColumns, { from, to, origin }: Part): void {
  const times = samples.times.subarray(from, to);
  const hasEnd = samples.isEnd(to - 1);
  const values = samples.values.subarray(from, hasEnd ? to - 1 : to);
  const step = times.length > 1 ? (times[1] ?? 0) - (times[0] ?? 0) : 0;
  const isRegular = times.every((time, at) => time === (times[0] ?? 0) + at * step);
  const isSame = values.every((value) => Object.is(value, values[0]));
  const exponent = commonExponent(isSame ? values.subarray(0, 1) : values);
  const integers =
    exponent === undefined
      ? undefined
      : values.map((value) => Math.round(value * powerOfTen(exponent)));
  const deltas = integers && deltasOf(integers);
  const kind = deltas ? VALUES.deltas : VALUES.xor;

  writer.byte(
    (isSame && deltas ? VALUES.same : kind) | (isRegular ? IS_REGULAR : 0) | (hasEnd ? HAS_END : 0),
  );
  writer.varint(times.length);
  writer.varint((times[0] ?? 0) - origin);

  if (isRegular) {
    writer.varint(step);
  } else {
    writeRice(writer, differencesOfDistances(times));
  }

  if (!deltas) {
    writeXor(writer, values);
  } else {
    writer.byte(exponent ?? 0);
    writeInteger(writer, deltas.first);

    if (!isSame) {
      writeDeltas(writer, deltas.deltas);
    }
  }
}

/** Writes an integer of at most 2^53 − 1 in size. */
function writeInteger(writer: ByteWriter, value: number): void {
  writer.byte(value < 0 ? 1 : 0);
  writer.varint(Math.abs(value));
}

function readInteger(reader: ByteReader): number {
  const isNegative = reader.byte() === 1;
  const size = reader.varint();

  return isNegative ? -size : size;
}

/** Returns codes of how much each distance in time differs from the one before. */
function differencesOfDistances(times: Float64Array): Float64Array {
  let last = 0;

  return times.subarray(1).map((time, at) => {
    const distance = time - (times[at] ?? 0);
    const code = zigzag(distance - last);

    last = distance;

    return code;
  });
}

/**
 * Writes deltas, divided by the power of two that all have in common. A counter's deltas are
 * written as the differences from their middle.
 */
function writeDeltas(writer: ByteWriter, deltas: Float64Array): void {
  const shift = commonShift(deltas);
  const shifted = deltas.map((delta) => delta / 2 ** shift);
  const isUp = shifted.every((delta) => delta >= 0);
  const middle = isUp ? ([...shifted].sort((a, b) => a - b)[shifted.length >> 1] ?? 0) : 0;

  writer.byte(shift);
  writer.varint(middle);
  writeRice(
    writer,
    shifted.map((delta) => zigzag(delta - middle)),
  );
}

/**
 * Reads one chunk and adds its samples from `start` to `end`, in milliseconds, both included.
 * Throws a CorruptionError.
 */
export function readChunk(
  reader: ByteReader,
  into: SampleColumns,
  { origin, start, end }: { origin: number; start: number; end: number },
): void {
  const flags = reader.byte();
  const count = reader.varint();
  if (count < 1 || count > MAX_CHUNK_SAMPLES) {
    throw new CorruptionError('a chunk has a wrong number of samples');
  }

  const times = readTimes(reader, { count, origin, isRegular: (flags & IS_REGULAR) !== 0 });
  const hasEnd = (flags & HAS_END) !== 0;
  let at = 0;

  const add = (value: number) => {
    const time = times[at] ?? Number.NaN;
    at += 1;

    if (time >= start && time <= end) {
      into.push(time, value);
    }
  };

  readValues(reader, flags & VALUES_MASK, { count: hasEnd ? count - 1 : count, add });

  const last = times[count - 1] ?? Number.NaN;
  if (hasEnd && last >= start && last <= end) {
    into.pushEnd(last);
  }
}

function readTimes(
  reader: ByteReader,
  { count, origin, isRegular }: { count: number; origin: number; isRegular: boolean },
): Float64Array {
  const times = new Float64Array(count);
  const first = origin + reader.varint();

  times[0] = first;

  if (isRegular) {
    const step = reader.varint();

    for (let at = 1; at < count; at++) {
      times[at] = first + at * step;
    }

    return times;
  }

  let [time, distance, at] = [first, 0, 1];

  readRice(reader, count - 1, (code) => {
    distance += unzigzag(code);
    time += distance;
    times[at] = time;
    at += 1;
  });

  return times;
}

function readValues(
  reader: ByteReader,
  kind: number,
  { count, add }: { count: number; add: (value: number) => void },
): void {
  if (kind === VALUES.xor) {
    readXor(reader, count, add);
    return;
  }

  const power = powerOfTen(reader.byte());
  const first = readInteger(reader);

  if (kind === VALUES.same) {
    for (let read = 0; read < count; read++) {
      add(first / power);
    }

    return;
  }

  const factor = 2 ** Math.min(reader.byte(), MAX_SHIFT);
  const middle = reader.varint();
  let value = first;

  add(value / power);

  readRice(reader, count - 1, (code) => {
    value += (unzigzag(code) + middle) * factor;
    add(value / power);
  });
}
