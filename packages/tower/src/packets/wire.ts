/** What a peer sent breaks the protocol: its connection ends. The message quotes nothing of it. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** Longest list of names that is read, in bytes. */
const MAX_NAMES = 8192;

/** Reads the data types of SSH (RFC 4251 section 5); throws a ProtocolError for what is cut off. */
export class WireReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  #take(length: number): Buffer {
    const end = this.#offset + length;
    if (end > this.#bytes.length) {
      throw new ProtocolError('a message is cut off');
    }

    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;

    return taken;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  boolean(): boolean {
    return this.byte() !== 0;
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  /** Returns a string of bytes, which shares memory with the message. */
  string(): Buffer {
    return this.#take(this.uint32());
  }

  /** Returns a string as text; throws for more than `maximum` bytes. */
  text(maximum = 1024): string {
    const bytes = this.string();
    if (bytes.length > maximum) {
      throw new ProtocolError('a text in a message is too long');
    }

    return bytes.toString();
  }

  /** Returns a list of names; throws for names that are empty or not of printable ASCII. */
  names(): string[] {
    const list = this.text(MAX_NAMES);
    if (list === '') {
      return [];
    }
    if (!/^[!-~]+$/.test(list)) {
      throw new ProtocolError('a list of names has characters that are not allowed');
    }

    const names = list.split(',');
    if (names.includes('')) {
      throw new ProtocolError('a list of names has an empty name');
    }

    return names;
  }

  bytes(length: number): Buffer {
    return this.#take(length);
  }

  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#offset);
  }

  /** Throws if anything is left. */
  end(): void {
    if (this.#offset !== this.#bytes.length) {
      throw new ProtocolError('a message is longer than its content');
    }
  }
}

/** Writes a number of 32 bits. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);

  return bytes;
}

/** Writes a string with its length. */
export function string(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Writes a list of names. */
export function names(list: readonly string[]): Buffer {
  return string(list.join(','));
}

/** Writes a positive number of any length, given as big-endian bytes (`mpint`). */
export function mpint(value: Buffer): Buffer {
  const first = value.findIndex((byte) => byte !== 0);
  if (first < 0) {
    return uint32(0);
  }

  const significant = value.subarray(first);
  const isHigh = (significant[0] ?? 0) >= 0x80;

  return string(isHigh ? Buffer.concat([Buffer.from([0]), significant]) : significant);
}

/** Reads a positive `mpint` into a number of `length` bytes; throws for one that does not fit. */
export function readMpint(reader: WireReader, length: number): Buffer {
  const bytes = reader.string();
  const isNegative = (bytes[0] ?? 0) >= 0x80;
  const value = bytes[0] === 0 ? bytes.subarray(1) : bytes;
  if (isNegative || value.length > length) {
    throw new ProtocolError('a number in a message is out of range');
  }

  return Buffer.concat([Buffer.alloc(length - value.length), value]);
}
