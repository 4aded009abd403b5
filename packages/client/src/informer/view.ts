import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { LRUCache } from 'lru-cache';
import type { Entry } from './entry.ts';
import { Sorted } from './sorted.ts';

/** Which entries a view holds, and in which order. */
export interface ViewOptions {
  /** Decides by nothing but the entry; without it every entry passes. */
  passes?: ((entry: Entry) => boolean) | undefined;
  /** Compares in a total order: 0 only for one and the same entry. */
  compare: (a: Entry, b: Entry) => number;
  /** Entries of this namespace only. */
  namespace?: string | undefined;
}

/** How many entries are tested in one slice while a view is made. */
const AT_ONCE = 10_000;

/**
 * The entries that pass a test, in order, kept up to date with every change: a page costs no more
 * than its length, whatever the test.
 */
export class View {
  readonly #passes: (entry: Entry) => boolean;
  readonly #compare: ViewOptions['compare'];
  readonly #namespace: string | undefined;
  #sorted: Sorted;
  /** Changes that came while the view is being made. */
  #waiting: [previous: Entry | undefined, next: Entry | undefined][] | undefined;
  #made: Promise<void> | undefined;

  /**
   * `entries` are those of the namespace, or all; sorting is fastest when they are in the view's
   * order already.
   */
  constructor({ passes, compare, namespace }: ViewOptions, entries: readonly Entry[]) {
    this.#passes = passes ?? (() => true);
    this.#compare = compare;
    this.#namespace = namespace;

    this.#sorted = new Sorted(
      compare,
      entries.length > AT_ONCE ? [] : entries.filter(this.#passes),
    );

    if (entries.length <= AT_ONCE) {
      return;
    }

    // A short one is finished before the constructor returns.
    this.#made = this.#make([...entries]).then(() => {
      this.#made = undefined;
    });
  }

  /** Resolves when the view is made, where that takes several slices; undefined once it is. */
  get made(): Promise<void> | undefined {
    return this.#made;
  }

  async #make(entries: readonly Entry[]): Promise<void> {
    this.#waiting = [];

    const slice = new TimeSlice();
    const passing: Entry[] = [];

    for (const entry of entries) {
      if (slice.isOver) {
        await slice.next();
      }
      if (this.#passes(entry)) {
        passing.push(entry);
      }
    }

    if (slice.isOver) {
      await slice.next();
    }

    this.#sorted = new Sorted(this.#compare, passing);

    const waiting = this.#waiting;

    this.#waiting = undefined;

    for (const [previous, next] of waiting) {
      this.change(previous, next);
    }
  }

  /** The entries, ascending; the reader must not change the array nor keep it across an await. */
  get items(): readonly Entry[] {
    return this.#sorted.items;
  }

  /** Applies a change: `next` is undefined for a deletion, `previous` for a new object. */
  change(previous: Entry | undefined, next: Entry | undefined): void {
    const namespace = next?.namespace ?? previous?.namespace;
    if (this.#namespace !== undefined && this.#namespace !== namespace) {
      return;
    }

    if (this.#waiting) {
      this.#waiting.push([previous, next]);
      return;
    }

    const was = previous !== undefined && this.#passes(previous);
    const is = next !== undefined && this.#passes(next);
    if (was && is && this.#compare(previous, next) === 0) {
      this.#sorted.replace(previous, next);
    } else {
      if (was) {
        this.#sorted.remove(previous);
      }
      if (is) {
        this.#sorted.insert(next);
      }
    }
  }
}

/**
 * How many views are kept, and how many entries they may hold together, beyond three times those of
 * the store.
 */
const MAX_VIEWS = 64;
const SPARE = 50_000;

/** The views that were asked for most recently, by id. */
export class Views {
  readonly #views = new LRUCache<string, View>({ max: MAX_VIEWS });

  /**
   * Returns the view of an id, and makes it where there is none. `size` is how many entries the
   * store has.
   */
  get(id: string, size: number, make: () => View): View {
    const known = this.#views.get(id);
    if (known) {
      return known;
    }

    const view = make();
    this.#views.set(id, view);
    this.#evict(3 * size + SPARE);

    return view;
  }

  /** Drops the views that were not asked for for longest, while all hold too many entries. */
  #evict(limit: number): void {
    let held = 0;

    for (const { items } of this.#views.values()) {
      held += items.length;
    }

    while (held > limit && this.#views.size > 1) {
      held -= this.#views.pop()?.items.length ?? 0;
    }
  }

  change(previous: Entry | undefined, next: Entry | undefined): void {
    for (const view of this.#views.values()) {
      view.change(previous, next);
    }
  }
}
