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

/** A sorted list, and the part of it in which the end of the first entries of all lists lies. */
class Searched {
  readonly list: number;
  readonly #entries: readonly Entry[];
  low = 0;
  high: number;

  constructor(list: number, entries: readonly Entry[], high: number) {
    this.list = list;
    this.#entries = entries;
    this.high = high;
  }

  get undecided(): number {
    return this.high - this.low;
  }

  /** Returns an entry; undefined past the end. */
  at(index: number): PlacedEntry | undefined {
    const entry = this.#entries[index];
    return entry && { entry, list: this.list };
  }

  /** Returns how many entries are before a pivot, as far as that is undecided. */
  countBefore(pivot: PlacedEntry, compare: ComparePlaced): number {
    let { low, high } = this;

    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.at(middle);
      if (entry && compare(entry, pivot) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    return low;
  }
}

function longestOf(lists: readonly Searched[]): Searched | undefined {
  let longest = lists[0];

  for (const list of lists) {
    if (longest && list.undecided > longest.undecided) {
      longest = list;
    }
  }

  return longest;
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
  const searched = lists.map(
    (entries, list) => new Searched(list, entries, Math.min(entries.length, rank)),
  );

  for (;;) {
    const longest = longestOf(searched);
    const middle = longest ? (longest.low + longest.high) >>> 1 : 0;
    const pivot = longest && longest.undecided > 0 ? longest.at(middle) : undefined;
    if (!pivot) {
      return searched.map(({ low }) => low);
    }

    // The pivot's place among all entries.
    let place = 0;
    const counts = new Map<Searched, number>();

    for (const list of searched) {
      const count = list === longest ? middle : list.countBefore(pivot, compare);
      place += count;
      counts.set(list, count);
    }

    for (const [list, count] of counts) {
      if (place < rank) {
        list.low = list === longest ? count + 1 : count;
      } else {
        list.high = count;
      }
    }
  }
}

/** The next entry of one list, in a heap of these. */
interface Next extends PlacedEntry {
  index: number;
}

/** The lists that are not at their end yet, as a binary heap with the least next entry on top. */
class NextEntries {
  readonly #lists: readonly (readonly Entry[])[];
  readonly #compare: ComparePlaced;
  readonly #heap: Next[];

  /** `starts`: index of each list's first entry. */
  constructor(
    lists: readonly (readonly Entry[])[],
    starts: readonly number[],
    compare: ComparePlaced,
  ) {
    this.#lists = lists;
    this.#compare = compare;

    // What is sorted is a heap.
    this.#heap = starts.flatMap((index, list) => this.#at(list, index) ?? []).sort(compare);
  }

  #at(list: number, index: number): Next | undefined {
    const entry = this.#lists[list]?.[index];
    return entry && { entry, list, index };
  }

  /** Takes the least entry; undefined at the end of all lists. */
  take(): PlacedEntry | undefined {
    const [least] = this.#heap;
    if (!least) {
      return undefined;
    }

    const next = this.#at(least.list, least.index + 1);
    const top = next ?? this.#heap.pop();

    if (top && top !== least) {
      this.#sink(top);
    }

    return least;
  }

  /** Puts an entry on top, and moves it down until none below it is less. */
  #sink(entry: Next): void {
    const heap = this.#heap;
    let at = 0;

    for (;;) {
      const left = heap[2 * at + 1];
      const right = heap[2 * at + 2];
      if (!left) {
        break;
      }

      const isRight = right !== undefined && this.#compare(right, left) < 0;
      const least = isRight ? right : left;
      if (this.#compare(least, entry) >= 0) {
        break;
      }

      heap[at] = least;
      at = isRight ? 2 * at + 2 : 2 * at + 1;
    }

    heap[at] = entry;
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
