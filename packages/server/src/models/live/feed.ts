import { randomBytes } from 'node:crypto';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { type Change, Store } from '@ks-apiserver/client/informer/store';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/catalog/definition.ts';

/** One change of a resource at its place in the order of all. */
export interface Slot extends Change {
  readonly place: number;
  /** Frames that were made of it, by type: all readers share them. */
  readonly frames: Map<Change['type'], Buffer>;
}

/**
 * How much of the past is kept for who reads slowly or comes back: changes, and bytes of their
 * objects.
 */
export interface WindowLimits {
  changes: number;
  bytes: number;
}

/** A few minutes of a busy cluster; memory stays bounded by the second number. */
export const WINDOW: WindowLimits = { changes: 4096, bytes: 32 * 1024 * 1024 };

/**
 * How long changes of annotations that come from other resources are collected, in milliseconds.
 */
const COLLECT_MS = 100;

/**
 * The recent changes of one resource, a ring that all its live lists read from: its objects', and
 * those of the annotations that are computed from others. A place in it is told to clients as a
 * position, `<feed>-<place>`.
 */
export class Feed {
  /** Tells the positions of this feed from those of another process, or of an earlier feed. */
  readonly id = randomBytes(4).toString('hex');
  readonly row: ResourceDefinition;
  readonly store: Store;
  readonly #limits: WindowLimits;
  readonly #stops: (() => void)[] = [];
  readonly #listeners = new Set<(slot: Slot) => void>();
  readonly #affected = new Set<string>();
  #collecting: NodeJS.Timeout | undefined;
  #slots: Slot[] = [];
  /** Slots before this one have fallen out of the window. */
  #head = 0;
  #bytes = 0;
  #place = 0;
  #floor = 0;

  /** Follows a store and, for computed annotations, the stores that its row names. */
  constructor(
    row: ResourceDefinition,
    store: Store,
    catalog: Catalog,
    limits: WindowLimits = WINDOW,
  ) {
    this.row = row;
    this.store = store;
    this.#limits = limits;
    this.#stops.push(store.onChange((change) => this.#push(change)));

    for (const [resource, affected] of Object.entries(row.annotatedFrom ?? {})) {
      const other = catalog.store(resource);
      if (other) {
        this.#stops.push(other.onChange((change) => this.#collect(affected(change))));
      }
    }
  }

  /** Place of the last change; 0 before the first. */
  get place(): number {
    return this.#place;
  }

  /** The earliest place after which the window still has every change. */
  get floor(): number {
    return this.#floor;
  }

  /** The position of a place, as clients get it. */
  position(place: number): string {
    return `${this.id}-${place}`;
  }

  /**
   * The place that a client's position or the resourceVersion of an object names: every change
   * after it is yet to come. Undefined for what the window does not hold any more, or never did.
   */
  find(position: string): number | undefined {
    const [, id, text] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(position) ?? [];
    if (id !== undefined) {
      const place = Number(text);
      return id === this.id && place >= this.#floor && place <= this.#place ? place : undefined;
    }

    // The first change with that version: a deletion has the version of the object's last state.
    for (let i = this.#head; i < this.#slots.length; i++) {
      if (this.#slots[i]!.entry.resourceVersion === position) {
        return this.#slots[i]!.place;
      }
    }

    return undefined;
  }

  /** Takes a place for what is no change of the resource itself, but changes what a view shows. */
  advance(): void {
    this.#place += 1;
  }

  /** All changes in the window, oldest first. */
  *slots(): Generator<Slot> {
    for (let i = this.#head; i < this.#slots.length; i++) {
      yield this.#slots[i]!;
    }
  }

  /** Calls back after each change until the returned function is called. */
  onSlot(listener: (slot: Slot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #push(change: Change): void {
    this.#place += 1;

    const slot: Slot = { ...change, place: this.#place, frames: new Map() };
    this.#slots.push(slot);
    this.#bytes += costOf(slot.entry);

    while (
      this.#slots.length - this.#head > this.#limits.changes ||
      (this.#bytes > this.#limits.bytes && this.#slots.length - this.#head > 1)
    ) {
      const dropped = this.#slots[this.#head]!;
      this.#bytes -= costOf(dropped.entry);
      this.#floor = dropped.place;
      this.#head += 1;
    }

    if (this.#head > this.#limits.changes) {
      this.#slots = this.#slots.slice(this.#head);
      this.#head = 0;
    }

    for (const listener of this.#listeners) {
      listener(slot);
    }
  }

  #collect(keys: Iterable<string> | 'all'): void {
    if (keys === 'all') {
      for (const entry of this.store.values()) {
        this.#affected.add(Store.key(entry.namespace, entry.name));
      }
    } else {
      for (const key of keys) {
        this.#affected.add(key);
      }
    }

    if (this.#affected.size === 0 || this.#collecting) {
      return;
    }

    // Not at once: many pods of a node change together, and those who count them may be told after
    // this feed.
    this.#collecting = setTimeout(() => {
      this.#collecting = undefined;

      for (const key of this.#affected) {
        const slash = key.indexOf('/');
        const entry = this.store.get(key.slice(slash + 1), key.slice(0, slash));
        if (entry) {
          this.#push({ type: 'MODIFIED', entry, previous: entry });
        }
      }

      this.#affected.clear();
    }, COLLECT_MS);

    this.#collecting.unref();
  }

  close(): void {
    clearTimeout(this.#collecting);

    for (const stop of this.#stops) {
      stop();
    }

    this.#listeners.clear();
  }
}

/** What a change holds in memory at most: its object, and a frame of it. */
function costOf(entry: Entry): number {
  return 256 + 2 * entry.bytes.length;
}
