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
  /** Least recently used first. */
  readonly #objects = new Map<string, StoredObject>();
  #bytes = 0;

  get(key: string): StoredObject | undefined {
    const object = this.#objects.get(key);
    if (object) {
      this.#objects.delete(key);
      this.#objects.set(key, object);
    }

    return object;
  }

  /** Caches an object that was read from the storage. */
  keep(object: StoredObject): void {
    this.#drop(object.key);

    const { byteLength } = object.record;
    if (byteLength > MAX_RECORD) {
      return;
    }

    this.#objects.set(object.key, object);
    this.#bytes += byteLength;

    for (const oldest of this.#objects.keys()) {
      if (this.#bytes <= MAX_TOTAL) {
        break;
      }
      this.#drop(oldest);
    }
  }

  /** Updates the cache after a commit. */
  follow(events: readonly StorageEvent[]): void {
    for (const { key, type, object } of events) {
      if (!this.#objects.has(key)) {
        continue;
      }

      if (type === 'DELETED') {
        this.#drop(key);
      } else {
        this.keep(object);
      }
    }
  }

  #drop(key: string): void {
    const object = this.#objects.get(key);
    if (!object) {
      return;
    }

    this.#objects.delete(key);
    this.#bytes -= object.record.byteLength;
  }
}
