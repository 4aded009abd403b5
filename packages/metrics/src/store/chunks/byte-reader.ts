/** Bytes that do not hold what they should. */
export class CorruptionError extends Error {
  override name = 'CorruptionError';
}

/** Reads what a ByteWriter wrote; throws a CorruptionError behind the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;
  readonly #end: number;
  /** Bits of the last byte that were not read yet. */
  #left = 0;

  /** Reads the bytes from `start` to `end`. */
  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = Math.min(end, bytes.length);
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    this.#left = 0;
    return this.#next();
  }

  varint(): number {
    this.#left = 0;

    let value = 0;
    let factor = 1;

    for (let count = 0; count < 8; count++) {
      const byte = this.#next();

      value += (byte & 0x7f) * factor;
      factor *= 0x80;

      if (byte < 0x80) {
        return value;
      }
    }

    throw new CorruptionError('a number is too long');
  }

  /** Reads up to 32 bits as a number from 0 to 2^32 − 1. */
  bits(count: number): number {
    let value = 0;
    let rest = count;

    while (rest > 0) {
      if (this.#left === 0) {
        this.#next();
        this.#left = 8;
      }

      const taken = Math.min(rest, this.#left);
      const byte = this.#bytes[this.#at - 1] ?? 0;

      this.#left -= taken;
      rest -= taken;
      value = (value << taken) | ((byte >>> this.#left) & ((1 << taken) - 1));
    }

    return value >>> 0;
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#skip(4));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#skip(8));
  }

  text(): string {
    const length = this.varint();
    const start = this.#skip(length);

    return this.#bytes.toString('utf8', start, start + length);
  }

  /** Returns the next bytes, a view of the same memory. */
  slice(length: number): Buffer {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  #next(): number {
    if (this.#at >= this.#end) {
      throw new CorruptionError('the data ends too early');
    }

    this.#at += 1;

    return this.#bytes[this.#at - 1] ?? 0;
  }

  /** Passes over some bytes; returns the offset of the first. */
  #skip(length: number): number {
    const start = this.#at;
    if (start + length > this.#end) {
      throw new CorruptionError('the data ends too early');
    }

    this.#left = 0;
    this.#at += length;

    return start;
  }
}
