import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import type { Labels } from '../../labels/labels.ts';
import { ByteReader } from '../chunks/byte-reader.ts';
import type { SeriesIds, SeriesIndex } from '../index/select-series.ts';
import { type BlockFooter, SECTIONS, type Section } from './block-format.ts';

/** Where the samples of a series are in the file. */
export interface SamplesPlace {
  readonly offset: number;
  readonly length: number;
  readonly checksum: number;
}

/** Sizes of the records of the section `values`. */
const NAME_SIZE = 12;
const VALUE_SIZE = 8;

const NO_SERIES: SeriesIds = [];

/** Finds the index whose key is 0 in an ascending order of `count` keys; -1 if there is none. */
function binarySearch(count: number, compare: (index: number) => number): number {
  let low = 0;
  let high = count - 1;

  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(middle);

    if (order === 0) {
      return middle;
    }
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }

  return -1;
}

/** The index of a block, read from its bytes where it is asked for something. */
export class BlockIndex implements SeriesIndex {
  readonly size: number;
  readonly #sections: ReadonlyMap<Section, Buffer>;
  /** Texts of symbols that were read. */
  readonly #texts: (string | undefined)[];
  readonly #bytes: number;

  constructor(bytes: Buffer, { lengths, seriesCount }: BlockFooter) {
    const sections = new Map<Section, Buffer>();
    let at = 0;

    for (const section of SECTIONS) {
      sections.set(section, bytes.subarray(at, at + lengths[section]));
      at += lengths[section];
    }

    this.#sections = sections;
    this.size = seriesCount;
    this.#texts = new Array(lengths.symbolOffsets / 4);
    // Texts that are read lie in memory a second time, and each takes a place in an array.
    this.#bytes = bytes.length + lengths.symbols * 2 + lengths.symbolOffsets * 4;
  }

  /** Bytes of memory that the index takes at most. */
  get bytes(): number {
    return this.#bytes;
  }

  *names(): Iterable<string> {
    for (let index = 0; index < this.#nameCount; index++) {
      yield this.#symbol(this.#name(index).symbol);
    }
  }

  *values(name: string): Iterable<string> {
    const { first, count } = this.#findName(name);

    for (let index = 0; index < count; index++) {
      yield this.#symbol(this.#value(first + index).symbol);
    }
  }

  withValue(name: string, value: string): SeriesIds {
    const { first, count } = this.#findName(name);
    const found = binarySearch(count, (index) =>
      compareText(this.#symbol(this.#value(first + index).symbol), value),
    );

    return found < 0 ? NO_SERIES : this.#postings(this.#value(first + found).offset);
  }

  labels(id: number): Labels {
    const reader = this.#seriesAt(id);
    const count = reader.varint();
    const labels: string[] = [];

    for (let at = 0; at < count * 2; at++) {
      labels.push(this.#symbol(reader.varint()));
    }

    return labels;
  }

  /** Returns where the samples of a series are. */
  place(id: number): SamplesPlace {
    const reader = this.#seriesAt(id);
    const count = reader.varint();

    for (let at = 0; at < count * 2; at++) {
      reader.varint();
    }

    return { offset: reader.varint(), length: reader.varint(), checksum: reader.uint32() };
  }

  #section(section: Section): Buffer {
    return this.#sections.get(section) ?? Buffer.alloc(0);
  }

  #seriesAt(id: number): ByteReader {
    return new ByteReader(
      this.#section('series'),
      this.#section('seriesOffsets').readUInt32LE(id * 4),
    );
  }

  #symbol(symbol: number): string {
    let text = this.#texts[symbol];

    if (text === undefined) {
      const offsets = this.#section('symbolOffsets');

      text = this.#section('symbols').toString(
        'utf8',
        offsets.readUInt32LE(symbol * 4),
        offsets.readUInt32LE(symbol * 4 + 4),
      );
      this.#texts[symbol] = text;
    }

    return text;
  }

  get #nameCount(): number {
    return this.#section('values').readUInt32LE(0);
  }

  #name(index: number): { symbol: number; first: number; count: number } {
    const values = this.#section('values');
    const at = 4 + index * NAME_SIZE;

    return {
      symbol: values.readUInt32LE(at),
      first: values.readUInt32LE(at + 4),
      count: values.readUInt32LE(at + 8),
    };
  }

  #findName(name: string): { first: number; count: number } {
    const found = binarySearch(this.#nameCount, (index) =>
      compareText(this.#symbol(this.#name(index).symbol), name),
    );

    return found < 0 ? { first: 0, count: 0 } : this.#name(found);
  }

  #value(index: number): { symbol: number; offset: number } {
    const values = this.#section('values');
    const at = 4 + this.#nameCount * NAME_SIZE + index * VALUE_SIZE;

    return { symbol: values.readUInt32LE(at), offset: values.readUInt32LE(at + 4) };
  }

  #postings(offset: number): Uint32Array {
    const reader = new ByteReader(this.#section('postings'), offset);
    const ids = new Uint32Array(reader.varint());
    let id = 0;

    for (let at = 0; at < ids.length; at++) {
      id += reader.varint();
      ids[at] = id;
    }

    return ids;
  }
}
