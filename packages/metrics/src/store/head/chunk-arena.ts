import type { SampleColumns } from '../../samples/sample-columns.ts';
import { ByteReader } from '../chunks/byte-reader.ts';
import { readChunk } from '../chunks/chunk.ts';

const PAGE_BITS = 20;
const PAGE_BYTES = 2 ** PAGE_BITS;

/** A record: position of the series' record before it, times of its first and last sample, length. */
const HEADER = { previous: 0, first: 8, last: 12, length: 16, size: 20 } as const;
const NONE = -1;

/** The times that chunks are relative to, and those that are asked for, in milliseconds. */
export interface ChunkRange {
  readonly origin: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Compressed samples of all series of the head. They lie behind each other in pages of memory
 * outside of the JavaScript heap; each series' records are linked from the newest to the oldest.
 */
export class ChunkArena {
  readonly #pages: Buffer[] = [];
  #used = PAGE_BYTES;
  /** Position of each series' newest record. */
  #newest: Float64Array = new Float64Array(1024).fill(NONE);

  /** Bytes of memory. */
  get bytes(): number {
    return this.#pages.length * PAGE_BYTES + this.#newest.byteLength;
  }

  /** Whether there are chunks of a series. */
  has(ref: number): boolean {
    return this.#newestOf(ref) !== NONE;
  }

  /** Adds chunks of a series; times are relative to the origin. */
  add(ref: number, { first, last }: { first: number; last: number }, chunks: Buffer): void {
    const size = HEADER.size + chunks.length;

    if (this.#used + size > PAGE_BYTES) {
      this.#pages.push(Buffer.allocUnsafeSlow(PAGE_BYTES));
      this.#used = 0;
    }

    const page = this.#pages.at(-1);
    if (!page) {
      return;
    }

    page.writeDoubleLE(this.#newestOf(ref), this.#used + HEADER.previous);
    page.writeUInt32LE(first, this.#used + HEADER.first);
    page.writeUInt32LE(last, this.#used + HEADER.last);
    page.writeUInt32LE(chunks.length, this.#used + HEADER.length);
    chunks.copy(page, this.#used + HEADER.size);

    this.#newest[ref] = (this.#pages.length - 1) * PAGE_BYTES + this.#used;
    this.#used += size;
  }

  /** Reads the samples of a series in a range of time. */
  read(ref: number, into: SampleColumns, { origin, start, end }: ChunkRange): void {
    const found: ByteReader[] = [];

    for (let position = this.#newestOf(ref); position !== NONE; ) {
      const page = this.#pages[Math.floor(position / PAGE_BYTES)];
      if (!page) {
        break;
      }

      const at = position % PAGE_BYTES;
      const first = origin + page.readUInt32LE(at + HEADER.first);
      const last = origin + page.readUInt32LE(at + HEADER.last);

      if (last < start) {
        break;
      }
      if (first <= end) {
        const body = at + HEADER.size;
        found.push(new ByteReader(page, body, body + page.readUInt32LE(at + HEADER.length)));
      }

      position = page.readDoubleLE(at + HEADER.previous);
    }

    for (const reader of found.reverse()) {
      while (!reader.isAtEnd) {
        readChunk(reader, into, { origin, start, end });
      }
    }
  }

  #newestOf(ref: number): number {
    if (ref >= this.#newest.length) {
      const grown = new Float64Array(Math.max(ref + 1, this.#newest.length * 2)).fill(NONE);

      grown.set(this.#newest);
      this.#newest = grown;
    }

    return this.#newest[ref] ?? NONE;
  }
}
