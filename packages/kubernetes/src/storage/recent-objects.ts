import { LRUCache } from 'lru-cache';
import type { StorageEvent } from './backend.ts';
import type { StoredObject } from './stored-object.ts';

/** Larger records are not cached, in bytes. */
const MAX_RECORD = 4 * 1024;
const MAX_TOTAL = 4 * 1024 * 1024;

/**
 * A cache of small objects as they are stored now, parsed once: each write reads its namespace and
 * the ServiceAccount of its user.
 */
export class RecentObjects {
  readonly #objects = new LRUCache<string, StoredObject>({
    maxSize: MAX_TOTAL,
    maxEntrySize: MAX_RECORD,
    sizeCalculation: ({ record }) => record.byteLength,
  });

  get(key: string): StoredObject | undefined {
    return this.#objects.get(key);
  }

  /** Caches an object that was read from the storage. */
  keep(object: StoredObject): void {
    this.#objects.set(object.key, object);
  }

  /** Updates the cache after a commit. */
  follow(events: readonly StorageEvent[]): void {
    for (const { key, type, object } of events) {
      if (!this.#objects.has(key)) {
        continue;
      }

      if (type === 'DELETED') {
        this.#objects.delete(key);
      } else {
        this.#objects.set(key, object);
      }
    }
  }
}
