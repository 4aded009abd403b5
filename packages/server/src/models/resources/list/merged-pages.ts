import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { Entry } from '@ks-apiserver/client/informer/entry';

/** An entry of one of several lists, and the index of its list. */
export interface PlacedEntry {
  entry: Entry;
  list: number;
}

/**
 * Compares entries of several lists in a total order, in which each list is sorted: 0 only for one
 * and the same entry of the same list.
 */
export type ComparePlaced = (a: PlacedEntry, b: PlacedEntry) => number;

/** Longer parts are merged in slices, so that other requests can run. */
const MANY = 2000;

function placed(lists: readonly (readonly Entry[])[], list: number, index: number): PlacedEntry {
  // Callers stay below the length of the list.
  return { entry: lists[list]![index]!, list };
}

/** Returns how many of the first `high` entries of a list are before an entry. */
function countBefore(
  lists: readonly (readonly Entry[])[],
  list: number,
  [low, high]: readonly [number, number],
  pivot: PlacedEntry,
  compare: ComparePlaced,
): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(placed(lists, list, middle), pivot) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }

  return low;
}

/**
 * Returns how many entries of each list are among the first `rank` of all, without merging these:
 * it halves the longest undecided part until nothing is undecided.
 */
export function splitAt(
  lists: readonly (readonly Entry[])[],
  compare: ComparePlaced,
  rank: number,
): number[] {
  const low = lists.map(() => 0);
  const high = lists.map((list) => Math.min(list.length, rank));

  for (;;) {
    let longest = 0;

    for (let i = 1; i < lists.length; i++) {
      if (high[i]! - low[i]! > high[longest]! - low[longest]!) {
        longest = i;
      }
    }

    if (lists.length === 0 || high[longest] === low[longest]) {
      return low;
    }

    const middle = (low[longest]! + high[longest]!) >>> 1;
    const pivot = placed(lists, longest, middle);
    const before = lists.map((_, i) =>
      i === longest ? middle : countBefore(lists, i, [low[i]!, high[i]!], pivot, compare),
    );

    // The pivot's place among all entries.
    const place = before.reduce((sum, count) => sum + count, 0);

    for (let i = 0; i < lists.length; i++) {
      if (place < rank) {
        low[i] = i === longest ? middle + 1 : before[i]!;
      } else {
        high[i] = before[i]!;
      }
    }
  }
}

/** The lists that are not at their end yet, as a binary heap with the least next entry on top. */
class NextEntries {
  readonly #lists: readonly (readonly Entry[])[];
  readonly #next: number[];
  readonly #compare: ComparePlaced;
  readonly #heap: PlacedEntry[] = [];

  /** `starts`: index of each list's first entry. */
  constructor(
    lists: readonly (readonly Entry[])[],
    starts: readonly number[],
    compare: ComparePlaced,
  ) {
    this.#lists = lists;
    this.#next = [...starts];
    this.#compare = compare;

    lists.forEach((list, i) => {
      if (starts[i]! < list.length) {
        this.#heap.push(placed(lists, i, starts[i]!));
      }
    });

    for (let i = (this.#heap.length >>> 1) - 1; i >= 0; i--) {
      this.#sink(i);
    }
  }

  /** Takes the least entry; undefined at the end of all lists. */
  take(): PlacedEntry | undefined {
    const [least] = this.#heap;
    if (!least) {
      return undefined;
    }

    const next = ++this.#next[least.list]!;

    if (next < this.#lists[least.list]!.length) {
      this.#heap[0] = placed(this.#lists, least.list, next);
    } else {
      const last = this.#heap.pop()!;
      if (this.#heap.length > 0) {
        this.#heap[0] = last;
      }
    }

    this.#sink(0);

    return least;
  }

  /** Moves an entry down until none below it is less. */
  #sink(at: number): void {
    for (;;) {
      const left = 2 * at + 1;
      let least = at;

      for (const child of [left, left + 1]) {
        if (
          child < this.#heap.length &&
          this.#compare(this.#heap[child]!, this.#heap[least]!) < 0
        ) {
          least = child;
        }
      }

      if (least === at) {
        return;
      }

      [this.#heap[at], this.#heap[least]] = [this.#heap[least]!, this.#heap[at]!];
      at = least;
    }
  }
}

async function takeInSlices(next: NextEntries, count: number): Promise<PlacedEntry[]> {
  const slice = new TimeSlice();
  const taken: PlacedEntry[] = [];

  while (taken.length < count) {
    const entry = next.take();
    if (!entry) {
      break;
    }

    taken.push(entry);

    if (taken.length % MANY === 0 && slice.isOver) {
      await slice.next();
    }
  }

  return taken;
}

/**
 * Returns the entries of sorted lists from index `from` up to `to` of their common order. The cost
 * grows with the part and the number of lists, and only with the logarithm of their lengths. Each
 * list must hold all of its entries that are below `to`, and must not change meanwhile.
 */
export function mergedPart(
  lists: readonly (readonly Entry[])[],
  compare: ComparePlaced,
  [from, to]: readonly [number, number],
): Awaitable<readonly PlacedEntry[]> {
  const starts = from === 0 ? lists.map(() => 0) : splitAt(lists, compare, from);
  const next = new NextEntries(lists, starts, compare);
  const count = to - from;

  if (count > MANY) {
    return takeInSlices(next, count);
  }

  const taken: PlacedEntry[] = [];

  for (let left = count; left > 0; left--) {
    const entry = next.take();
    if (!entry) {
      break;
    }

    taken.push(entry);
  }

  return taken;
}
