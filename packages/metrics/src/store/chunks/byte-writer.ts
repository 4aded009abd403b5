const FIRST_CAPACITY = 4096;

/** Writes bytes, variable-length integers and bits behind each other; grows as needed. */
export class ByteWriter {
  #bytes: Buffer;
  #size = 0;
  /** Bits of the last byte that are still free. */
  #free = 0;

  constructor(capacity = FIRST_CAPACITY) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** How many bytes were written. */
  get size(): number {
    return this.#size;
  }

  /** What was written; valid until the next change. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  clear(): void {
    this.#size = 0;
    this.#free = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#free = 0;
    this.#bytes[this.#size] = value;
    this.#size += 1;
  }

  /** Writes an integer from 0 to 2^53 − 1 in seven bits a byte. */
  varint(value: number): void {
    this.#reserve(8);
    this.#free = 0;

    let rest = value;

    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
      this.#bytes[this.#size] = (rest % 0x80) | 0x80;
      this.#size += 1;
    }

    this.#bytes[this.#size] = rest;
    this.#size += 1;
  }

  /** Writes the lowest `count` bits of a 32-bit integer, 0 to 32, the highest first. */
  bits(value: number, count: number): void {
    this.#reserve(5);

    let rest = count;

    while (rest > 0) {
      if (this.#free === 0) {
        this.#bytes[this.#size] = 0;
        this.#size += 1;
        this.#free = 8;
      }

      const taken = Math.min(rest, this.#free);
      const part = (value >>> (rest - taken)) & ((1 << taken) - 1);

      this.#free -= taken;
      rest -= taken;
      this.#bytes[this.#size - 1] = (this.#bytes[this.#size - 1] ?? 0) | (part << this.#free);
    }
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#free = 0;
    this.#bytes.writeUInt32LE(value >>> 0, this.#size);
    this.#size += 4;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#free = 0;
    this.#bytes.writeDoubleLE(value, this.#size);
    this.#size += 8;
  }

  /** Writes a text as UTF-8, with its length before it. */
  text(value: string): void {
    const length = Buffer.byteLength(value);

    this.varint(length);
    this.#reserve(length);
    this.#bytes.write(value, this.#size);
    this.#size += length;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#free = 0;
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #reserve(count: number): void {
    const needed = this.#size + count;
    if (needed <= this.#bytes.length) {
      return;
    }

    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));

    this.#bytes.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }
}

/** Maps an integer of at most 2^52 in size to a number of 0 to 2^53: 0, −1, 1, −2, 2 … */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** Maps a number back to the integer that `zigzag` was given. */
export function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}
