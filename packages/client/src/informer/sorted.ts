import type { Entry } from './entry.ts';

/** Entries in one order, kept so by binary insertion: reading a page costs the page. */
export class Sorted {
  readonly #compare: (a: Entry, b: Entry) => number;
  #items: Entry[] = [];

  constructor(compare: (a: Entry, b: Entry) => number, items: Iterable<Entry> = []) {
    this.#compare = compare;
    this.#items = [...items].sort(compare);
  }

  /** Ascending; not to be changed by the reader. */
  get items(): readonly Entry[] {
    return this.#items;
  }

  /** First place whose entry is not before `entry`. */
  #place(entry: Entry): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
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

  /** Puts `next` where `previous` is; both must compare as equal. */
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
