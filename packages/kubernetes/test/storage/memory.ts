import type { Snapshot } from '@ks-apiserver/kubernetes/storage/backend';
import type { CompactionPolicy } from '@ks-apiserver/kubernetes/storage/change-log';
import {
  type Commit,
  RevisionedBackend,
} from '@ks-apiserver/kubernetes/storage/revisioned-backend';
import { StoredObject } from '@ks-apiserver/kubernetes/storage/stored-object';

/** A backend without persistence, for tests and experiments. */
export class MemoryBackend extends RevisionedBackend {
  readonly #records = new Map<string, Buffer>();
  readonly #log = new Map<number, Buffer>();
  /** Sorted; replaced instead of changed, so that snapshots may keep the old one. */
  #keys: readonly string[] = [];

  constructor(policy?: CompactionPolicy) {
    super(1, 2, policy);
  }

  protected read(key: string): Buffer | undefined {
    return this.#records.get(key);
  }

  protected scan(start: string, end: string): Snapshot {
    const keys = this.#keys.slice(this.#position(start), this.#position(end));
    const records = keys.map((key) => this.#records.get(key)!);
    let at = 0;

    const snapshot: Snapshot = {
      next: () =>
        at < keys.length
          ? { done: false, value: new StoredObject(keys[at]!, records[at++]!) }
          : { done: true, value: undefined },
      return: () => {
        at = keys.length;
        return { done: true, value: undefined };
      },
      [Symbol.iterator]: () => snapshot,
    };

    return snapshot;
  }

  protected countKeys(start: string, end: string): number {
    return this.#position(end) - this.#position(start);
  }

  protected readLog(revision: number): Buffer | undefined {
    return this.#log.get(revision);
  }

  protected async commit({ objects, log, forget }: Commit): Promise<void> {
    let changed = false;

    for (const [key, { after }] of objects) {
      changed ||= after === null || !this.#records.has(key);

      if (after === null) {
        this.#records.delete(key);
      } else {
        this.#records.set(key, after);
      }
    }

    if (changed) {
      this.#keys = [...this.#records.keys()].sort();
    }

    for (const { revision, bytes } of log) {
      this.#log.set(revision, bytes);
    }

    for (let revision = forget.first; revision <= forget.last; revision++) {
      this.#log.delete(revision);
    }
  }

  protected async release(): Promise<void> {
    this.#records.clear();
    this.#log.clear();
    this.#keys = [];
  }

  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    return low;
  }
}
