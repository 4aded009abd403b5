import { LRUCache } from 'lru-cache';
import type { StorageEvent } from './backend.ts';

const MAX_PREFIXES = 10_000;

/** Numbers of keys by prefix, kept up to date for the prefixes that were asked for. */
export class KeyCounts {
  readonly #counts = new LRUCache<string, number>({ max: MAX_PREFIXES });

  get(prefix: string): number | undefined {
    return this.#counts.get(prefix);
  }

  set(prefix: string, count: number): void {
    this.#counts.set(prefix, count);
  }

  /** Counts what was committed, under every prefix of each key that ends with a slash. */
  follow(events: readonly StorageEvent[]): void {
    for (const { key, type } of events) {
      if (type !== 'MODIFIED' && this.#counts.size > 0) {
        this.#add(key, type === 'ADDED' ? 1 : -1);
      }
    }
  }

  #add(key: string, difference: number): void {
    for (let slash = key.indexOf('/'); slash >= 0; slash = key.indexOf('/', slash + 1)) {
      const prefix = key.slice(0, slash + 1);
      const count = this.#counts.get(prefix);
      if (count !== undefined) {
        this.#counts.set(prefix, count + difference);
      }
    }
  }
}
