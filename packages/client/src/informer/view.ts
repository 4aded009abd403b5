import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import type { Entry } from './entry.ts';
import { Sorted } from './sorted.ts';

/** Which entries a view holds and in which order. */
export interface ViewOptions {
  /** Looks at nothing but the entry; without it all pass. */
  passes?: ((entry: Entry) => boolean) | undefined;
  /** A total order: 0 for one and the same entry alone. */
  compare: (a: Entry, b: Entry) => number;
  /** Entries of this namespace only. */
  namespace?: string | undefined;
}

/** Up to so many entries are looked at in one go, when a view is made. */
const AT_ONCE = 10_000;

/**
 * Entries that pass a test, in order, kept so with every change: a page of it costs the page,
 * whatever the test.
 */
export class View {
  readonly #passes: (entry: Entry) => boolean;
  readonly #compare: ViewOptions['compare'];
  readonly #namespace: string | undefined;
  #sorted: Sorted;
  /** Changes that came while the view is made. */
  #waiting: [previous: Entry | undefined, next: Entry | undefined][] | undefined;
  #made: Promise<void> | undefined;

  /** `entries` are those of the namespace, or all; best in the view's order already. */
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

    // Where one turn is enough, making it is over before this knows of it.
    this.#made = this.#make([...entries]).then(() => {
      this.#made = undefined;
    });
  }

  /**
   * Resolves when the view is made, where that takes turns with other work; undefined once it is.
   */
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

  /** Ascending; not to be changed by the reader, nor kept across an await. */
  get items(): readonly Entry[] {
    return this.#sorted.items;
  }

  /** Takes a change over: `next` is undefined for a deletion, `previous` for what is new. */
  change(previous: Entry | undefined, next: Entry | undefined): void {
    const { namespace } = (next ?? previous)!;
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
 * How many views are kept, and how many entries they may hold together beyond three times those of
 * the store.
 */
const VIEWS = 64;
const SPARE = 50_000;

/** The views that were asked for most recently, by id. */
export class Views {
  readonly #views = new Map<string, View>();

  /**
   * The view of an id, made by `make` where there is none. `size` is how many entries the store
   * has.
   */
  get(id: string, size: number, make: () => View): View {
    const known = this.#views.get(id);
    if (known) {
      // A Map keeps the order of insertion: the first is the one that was not asked for longest.
      this.#views.delete(id);
      this.#views.set(id, known);
      return known;
    }

    const view = make();
    this.#views.set(id, view);
    this.#evict(3 * size + SPARE);

    return view;
  }

  #evict(limit: number): void {
    let held = 0;

    for (const { items } of this.#views.values()) {
      held += items.length;
    }

    for (const [id, { items }] of this.#views) {
      if (this.#views.size === 1 || (this.#views.size <= VIEWS && held <= limit)) {
        return;
      }

      held -= items.length;
      this.#views.delete(id);
    }
  }

  change(previous: Entry | undefined, next: Entry | undefined): void {
    for (const view of this.#views.values()) {
      view.change(previous, next);
    }
  }
}
