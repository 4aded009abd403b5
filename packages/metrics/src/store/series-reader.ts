import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { LabelSet } from '@ks-apiserver/promql/query-api';
import { labelKey, toLabelSet } from '../labels/labels.ts';
import { SampleColumns } from '../samples/sample-columns.ts';
import type { Block, EachSeries } from './block/block.ts';
import type { BlockSet } from './block-set.ts';
import type { Window } from './head/window.ts';
import { type CompiledMatcher, type SeriesIndex, selectSeries } from './index/select-series.ts';
import { overlaps, type TimeRange } from './time-range.ts';

/** A series and its samples of a range of time. */
export interface SelectedSeries {
  readonly labels: LabelSet;
  readonly samples: SampleColumns;
}

/** Series that are read in one step. */
const AT_ONCE = 256;

/** What is read. */
export interface Selection {
  readonly matchers: readonly CompiledMatcher[];
  readonly range: TimeRange;
}

/** A series, and its number in each part of the store that has it. */
interface Found {
  readonly labels: LabelSet;
  /** Index of a part, number in it, index of the next part … */
  readonly places: number[];
}

/** A block or a window: a part of the store that can be read alone. */
interface Part {
  /** Undefined for a damaged block. */
  readonly index: SeriesIndex | undefined;
  labelSet(id: number): LabelSet;
  /** Reads series whose numbers ascend. */
  read(ids: readonly number[], range: TimeRange, each: EachSeries): void;
  /** Reads one series where that costs no more; the samples are valid until the next call. */
  readonly readOne?: (id: number, range: TimeRange) => SampleColumns;
}

/** Lets others run where it is time, and throws the reason of a signal that was aborted. */
type Pause = () => Promise<void>;

/** Reads series from blocks and from the windows in memory as if they were in one place. */
export class SeriesReader {
  readonly #blocks: BlockSet;
  readonly #windows: () => readonly Window[];

  constructor(blocks: BlockSet, windows: () => readonly Window[]) {
    this.#blocks = blocks;
    this.#windows = windows;
  }

  /**
   * Yields the series that have samples in a range; the samples are valid until the next is asked
   * for. Throws the signal's reason.
   */
  async *select(
    { matchers, range }: Selection,
    signal?: AbortSignal,
  ): AsyncIterable<SelectedSeries> {
    const pause = pauses(signal);
    const { blocks, parts } = this.#parts(range);

    try {
      const found = await findSeries(parts, matchers, pause);
      const readOne = parts.length === 1 ? parts[0]?.readOne : undefined;

      for (let at = 0; at < found.length; at += AT_ONCE) {
        await pause();
        const group = found.slice(at, at + AT_ONCE);
        yield* readOne ? readEach(readOne, group, range) : readGroup(parts, group, range);
      }
    } finally {
      release(blocks);
    }
  }

  /**
   * Returns the label sets of the series that matchers choose, in blocks and windows of a range; a
   * few more than `limit` if there are too many.
   */
  async series(
    selections: readonly Selection[],
    { limit, signal }: { limit: number; signal?: AbortSignal | undefined },
  ): Promise<LabelSet[]> {
    const found = new Map<string, LabelSet>();
    const pause = pauses(signal);

    for (const { matchers, range } of selections) {
      await this.#eachPart(range, pause, async ({ index, labelSet }) => {
        for (const id of index ? selectSeries(index, matchers) : []) {
          if (found.size > limit) {
            return;
          }

          await pause();
          found.set(labelKey(index?.labels(id) ?? []), labelSet(id));
        }
      });
    }

    return [...found.values()];
  }

  /** Returns the names of all labels in blocks and windows of a range. */
  async names(range: TimeRange, signal?: AbortSignal): Promise<Set<string>> {
    const names = new Set<string>();

    await this.#eachPart(range, pauses(signal), ({ index }) => addAll(names, index?.names()));

    return names;
  }

  /** Returns all values of a label in blocks and windows of a range. */
  async values(name: string, range: TimeRange, signal?: AbortSignal): Promise<Set<string>> {
    const values = new Set<string>();

    await this.#eachPart(range, pauses(signal), ({ index }) => addAll(values, index?.values(name)));

    return values;
  }

  async #eachPart(
    range: TimeRange,
    pause: Pause,
    use: (part: Part) => Promise<void> | void,
  ): Promise<void> {
    const { blocks, parts } = this.#parts(range);

    try {
      for (const part of parts) {
        await pause();
        await use(part);
      }
    } finally {
      release(blocks);
    }
  }

  /** Returns the parts that have samples of a range, by age; the blocks are to be released. */
  #parts(range: TimeRange): { blocks: readonly Block[]; parts: readonly Part[] } {
    const blocks = this.#blocks
      .retain(range)
      .sort((a, b) => a.range.start - b.range.start || a.id - b.id);
    const windows = this.#windows().filter((one) => one.range && overlaps(one.range, range));

    return {
      blocks,
      parts: [...blocks.map((block) => this.#blockPart(block)), ...windows.map(windowPart)],
    };
  }

  #blockPart(block: Block): Part {
    const blocks = this.#blocks;

    return {
      get index() {
        return blocks.indexOf(block);
      },
      labelSet: (id) => toLabelSet(block.index.labels(id)),
      read: (ids, range, each) => {
        const damaged = block.read(ids, range, each);

        if (damaged > 0) {
          blocks.reportDamage(block, damaged);
        }
      },
    };
  }
}

function windowPart(window: Window): Part {
  const samples = new SampleColumns();

  const readOne = (ref: number, range: TimeRange) => {
    samples.clear();
    window.read(ref, samples, range);
    return samples;
  };

  return {
    index: window.series,
    labelSet: (ref) => window.series.labelSet(ref),
    read: (refs, range, each) => {
      for (const ref of refs) {
        each(ref, readOne(ref, range));
      }
    },
    readOne,
  };
}

function release(blocks: readonly Block[]): void {
  for (const block of blocks) {
    block.release();
  }
}

function pauses(signal: AbortSignal | undefined): Pause {
  const slice = new TimeSlice();

  return async () => {
    signal?.throwIfAborted();

    if (slice.isOver) {
      await slice.next();
    }
  };
}

/** Returns the series of all parts; one that is in several parts once. */
async function findSeries(
  parts: readonly Part[],
  matchers: readonly CompiledMatcher[],
  pause: Pause,
): Promise<Found[]> {
  const found: Found[] = [];
  const known = new Map<string, Found>();
  const isOne = parts.length === 1;

  for (const [part, { index, labelSet }] of parts.entries()) {
    const ids = index ? selectSeries(index, matchers) : [];

    for (const [count, id] of ids.entries()) {
      if (count % AT_ONCE === 0) {
        await pause();
      }

      const key = isOne ? '' : labelKey(index?.labels(id) ?? []);
      const series = known.get(key);

      if (series) {
        series.places.push(part, id);
        continue;
      }

      const added = { labels: labelSet(id), places: [part, id] };
      found.push(added);

      if (!isOne) {
        known.set(key, added);
      }
    }
  }

  return found;
}

/** Reads some series from the only part, one by one. */
function* readEach(
  readOne: (id: number, range: TimeRange) => SampleColumns,
  group: readonly Found[],
  range: TimeRange,
): Generator<SelectedSeries> {
  for (const { labels, places } of group) {
    const samples = readOne(places[1] ?? 0, range);

    if (samples.size > 0) {
      yield { labels, samples };
    }
  }
}

/** Reads some series from all parts; yields those that have samples. */
function* readGroup(
  parts: readonly Part[],
  group: readonly Found[],
  range: TimeRange,
): Generator<SelectedSeries> {
  const pieces = group.map(() => new Pieces());

  for (const [part, { read }] of parts.entries()) {
    const byId = new Map<number, Pieces | undefined>();

    for (const [member, { places }] of group.entries()) {
      for (let at = 0; at < places.length; at += 2) {
        if (places[at] === part) {
          byId.set(places[at + 1] ?? 0, pieces[member]);
        }
      }
    }

    if (byId.size > 0) {
      const ids = [...byId.keys()].sort((a, b) => a - b);
      read(ids, range, (id, samples) => byId.get(id)?.add(samples));
    }
  }

  for (const [member, { labels }] of group.entries()) {
    const { samples } = pieces[member] ?? new Pieces();

    if (samples.size > 0) {
      yield { labels, samples };
    }
  }
}

/** The samples of one series from several parts, in the order in which they were read. */
class Pieces {
  readonly #samples = new SampleColumns();
  #isAscending = true;

  /** The samples, ascending and one for each time. */
  get samples(): SampleColumns {
    return this.#isAscending ? this.#samples : this.#samples.sorted();
  }

  add(samples: SampleColumns): void {
    this.#isAscending = this.#samples.append(samples) && this.#isAscending;
  }
}

function addAll(into: Set<string>, texts: Iterable<string> = []): void {
  for (const text of texts) {
    into.add(text);
  }
}
