import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { type Labels, labelKey } from '../labels/labels.ts';
import { SampleColumns } from '../samples/sample-columns.ts';
import type { Block } from './block/block.ts';
import type { BlockSet } from './block-set.ts';
import type { Window } from './head/window.ts';
import { type CompiledMatcher, type SeriesIndex, selectSeries } from './index/select-series.ts';
import { overlaps, type TimeRange } from './time-range.ts';

/** A series and its samples of a range of time. */
export interface SelectedSeries {
  readonly labels: Labels;
  readonly samples: SampleColumns;
}

/** A query that would take too much memory. */
export class TooManySamplesError extends Error {
  override name = 'TooManySamplesError';

  constructor(limit: number) {
    super(`query processing would load too many samples into memory: more than ${limit}`);
  }
}

/** Series of a block that are read in one step. */
const AT_ONCE = 256;

/** What is read. */
export interface Selection {
  readonly matchers: readonly CompiledMatcher[];
  readonly range: TimeRange;
}

/** How much may be read, and a signal that ends it. */
export interface ReadLimits {
  readonly maxSamples: number;
  readonly signal?: AbortSignal | undefined;
}

/** The samples of one series from blocks and windows, in the order in which they were read. */
class Pieces {
  readonly labels: Labels;
  readonly #samples = new SampleColumns();
  #isAscending = true;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** The samples, ascending and one for each time. */
  get samples(): SampleColumns {
    return this.#isAscending ? this.#samples : this.#samples.sorted();
  }

  add(samples: SampleColumns): void {
    this.#isAscending = this.#samples.append(samples) && this.#isAscending;
  }
}

/** Reads series from blocks and from the windows in memory as if they were in one place. */
export class SeriesReader {
  readonly #blocks: BlockSet;
  readonly #windows: () => readonly Window[];

  constructor(blocks: BlockSet, windows: () => readonly Window[]) {
    this.#blocks = blocks;
    this.#windows = windows;
  }

  /**
   * Returns the series that have samples in a range. Rejects with a TooManySamplesError, or with the
   * signal's reason.
   */
  async read(
    { matchers, range }: Selection,
    { maxSamples, signal }: ReadLimits,
  ): Promise<SelectedSeries[]> {
    const found = new Map<string, Pieces>();
    const slice = new TimeSlice();
    let count = 0;

    const add = (labels: Labels, samples: SampleColumns) => {
      count += samples.size;

      if (count > maxSamples) {
        throw new TooManySamplesError(maxSamples);
      }

      if (samples.size > 0) {
        const key = labelKey(labels);
        const pieces = found.get(key) ?? new Pieces(labels);

        found.set(key, pieces);
        pieces.add(samples);
      }
    };

    const pause = async () => {
      signal?.throwIfAborted();

      if (slice.isOver) {
        await slice.next();
      }
    };

    await this.#withBlocks(range, async (blocks, windows) => {
      for (const block of blocks) {
        await this.#readBlock(block, { matchers, range }, { add, pause });
      }

      for (const window of windows) {
        await readWindow(window, { matchers, range }, { add, pause });
      }
    });

    return Array.from(found.values(), ({ labels, samples }) => ({ labels, samples }));
  }

  /** Returns the labels of the series that matchers choose, in blocks and windows of a range. */
  async series(selections: readonly Selection[]): Promise<Labels[]> {
    const found = new Map<string, Labels>();
    const slice = new TimeSlice();

    for (const { matchers, range } of selections) {
      await this.#eachIndex(range, async (index) => {
        for (const id of selectSeries(index, matchers)) {
          if (slice.isOver) {
            await slice.next();
          }

          const labels = index.labels(id);
          found.set(labelKey(labels), labels);
        }
      });
    }

    return [...found.values()];
  }

  /** Returns the names of all labels in blocks and windows of a range. */
  async names(range: TimeRange): Promise<Set<string>> {
    const names = new Set<string>();

    await this.#eachIndex(range, async (index) => addAll(names, index.names()));

    return names;
  }

  /** Returns all values of a label in blocks and windows of a range. */
  async values(name: string, range: TimeRange): Promise<Set<string>> {
    const values = new Set<string>();

    await this.#eachIndex(range, async (index) => addAll(values, index.values(name)));

    return values;
  }

  async #eachIndex(range: TimeRange, use: (index: SeriesIndex) => Promise<void>): Promise<void> {
    const slice = new TimeSlice();

    await this.#withBlocks(range, async (blocks, windows) => {
      for (const block of blocks) {
        if (slice.isOver) {
          await slice.next();
        }

        const index = this.#blocks.indexOf(block);
        if (index) {
          await use(index);
        }
      }

      for (const window of windows) {
        await use(window.series);
      }
    });
  }

  /** Calls with the blocks and windows of a range, each in order; blocks stay open meanwhile. */
  async #withBlocks(
    range: TimeRange,
    use: (blocks: readonly Block[], windows: readonly Window[]) => Promise<void>,
  ): Promise<void> {
    const blocks = this.#blocks.retain(range);
    const windows = this.#windows().filter((one) => one.range && overlaps(one.range, range));

    blocks.sort((a, b) => a.range.start - b.range.start || a.id - b.id);

    try {
      await use(blocks, windows);
    } finally {
      for (const block of blocks) {
        block.release();
      }
    }
  }

  async #readBlock(
    block: Block,
    { matchers, range }: Selection,
    { add, pause }: { add: AddSeries; pause: () => Promise<void> },
  ): Promise<void> {
    const index = this.#blocks.indexOf(block);
    const ids = index ? selectSeries(index, matchers) : [];
    let damaged = 0;

    for (let at = 0; at < ids.length; at += AT_ONCE) {
      await pause();
      damaged += block.read(ids.slice(at, at + AT_ONCE), range, (id, samples) =>
        add(block.index.labels(id), samples),
      );
    }

    if (damaged > 0) {
      this.#blocks.reportDamage(block, damaged);
    }
  }
}

type AddSeries = (labels: Labels, samples: SampleColumns) => void;

async function readWindow(
  window: Window,
  { matchers, range }: Selection,
  { add, pause }: { add: AddSeries; pause: () => Promise<void> },
): Promise<void> {
  const samples = new SampleColumns();

  for (const [at, ref] of selectSeries(window.series, matchers).entries()) {
    if (at % AT_ONCE === 0) {
      await pause();
    }

    samples.clear();
    window.read(ref, samples, range);
    add(window.series.labels(ref), samples);
  }
}

function addAll(into: Set<string>, texts: Iterable<string>): void {
  for (const text of texts) {
    into.add(text);
  }
}
