import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/** A quotient of this size or more is not written in ones; the whole number follows instead. */
const ESCAPE = 20;
const FULL_BITS = 53;

/** Writes the lowest `count` bits of an integer of up to 53 bits. */
function writeWide(writer: ByteWriter, value: number, count: number): void {
  if (count > 32) {
    writer.bits(Math.floor(value / 2 ** 32), count - 32);
  }

  writer.bits(value % 2 ** 32, Math.min(count, 32));
}

function readWide(reader: ByteReader, count: number): number {
  const high = count > 32 ? reader.bits(count - 32) : 0;
  return high * 2 ** 32 + reader.bits(Math.min(count, 32));
}

/** Returns the bits that the codes take with a parameter. */
function costOf(codes: Float64Array, parameter: number): number {
  const divisor = 2 ** parameter;
  let bits = 0;

  for (const code of codes) {
    const quotient = Math.floor(code / divisor);
    bits += quotient < ESCAPE ? quotient + 1 + parameter : ESCAPE + FULL_BITS;
  }

  return bits;
}

/** Finds the parameter, 0 to 52, with which the codes take the fewest bits. */
function bestParameter(codes: Float64Array): number {
  const largest = codes.reduce((most, code) => Math.max(most, code), 0);
  let best = Math.min(FULL_BITS - 1, Math.ceil(Math.log2(largest + 1)));
  let bits = costOf(codes, best);

  for (let parameter = best - 1; parameter >= 0; parameter--) {
    const cost = costOf(codes, parameter);

    if (cost < bits) {
      best = parameter;
      bits = cost;
    } else if (cost > bits + codes.length * 2) {
      break;
    }
  }

  return best;
}

/**
 * Writes integers of 0 to 2^53 − 1 with a Golomb-Rice code: a quotient in ones and a remainder
 * whose length suits all of them.
 */
export function writeRice(writer: ByteWriter, codes: Float64Array): void {
  const parameter = bestParameter(codes);
  const divisor = 2 ** parameter;

  writer.byte(parameter);

  for (const code of codes) {
    const quotient = Math.floor(code / divisor);

    if (quotient < ESCAPE) {
      // `quotient` ones and a zero.
      writer.bits(2 ** (quotient + 1) - 2, quotient + 1);
      writeWide(writer, code, parameter);
    } else {
      writer.bits(2 ** ESCAPE - 1, ESCAPE);
      writeWide(writer, code, FULL_BITS);
    }
  }
}

/** Reads integers that `writeRice` wrote and calls back with each. */
export function readRice(reader: ByteReader, count: number, each: (code: number) => void): void {
  const parameter = reader.byte();
  const divisor = 2 ** parameter;

  for (let read = 0; read < count; read++) {
    let quotient = 0;

    while (quotient < ESCAPE && reader.bits(1) === 1) {
      quotient += 1;
    }

    each(
      quotient < ESCAPE
        ? quotient * divisor + readWide(reader, parameter)
        : readWide(reader, FULL_BITS),
    );
  }
}
