import { closeSync, fstatSync, openSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { SampleColumns } from '../../samples/sample-columns.ts';
import { ByteReader, CorruptionError } from '../chunks/byte-reader.ts';
import { readChunk } from '../chunks/chunk.ts';
import { readAll } from '../files/durable-files.ts';
import type { TimeRange } from '../time-range.ts';
import { type BlockFooter, FOOTER_SIZE, indexLength, readFooter } from './block-format.ts';
import { BlockIndex, type SamplesPlace } from './block-index.ts';
import type { SizedCache } from './sized-cache.ts';

/** Samples that are at most so many bytes apart are read at once. */
const MAX_GAP = 16 * 1024;

/** Most bytes that are read at once, unless one series has more. */
const MAX_READ = 4 * 1024 * 1024;

/** Called with the number of a series and its samples, which are valid during the call. */
export type EachSeries = (id: number, samples: SampleColumns) => void;

/** The indexes of blocks that are kept in memory. */
export type IndexCache = SizedCache<Block, BlockIndex>;

/** A block that can be read. */
export class Block {
  readonly path: string;
  readonly id: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
  readonly footer: BlockFooter;
  readonly #fd: number;
  readonly #indexes: IndexCache;
  /** The set of blocks, and readers. */
  #users = 1;

  private constructor(
    { path, id, indexes }: { path: string; id: number; indexes: IndexCache },
    { fd, bytes, footer }: { fd: number; bytes: number; footer: BlockFooter },
  ) {
    this.path = path;
    this.id = id;
    this.#indexes = indexes;
    this.#fd = fd;
    this.bytes = bytes;
    this.footer = footer;
  }

  /** Opens a block; throws a CorruptionError when it is not whole. */
  static open(options: { path: string; id: number; indexes: IndexCache }): Block {
    const fd = openSync(options.path, 'r');

    try {
      const { size } = fstatSync(fd);
      const end = Buffer.alloc(FOOTER_SIZE);
      const isRead = size >= FOOTER_SIZE && readAll(fd, end, size - FOOTER_SIZE);
      const footer = readFooter(isRead ? end : Buffer.alloc(0));

      if (footer.indexStart + indexLength(footer) + FOOTER_SIZE !== size) {
        throw new CorruptionError('it has a wrong size');
      }

      return new Block(options, { fd, bytes: size, footer });
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Times of the first and the last sample. */
  get range(): TimeRange {
    return this.footer;
  }

  /** The index, read from the file where it is not in memory; throws a CorruptionError. */
  get index(): BlockIndex {
    return this.#indexes.get(this, () => this.#readIndex());
  }

  /**
   * Reads the samples of series, whose numbers ascend, in a range of time. Returns how many series
   * were left out because their samples are damaged.
   */
  read(ids: readonly number[], range: TimeRange, each: EachSeries): number {
    const { index } = this;
    const places = ids.map((id) => ({ id, ...index.place(id) }));
    const columns = new SampleColumns();
    let damaged = 0;

    for (const group of groupPlaces(places)) {
      const [first] = group;
      const last = group.at(-1);
      if (!first || !last) {
        continue;
      }

      const bytes = Buffer.allocUnsafe(last.offset + last.length - first.offset);
      const isRead = readAll(this.#fd, bytes, first.offset);

      for (const { id, offset, length, checksum } of group) {
        const start = offset - first.offset;
        columns.clear();

        if (isRead && crc32(bytes.subarray(start, start + length)) === checksum) {
          this.#decode(new ByteReader(bytes, start, start + length), columns, range);
          each(id, columns);
        } else {
          damaged += 1;
        }
      }
    }

    return damaged;
  }

  /** Has the file stay open until `release` is called once more. */
  retain(): void {
    this.#users += 1;
  }

  /** Closes the file when nobody else uses the block. */
  release(): void {
    this.#users -= 1;

    if (this.#users === 0) {
      this.#indexes.delete(this);
      closeSync(this.#fd);
    }
  }

  #decode(reader: ByteReader, into: SampleColumns, { start, end }: TimeRange): void {
    const range = { origin: this.footer.origin, start, end };

    while (!reader.isAtEnd) {
      readChunk(reader, into, range);
    }
  }

  #readIndex(): BlockIndex {
    const bytes = Buffer.allocUnsafeSlow(indexLength(this.footer));

    if (
      !readAll(this.#fd, bytes, this.footer.indexStart) ||
      crc32(bytes) !== this.footer.checksum
    ) {
      throw new CorruptionError('its index is damaged');
    }

    return new BlockIndex(bytes, this.footer);
  }
}

type Place = SamplesPlace & { id: number };

/** Groups ascending places that are read at once. */
function groupPlaces(places: readonly Place[]): Place[][] {
  const groups: Place[][] = [];
  let group: Place[] = [];
  let end = Number.NEGATIVE_INFINITY;
  let start = 0;

  for (const place of places) {
    if (place.offset - end > MAX_GAP || place.offset + place.length - start > MAX_READ) {
      group = [];
      start = place.offset;
      groups.push(group);
    }

    group.push(place);
    end = place.offset + place.length;
  }

  return groups;
}
