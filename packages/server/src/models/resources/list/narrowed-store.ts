import { byCreation, byName, type Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore, Order } from '@ks-apiserver/client/informer/informer-store';
import type { ListedStore } from './listed-store.ts';

const COMPARE = { creationTimestamp: byCreation, name: byName } as const;

/** A store restricted to some namespaces; reading it costs only their entries. */
export class NarrowedStore implements ListedStore {
  readonly #store: InformerStore;
  readonly #namespaces: ReadonlySet<string>;

  constructor(store: InformerStore, namespaces: ReadonlySet<string>) {
    this.#store = store;
    this.#namespaces = namespaces;
  }

  get(name: string, namespace = ''): Entry | undefined {
    return this.#namespaces.has(namespace) ? this.#store.get(name, namespace) : undefined;
  }

  list(order: Order, namespace?: string): readonly Entry[] {
    if (namespace !== undefined) {
      return this.#namespaces.has(namespace) ? this.#store.list(order, namespace) : [];
    }

    const merged: Entry[] = [];

    for (const name of this.#namespaces) {
      for (const entry of this.#store.list(order, name)) {
        merged.push(entry);
      }
    }

    // Each namespace is sorted already, and Array.prototype.sort merges sorted runs.
    return merged.sort(COMPARE[order]);
  }
}
