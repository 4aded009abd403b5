import type { StorageEvent } from '../../storage/backend.ts';
import type { StoredObject } from '../../storage/stored-object.ts';

/** Storage keys of the objects that name an owner, by the owner's uid. */
export class OwnerIndex {
  readonly #dependents = new Map<string, Set<string>>();

  get empty(): boolean {
    return this.#dependents.size === 0;
  }

  add(object: StoredObject): void {
    for (const uid of object.index.owners ?? []) {
      const keys = this.#dependents.get(uid) ?? new Set();
      this.#dependents.set(uid, keys.add(object.key));
    }
  }

  apply({ type, object, previous }: StorageEvent): void {
    for (const uid of previous?.index.owners ?? []) {
      const keys = this.#dependents.get(uid);
      keys?.delete(object.key);

      if (keys?.size === 0) {
        this.#dependents.delete(uid);
      }
    }

    if (type !== 'DELETED') {
      this.add(object);
    }
  }

  of(uid: string): readonly string[] {
    return [...(this.#dependents.get(uid) ?? [])];
  }
}
