import { crc32 } from 'node:zlib';
import { CorruptionError } from '../chunks/byte-reader.ts';

/**
 * A block is one file: a header, the samples of all series, an index, a footer. Numbers of 32 bits
 * are little-endian. The sections of the index:
 *
 * - `symbols`: all names and values of labels, sorted; `symbolOffsets` says where each begins, and
 *   where the last ends;
 * - `series`: for each series, as variable-length integers, how many labels it has, their names and
 *   values as numbers of symbols, the offset and length of its samples, and in 32 bits their
 *   CRC-32; `seriesOffsets` says where each begins;
 * - `values`: how many labels' names there are; for each the symbol, the place of its first value
 *   and how many it has; then for each value the symbol and the offset of its postings;
 * - `postings`: for each value how many series have it, and their numbers as differences.
 */
export const BLOCK_HEADER = Buffer.from('KSMBLK1\n');
const MAGIC = BLOCK_HEADER.readUInt32LE(0);

/** Bytes of the footer. */
export const FOOTER_SIZE = 88;

/** Sections of the index, in their order in the file. */
export const SECTIONS = [
  'symbolOffsets',
  'symbols',
  'seriesOffsets',
  'series',
  'values',
  'postings',
] as const;

/** One of the sections. */
export type Section = (typeof SECTIONS)[number];

/** What the footer of a block says. */
export interface BlockFooter {
  /** Times of the first and the last sample in milliseconds. */
  readonly start: number;
  readonly end: number;
  readonly samples: number;
  readonly seriesCount: number;
  /** The time in milliseconds that chunks are relative to. */
  readonly origin: number;
  /** Offset of the index. */
  readonly indexStart: number;
  /** Length of each section in bytes. */
  readonly lengths: Readonly<Record<Section, number>>;
  /** CRC-32 of the index. */
  readonly checksum: number;
}

/** Returns the bytes of a footer. */
export function writeFooter(footer: BlockFooter): Buffer {
  const bytes = Buffer.alloc(FOOTER_SIZE);
  const doubles = [footer.start, footer.end, footer.samples, footer.origin, footer.indexStart];

  doubles.forEach((value, index) => {
    bytes.writeDoubleLE(value, index * 8);
  });

  SECTIONS.forEach((section, index) => {
    bytes.writeUInt32LE(footer.lengths[section], 40 + index * 4);
  });

  bytes.writeUInt32LE(footer.seriesCount, 64);
  bytes.writeUInt32LE(footer.checksum, 68);
  bytes.writeUInt32LE(MAGIC, 80);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, FOOTER_SIZE - 4)), FOOTER_SIZE - 4);

  return bytes;
}

/** Reads a footer; throws a CorruptionError. */
export function readFooter(bytes: Buffer): BlockFooter {
  const isWhole =
    bytes.length === FOOTER_SIZE &&
    bytes.readUInt32LE(80) === MAGIC &&
    bytes.readUInt32LE(FOOTER_SIZE - 4) === crc32(bytes.subarray(0, FOOTER_SIZE - 4));

  if (!isWhole) {
    throw new CorruptionError('its end is missing or damaged');
  }

  const lengthOf = (section: Section) => bytes.readUInt32LE(40 + SECTIONS.indexOf(section) * 4);

  return {
    start: bytes.readDoubleLE(0),
    end: bytes.readDoubleLE(8),
    samples: bytes.readDoubleLE(16),
    origin: bytes.readDoubleLE(24),
    indexStart: bytes.readDoubleLE(32),
    lengths: {
      symbolOffsets: lengthOf('symbolOffsets'),
      symbols: lengthOf('symbols'),
      seriesOffsets: lengthOf('seriesOffsets'),
      series: lengthOf('series'),
      values: lengthOf('values'),
      postings: lengthOf('postings'),
    },
    seriesCount: bytes.readUInt32LE(64),
    checksum: bytes.readUInt32LE(68),
  };
}

/** Returns how many bytes the index has. */
export function indexLength({ lengths }: BlockFooter): number {
  return SECTIONS.reduce((sum, section) => sum + lengths[section], 0);
}
