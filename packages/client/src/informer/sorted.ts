import type { Entry } from './entry.ts';

/** Entries in one order, kept sorted by binary insertion: a page costs no more than its length. */
export class Sorted {
  readonly #compare: (a: Entry, b: Entry) => number;
  #items: Entry[] = [];

  constructor(compare: (a: Entry, b: Entry) => number, items: Iterable<Entry> = []) {
    this.#compare = compare;
    this.#items = [...items].sort(compare);
  }

  /** Ascending; the reader must not change it. */
  get items(): readonly Entry[] {
    return this.#items;
  }

  /** Returns the first index whose entry is not before `entry`. */
  #place(entry: Entry): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // The middle lies between two bounds within the array.
      if (this.#compare(this.#items[middle]!, entry) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    return low;
  }

  insert(entry: Entry): void {
    this.#items.splice(this.#place(entry), 0, entry);
  }

  /** Replaces `previous` by `next`; both must compare as equal. */
  replace(previous: Entry, next: Entry): void {
    const place = this.#place(previous);
    if (this.#items[place] === previous) {
      this.#items[place] = next;
    } else {
      this.insert(next);
    }
  }

  remove(entry: Entry): void {
    const place = this.#place(entry);
    if (this.#items[place] === entry) {
      this.#items.splice(place, 1);
    }
  }
}
