import { LRUCache } from 'lru-cache';
import type { Backend } from '../../storage/backend.ts';

/** The bytes of a list's items, and the fields of its metadata about the rest. */
export interface KeptList {
  /** The JSON of the items, with commas between them, and of the end of the list. */
  items: Buffer;
  /** Storage key, without the prefix, of the first item after these. */
  next?: string;
  /** Items that follow, where that is known. */
  remaining?: number;
}

interface Entry extends KeptList {
  version: number;
}

/** Longer lists, in bytes, are not cached: they are sent while they are read. */
export const MAX_KEPT_BYTES = 8 * 1024 * 1024;

const MAX_TOTAL_BYTES = 32 * 1024 * 1024;
const MAX_PREFIXES = 10_000;
const MAX_SEEN = 1_000;

/** Marks a version of a list that was too long. */
const TOO_LONG = -1;

/**
 * Prefixes of the lists that have an object: of its resource, and of the resource in its namespace.
 */
function prefixesOf(key: string): [resource: string, namespace?: string] {
  let end = 0;

  for (let i = 0; i < 4; i++) {
    end = key.indexOf('/', end) + 1;
  }

  const resource = key.slice(0, end);
  const slash = key.indexOf('/', end);

  return slash < 0 ? [resource] : [resource, key.slice(0, slash + 1)];
}

/**
 * A cache of the bytes of lists that were requested twice without a change in between: repeated
 * requests cost a copy instead of reading. A list has the revision of the last event below its
 * prefix.
 */
export class ListCache {
  readonly #changed = new Map<string, number>();
  /** Revision of prefixes without events since the start. */
  #epoch = 0;
  readonly #entries = new LRUCache<string, Entry>({
    maxSize: MAX_TOTAL_BYTES,
    sizeCalculation: ({ items }) => items.byteLength,
  });
  /** Versions of the lists that were requested last. */
  readonly #seen = new LRUCache<string, number>({ max: MAX_SEEN });

  /** Follows the storage's events; returns a function that ends this. */
  start(backend: Backend): () => void {
    this.#epoch = backend.revision;

    return backend.onCommit((events) => {
      for (const { key, revision } of events) {
        for (const prefix of prefixesOf(key)) {
          if (prefix) {
            this.#changed.set(prefix, revision);
          }
        }
      }

      if (this.#changed.size <= MAX_PREFIXES) {
        return;
      }

      this.#changed.clear();
      this.#epoch = backend.revision;
    });
  }

  /** Revision of the last event below a prefix, or a later one. */
  versionOf(prefix: string): number {
    return this.#changed.get(prefix) ?? this.#epoch;
  }

  /** A cached list that is up to date. */
  get(key: string, prefix: string): KeptList | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.version === this.versionOf(prefix)) {
      return entry;
    }

    this.#entries.delete(key);

    return undefined;
  }

  /** Whether a list should be cached: it was requested before and has not changed since. */
  isWanted(key: string, prefix: string): boolean {
    const version = this.versionOf(prefix);
    const seen = this.#seen.get(key);
    if (seen === version) {
      return true;
    }
    if (seen === TOO_LONG) {
      return false;
    }

    this.#seen.set(key, version);

    return false;
  }

  /** Marks a list as too long, so that it is not collected again soon. */
  refuse(key: string): void {
    this.#seen.set(key, TOO_LONG);
  }

  /** Caches a list that was read now; drops the least recently used ones. */
  put(key: string, prefix: string, list: KeptList): void {
    this.#entries.set(key, { ...list, version: this.versionOf(prefix) });
  }
}
