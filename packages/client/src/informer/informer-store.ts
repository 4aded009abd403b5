import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { byCreation, byName, type Entry } from './entry.ts';
import { Sorted } from './sorted.ts';
import { View, type ViewOptions, Views } from './view.ts';

/** The two orders that every list offers. */
export type Order = 'creationTimestamp' | 'name';

const COMPARE = { creationTimestamp: byCreation, name: byName } as const;

/** What an entry takes beyond its bytes, about. */
const ENTRY_BYTES = 1024;

function sizeOf(entry: Entry | undefined): number {
  return entry ? entry.bytes.length + ENTRY_BYTES : 0;
}

/** How much memory the objects of some stores may take together, in bytes. */
export class CacheBudget {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How much of it is used. */
  get used(): number {
    return this.#used;
  }

  /** Counts a change of what is kept. Throws InsufficientStorage (507) where it is too much. */
  change(previous: Entry | undefined, next: Entry | undefined): void {
    const used = this.#used - sizeOf(previous) + sizeOf(next);
    if (next && used > this.limit) {
      throw new StatusError(
        507,
        'InsufficientStorage',
        `the objects take more than the ${this.limit} bytes that are kept of them`,
      );
    }

    this.#used = used;
  }
}

/** What changed in a store. */
export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  entry: Entry;
  previous: Entry | undefined;
}

/** Entries of one namespace or of all, in each order that was asked for. */
class Partition {
  readonly entries = new Map<string, Entry>();
  readonly #orders = new Map<Order, Sorted>();

  order(order: Order): readonly Entry[] {
    let sorted = this.#orders.get(order);
    if (!sorted) {
      sorted = new Sorted(COMPARE[order], this.entries.values());
      this.#orders.set(order, sorted);
    }

    return sorted.items;
  }

  set(key: string, entry: Entry, previous: Entry | undefined): void {
    this.entries.set(key, entry);

    for (const [order, sorted] of this.#orders) {
      if (previous && COMPARE[order](previous, entry) === 0) {
        sorted.replace(previous, entry);
      } else {
        if (previous) {
          sorted.remove(previous);
        }
        sorted.insert(entry);
      }
    }
  }

  delete(key: string, entry: Entry): void {
    this.entries.delete(key);
    for (const sorted of this.#orders.values()) {
      sorted.remove(entry);
    }
  }
}

/** The objects of one resource, by key, by namespace and in order. */
export class InformerStore {
  readonly #all = new Partition();
  readonly #namespaces = new Map<string, Partition>();
  readonly #views = new Views();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #budget: CacheBudget | undefined;
  #version = 0;

  constructor(budget?: CacheBudget) {
    this.#budget = budget;
  }

  static key(namespace: string, name: string): string {
    return `${namespace}/${name}`;
  }

  /** Grows with every change: while it is the same, a list is the same. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#all.entries.size;
  }

  /** Returns how many entries there are in a namespace, or in all. */
  count(namespace?: string): number {
    return namespace === undefined
      ? this.size
      : (this.#namespaces.get(namespace)?.entries.size ?? 0);
  }

  /** Whether anybody listens to changes. */
  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  get(name: string, namespace = ''): Entry | undefined {
    return this.#all.entries.get(InformerStore.key(namespace, name));
  }

  /**
   * Returns the entries of a namespace, or of all, ascending in the given order. The array is the
   * store's own and must not be kept across an await.
   */
  list(order: Order, namespace?: string): readonly Entry[] {
    if (namespace === undefined) {
      return this.#all.order(order);
    }
    return this.#namespaces.get(namespace)?.order(order) ?? [];
  }

  /**
   * Returns the view of the entries that pass a test, in any total order; it is kept up to date
   * while it is asked for from time to time. An id must always mean the same test and order. The
   * view is made from the entries in `base` order.
   */
  view(
    id: string,
    options: ViewOptions,
    base: Order = 'creationTimestamp',
  ): Awaitable<readonly Entry[]> {
    const { namespace } = options;

    // A line break separates namespace and id: no namespace's name holds one, and callers choose
    // both.
    const key = namespace === undefined ? `\n${id}` : `=${namespace.replaceAll('\n', '')}\n${id}`;

    const view = this.#views.get(
      key,
      this.size,
      () => new View(options, this.list(base, namespace)),
    );

    return view.made ? view.made.then(() => view.items) : view.items;
  }

  /** Returns all entries in no particular order. */
  values(): Iterable<Entry> {
    return this.#all.entries.values();
  }

  /** Calls back after each change, until the returned function is called. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Keeps an entry. Throws InsufficientStorage where the budget does not allow it. */
  set(entry: Entry): void {
    const key = InformerStore.key(entry.namespace, entry.name);
    const previous = this.#all.entries.get(key);
    if (
      previous &&
      previous.resourceVersion === entry.resourceVersion &&
      previous.uid === entry.uid
    ) {
      return;
    }

    this.#budget?.change(previous, entry);
    this.#all.set(key, entry, previous);

    if (entry.namespace !== '') {
      let partition = this.#namespaces.get(entry.namespace);
      if (!partition) {
        partition = new Partition();
        this.#namespaces.set(entry.namespace, partition);
      }

      partition.set(key, entry, previous);
    }

    this.#changed({ type: previous ? 'MODIFIED' : 'ADDED', entry, previous });
  }

  delete(namespace: string, name: string): void {
    const key = InformerStore.key(namespace, name);
    const entry = this.#all.entries.get(key);
    if (!entry) {
      return;
    }

    this.#budget?.change(entry, undefined);
    this.#all.delete(key, entry);

    const partition = this.#namespaces.get(namespace);
    partition?.delete(key, entry);

    if (partition?.entries.size === 0) {
      this.#namespaces.delete(namespace);
    }

    this.#changed({ type: 'DELETED', entry, previous: entry });
  }

  /** Makes the store hold exactly these entries, the result of a list. */
  replace(entries: readonly Entry[]): void {
    const kept = new Set(entries.map((entry) => InformerStore.key(entry.namespace, entry.name)));

    for (const [key, entry] of [...this.#all.entries]) {
      if (!kept.has(key)) {
        this.delete(entry.namespace, entry.name);
      }
    }

    for (const entry of entries) {
      this.set(entry);
    }
  }

  #changed(change: Change): void {
    this.#version += 1;
    this.#views.change(change.previous, change.type === 'DELETED' ? undefined : change.entry);

    for (const listener of this.#listeners) {
      listener(change);
    }
  }
}
