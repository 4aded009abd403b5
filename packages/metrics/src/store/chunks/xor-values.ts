import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { trailingZerosOfWord } from './decimal-values.ts';

/**
 * Two words of a double. Each value is written as its difference (XOR) from the one before, without
 * the zeros around it (Pelkonen et al., "Gorilla", section 4.1.2).
 */
class Words {
  readonly #double = new Float64Array(1);
  readonly #words = new DataView(this.#double.buffer);

  get high(): number {
    return this.#words.getUint32(0);
  }

  get low(): number {
    return this.#words.getUint32(4);
  }

  get value(): number {
    return this.#words.getFloat64(0);
  }

  set value(value: number) {
    this.#words.setFloat64(0, value);
  }

  set(high: number, low: number): void {
    this.#words.setUint32(0, high);
    this.#words.setUint32(4, low);
  }
}

const MAX_LEADING = 31;

/** Writes values of any kind. */
export function writeXor(writer: ByteWriter, values: Float64Array): void {
  const words = new Words();
  let [high, low] = [0, 0];
  let [leading, trailing] = [64, 0];

  for (const value of values) {
    words.value = value;

    const [xorHigh, xorLow] = [(words.high ^ high) >>> 0, (words.low ^ low) >>> 0];

    high = words.high;
    low = words.low;

    if (xorHigh === 0 && xorLow === 0) {
      writer.bits(0, 1);
      continue;
    }

    const zerosBefore = xorHigh === 0 ? 32 + Math.clz32(xorLow) : Math.clz32(xorHigh);
    const zerosBehind =
      xorLow === 0 ? 32 + trailingZerosOfWord(xorHigh) : trailingZerosOfWord(xorLow);

    if (leading + trailing < 64 && zerosBefore >= leading && zerosBehind >= trailing) {
      writer.bits(0b10, 2);
    } else {
      leading = Math.min(zerosBefore, MAX_LEADING);
      trailing = zerosBehind;
      writer.bits(0b11, 2);
      writer.bits(leading, 5);
      writer.bits(64 - leading - trailing - 1, 6);
    }

    writeShifted(writer, { high: xorHigh, low: xorLow }, { leading, trailing });
  }
}

/** Writes the bits of two words between `leading` and `trailing` others. */
function writeShifted(
  writer: ByteWriter,
  { high, low }: { high: number; low: number },
  { leading, trailing }: { leading: number; trailing: number },
): void {
  const count = 64 - leading - trailing;

  if (trailing >= 32) {
    writer.bits(high >>> (trailing - 32), count);
    return;
  }

  const shifted = trailing === 0 ? low : (low >>> trailing) | (high << (32 - trailing));

  if (count > 32) {
    writer.bits(high >>> trailing, count - 32);
  }

  writer.bits(shifted, Math.min(count, 32));
}

/** Reads values that `writeXor` wrote and calls back with each. */
export function readXor(reader: ByteReader, count: number, each: (value: number) => void): void {
  const words = new Words();
  let [leading, trailing] = [0, 0];

  for (let read = 0; read < count; read++) {
    if (reader.bits(1) === 1) {
      if (reader.bits(1) === 1) {
        leading = reader.bits(5);
        trailing = 64 - leading - (reader.bits(6) + 1);
      }

      readShifted(reader, words, { leading, trailing });
    }

    each(words.value);
  }
}

function readShifted(
  reader: ByteReader,
  words: Words,
  { leading, trailing }: { leading: number; trailing: number },
): void {
  const count = 64 - leading - trailing;
  const upper = count > 32 ? reader.bits(count - 32) : 0;
  const lower = reader.bits(Math.min(count, 32));

  if (trailing >= 32) {
    words.set(words.high ^ (lower << (trailing - 32)), words.low);
    return;
  }

  const high = trailing === 0 ? upper : (upper << trailing) | (lower >>> (32 - trailing));

  words.set(words.high ^ high, words.low ^ (lower << trailing));
}
