import type { Labels } from '../../labels/labels.ts';
import type { SampleBatch } from '../../samples/sample-batch.ts';
import { SampleColumns } from '../../samples/sample-columns.ts';
import { ByteWriter } from '../chunks/byte-writer.ts';
import { writeChunks } from '../chunks/chunk.ts';
import type { TimeRange } from '../time-range.ts';
import { ChunkArena } from './chunk-arena.ts';
import { MAX_OPEN, OpenSamples } from './open-samples.ts';
import { SeriesRegistry } from './series-registry.ts';

/** How many samples were taken, and how many not because they are older than the newest. */
export interface Appended {
  readonly added: number;
  readonly old: number;
}

/** A first chunk may have fewer samples, so that chunks do not all become full at once. */
const SPREAD = 24;
const NEVER = -1;

/**
 * The samples of a part of time in memory, until they are written as a block. References of series
 * are valid in one window only.
 */
export class Window {
  /** Tells windows of the same time apart; a later one has a greater id. */
  readonly id: number;
  /** First millisecond of the window, and the first behind it. */
  readonly start: number;
  readonly end: number;
  readonly series = new SeriesRegistry();
  readonly #open = new OpenSamples();
  readonly #chunks = new ChunkArena();
  /** Time of each series' newest sample, since `start`. */
  #newest: Int32Array = new Int32Array(1024).fill(NEVER);
  #latest = NEVER;
  #earliest = Number.POSITIVE_INFINITY;
  readonly #columns = new SampleColumns(MAX_OPEN);
  readonly #writer = new ByteWriter();

  constructor(id: number, { start, end }: { start: number; end: number }) {
    this.id = id;
    this.start = start;
    this.end = end;
  }

  /** Bytes of the samples in memory, without labels. */
  get bytes(): number {
    return this.#open.bytes + this.#chunks.bytes + this.#newest.byteLength;
  }

  /** Time of the newest sample in milliseconds; undefined while there is none. */
  get latest(): number | undefined {
    return this.#latest === NEVER ? undefined : this.start + this.#latest;
  }

  /** Times of the first and last sample; undefined while there is none. */
  get range(): TimeRange | undefined {
    return this.#latest === NEVER
      ? undefined
      : { start: this.start + this.#earliest, end: this.start + this.#latest };
  }

  /** Returns the reference of a series; undefined if it is new and there are `limit` already. */
  resolve(labels: Labels, limit = Number.POSITIVE_INFINITY): number | undefined {
    const known = this.series.find(labels);
    if (known !== undefined || this.series.size >= limit) {
      return known;
    }

    const ref = this.series.add(labels);

    if (ref >= this.#newest.length) {
      const grown = new Int32Array(this.#newest.length * 2).fill(NEVER);

      grown.set(this.#newest);
      this.#newest = grown;
    }

    return ref;
  }

  /** Adds samples at a time of the window, whole milliseconds. */
  append(time: number, batch: SampleBatch): Appended {
    const at = time - this.start;
    let added = 0;

    for (let index = 0; index < batch.size; index++) {
      added += this.#add(batch.ref(index), at, batch.value(index));
    }

    for (const ref of batch.ended) {
      added += this.#add(ref, at, 'end');
    }

    if (added > 0) {
      this.#latest = Math.max(this.#latest, at);
      this.#earliest = Math.min(this.#earliest, at);
    }

    return { added, old: batch.size + batch.ended.length - added };
  }

  /** Reads the samples of a series in a range of time, both ends included. */
  read(ref: number, into: SampleColumns, { start, end }: TimeRange): void {
    const range = { origin: this.start, start, end };

    this.#chunks.read(ref, into, range);
    this.#open.read(ref, into, range);
  }

  /** Adds one sample; returns 1, or 0 for one that is not newer than the series' last. */
  #add(ref: number, at: number, value: number | 'end'): 0 | 1 {
    const newest = this.#newest[ref] ?? NEVER;
    if (at <= newest) {
      return 0;
    }

    const count = this.#open.add(ref, at, value);

    this.#newest[ref] = at;

    const isFirst = !this.#chunks.has(ref);
    if (count >= (isFirst ? MAX_OPEN - (ref % SPREAD) : MAX_OPEN)) {
      this.#compress(ref);
    }

    return 1;
  }

  /** Compresses the open samples of a series. */
  #compress(ref: number): void {
    const columns = this.#columns;

    columns.clear();
    this.#open.read(ref, columns, { origin: 0, start: 0, end: this.end - this.start });
    this.#writer.clear();
    writeChunks(this.#writer, columns);

    const span = { first: columns.time(0), last: columns.time(columns.size - 1) };

    this.#chunks.add(ref, span, this.#writer.bytes);
    this.#open.clear(ref);
  }
}
