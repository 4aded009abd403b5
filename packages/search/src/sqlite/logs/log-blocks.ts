import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  asBytes,
  asInteger,
  bytesIn,
  type Connection,
  DamagedFileError,
  numberIn,
  prepareRaw,
  type Statement,
} from '../files/database.ts';

/** Lines of a block: more compress better, fewer are read faster. */
const BLOCK_LINES = 128;

/** Blocks of fewer bytes are not compressed. */
const MIN_COMPRESSED = 200;

/** Speed before size. */
const LEVEL = 4;

/** Largest block that is unpacked, in bytes. */
const MAX_BLOCK_BYTES = 256 * 1024 * 1024;

/** Blocks that readers keep unpacked. */
const MAX_UNPACKED = 64;

/** What is stored of a line's document besides its time and source. */
export interface LineText {
  readonly log: string;
  /** JSON of other fields; undefined without any. */
  readonly extra: string | undefined;
}

/** Reads a row of the table of blocks. Throws a DamagedFileError. */
function unpack(row: unknown): LineText[] {
  const isPacked = numberIn(row) === 1;
  const data = bytesIn(row, 1);

  try {
    const json = isPacked ? inflateRawSync(data, { maxOutputLength: MAX_BLOCK_BYTES }) : data;
    const entries: (string | [string, string])[] = JSON.parse(json.toString());

    return entries.map((entry) =>
      typeof entry === 'string'
        ? { log: entry, extra: undefined }
        : { log: entry[0], extra: entry[1] },
    );
  } catch (error) {
    throw new DamagedFileError(`a block of lines cannot be read: ${messageOf(error)}`);
  }
}

/** Packs the texts of lines that are stored together, and says where each is. */
export class BlockWriter {
  readonly #insert: Statement;

  constructor(connection: Connection) {
    this.#insert = prepareRaw(
      connection,
      'INSERT INTO block (is_packed, data) VALUES (?, ?) RETURNING id',
    );
  }

  /** Returns the places of texts: the number of the block, and that in the block. */
  write(texts: readonly LineText[]): number[] {
    const places: number[] = [];

    for (let from = 0; from < texts.length; from += BLOCK_LINES) {
      const part = texts.slice(from, from + BLOCK_LINES);
      const block = this.#insertBlock(part);

      places.push(...part.map((_, index) => block * BLOCK_LINES + index));
    }

    return places;
  }

  #insertBlock(texts: readonly LineText[]): number {
    const entries = texts.map(({ log, extra }) => (extra === undefined ? log : [log, extra]));
    const json = Buffer.from(JSON.stringify(entries));

    return json.byteLength < MIN_COMPRESSED
      ? numberIn(this.#insert.get(0, json))
      : numberIn(this.#insert.get(1, deflateRawSync(json, { level: LEVEL })));
  }
}

/** Reads the texts of lines. */
export class BlockReader {
  readonly #data: Statement;
  readonly #unpacked = new Map<number, LineText[]>();

  constructor(connection: Connection) {
    this.#data = prepareRaw(
      connection,
      `SELECT ${asInteger('is_packed')}, ${asBytes('data')} FROM block WHERE id = ?`,
    );
  }

  /** Returns the text at a place. Throws a DamagedFileError. */
  read(place: number): LineText {
    const block = Math.floor(place / BLOCK_LINES);
    const texts = this.#unpacked.get(block) ?? this.#unpack(block);

    return texts[place % BLOCK_LINES] ?? { log: '', extra: undefined };
  }

  #unpack(block: number): LineText[] {
    const texts = unpack(this.#data.get(block));

    const [oldest = 0] = this.#unpacked.keys();
    if (this.#unpacked.size >= MAX_UNPACKED) {
      this.#unpacked.delete(oldest);
    }
    this.#unpacked.set(block, texts);

    return texts;
  }
}
