import { randomBytes } from 'node:crypto';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { type Change, InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';

/** One change of a resource at its place in the order of all changes. */
export interface Slot extends Change {
  readonly place: number;
  /** Frames made of it, by event type: all readers share them. */
  readonly frames: Map<Change['type'], Buffer>;
}

/** How many changes, and bytes of their objects, are kept for slow and returning readers. */
export interface WindowLimits {
  changes: number;
  bytes: number;
}

/** A cached resource whose changes a feed follows. */
export interface FeedSource {
  definition: ResourceDefinition;
  store: InformerStore;
  /** Finds the stores from which annotations are computed. */
  catalog: Catalog;
}

/** A few minutes of a busy cluster; `bytes` bounds the memory. */
export const WINDOW: WindowLimits = { changes: 4096, bytes: 32 * 1024 * 1024 };

/** How long changes of computed annotations are collected, in milliseconds. */
const COLLECT_MS = 100;

/**
 * The recent changes of one resource, which all its live lists read: changes of its objects, and of
 * annotations that are computed from other resources. Clients see a place in it as a position,
 * `<feed>-<place>`.
 */
export class Feed {
  /** Distinguishes positions of this feed from those of other processes and of earlier feeds. */
  readonly id = randomBytes(4).toString('hex');
  readonly definition: ResourceDefinition;
  readonly #limits: WindowLimits;
  /** Whether versions of objects tell them apart: those of several clusters do not. */
  readonly #hasVersions: boolean;
  readonly #stops: (() => void)[] = [];
  readonly #listeners = new Set<(slot: Slot) => void>();
  /** By store, the keys of objects whose computed annotations may have changed. */
  readonly #affected = new Map<InformerStore, Set<string>>();
  #collecting: NodeJS.Timeout | undefined;
  #slots: Slot[] = [];
  /** Index of the first slot that is kept; those before it are dropped from time to time. */
  #head = 0;
  #bytes = 0;
  #place = 0;
  #floor = 0;

  /**
   * Follows stores and, for computed annotations, the stores that the definition names. All sources
   * are of the kind of the definition.
   */
  constructor(
    definition: ResourceDefinition,
    sources: readonly FeedSource[],
    limits: WindowLimits = WINDOW,
  ) {
    this.definition = definition;
    this.#limits = limits;
    this.#hasVersions = sources.length === 1;

    for (const source of sources) {
      this.#follow(source);
    }
  }

  #follow({ definition, store, catalog }: FeedSource): void {
    this.#stops.push(store.onChange((change) => this.#push(change)));

    for (const [resource, affected] of Object.entries(definition.annotatedFrom ?? {})) {
      const other = catalog.store(resource);
      if (other) {
        this.#stops.push(other.onChange((change) => this.#collect(store, affected(change))));
      }
    }
  }

  /** Place of the last change; 0 before the first. */
  get place(): number {
    return this.#place;
  }

  /** The earliest place after which every change is still kept. */
  get floor(): number {
    return this.#floor;
  }

  /** Formats a place as a position for clients. */
  position(place: number): string {
    return `${this.id}-${place}`;
  }

  /**
   * Returns the place that a client's position or an object's resourceVersion names; the client has
   * seen every change up to it. Undefined for one that is not kept, or never was.
   */
  find(position: string): number | undefined {
    const [, id, text] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(position) ?? [];
    if (id !== undefined) {
      const place = Number(text);
      return id === this.id && place >= this.#floor && place <= this.#place ? place : undefined;
    }

    if (!this.#hasVersions) {
      return undefined;
    }

    // The first change with that version: a deletion repeats the version of the object's last
    // state.
    return this.slots().find(({ entry }) => entry.resourceVersion === position)?.place;
  }

  /** Takes a new place for a change of another resource that changes what a list contains. */
  advance(): void {
    this.#place += 1;
  }

  /** All changes that are kept, oldest first. */
  slots(): readonly Slot[] {
    return this.#slots.slice(this.#head);
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
      // The condition holds only while there are at least two slots.
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

  #collect(store: InformerStore, keys: Iterable<string> | 'all'): void {
    const affected = this.#affected.get(store) ?? new Set();
    this.#affected.set(store, affected);

    if (keys === 'all') {
      for (const entry of store.values()) {
        affected.add(InformerStore.key(entry.namespace, entry.name));
      }
    } else {
      for (const key of keys) {
        affected.add(key);
      }
    }

    if (affected.size === 0 || this.#collecting) {
      return;
    }

    // Delayed: many pods of a node change together, and the computed annotations may be updated
    // after this feed has heard of a change.
    this.#collecting = setTimeout(() => this.#pushAffected(), COLLECT_MS);
    this.#collecting.unref();
  }

  #pushAffected(): void {
    this.#collecting = undefined;

    for (const [store, keys] of this.#affected) {
      for (const key of keys) {
        const slash = key.indexOf('/');
        const entry = store.get(key.slice(slash + 1), key.slice(0, slash));
        if (entry) {
          this.#push({ type: 'MODIFIED', entry, previous: entry });
        }
      }
    }

    this.#affected.clear();
  }

  close(): void {
    clearTimeout(this.#collecting);

    for (const stop of this.#stops) {
      stop();
    }

    this.#listeners.clear();
  }
}

/** Returns an upper bound of a change's memory in bytes: its object and one frame of it. */
function costOf(entry: Entry): number {
  return 256 + 2 * entry.bytes.length;
}
