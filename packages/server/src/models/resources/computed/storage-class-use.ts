import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Change, InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { ResourceStores } from '../query/resource-definition.ts';

/** Number of claims of each storage class, updated with every change of a claim. */
class StorageClassUse {
  readonly #claims = new Map<string, number>();

  constructor(claims: InformerStore) {
    for (const claim of claims.values()) {
      this.#change(claim, 1);
    }

    claims.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#change(previous, -1);
      }
      if (type !== 'DELETED') {
        this.#change(entry, 1);
      }
    });
  }

  #change(claim: Entry, by: number): void {
    const name = String(claim.fields.storageClassName);
    const count = (this.#claims.get(name) ?? 0) + by;
    if (count > 0) {
      this.#claims.set(name, count);
    } else {
      this.#claims.delete(name);
    }
  }

  of(storageClass: Entry): number {
    return this.#claims.get(storageClass.name) ?? 0;
  }
}

const uses = new WeakMap<InformerStore, StorageClassUse>();

function claimsOf(storageClass: Entry, stores: ResourceStores): number {
  const claims = stores.store('persistentvolumeclaims');
  if (!claims) {
    return 0;
  }

  let use = uses.get(claims);
  if (!use) {
    use = new StorageClassUse(claims);
    uses.set(claims, use);
  }

  return use.of(storageClass);
}

const SNAPSHOT = 'storageclass.kubesphere.io/support-snapshot';

/**
 * Whether volumes of the class's provisioner support snapshots, by the provisioner's capability.
 */
function supportsSnapshot(storageClass: Entry, stores: ResourceStores): boolean {
  const name = String(storageClass.fields.provisioner).replaceAll(/[./]/g, '-');
  return stores.store('provisionercapabilities')?.get(name)?.fields.snapshot === true;
}

/** Returns the storage classes whose number of claims changes. */
function classesOf({ type, entry, previous }: Change): string[] {
  const before = previous?.fields.storageClassName;
  const after = type === 'DELETED' ? undefined : entry.fields.storageClassName;
  return before === after ? [] : [before, after].flatMap((name) => (name ? `/${name}` : []));
}

/**
 * Annotations of storage classes: the number of claims and, unless the class has it itself, whether
 * it supports snapshots.
 */
export const storageClassAnnotations = {
  annotatedFrom: {
    persistentvolumeclaims: classesOf,
    provisionercapabilities: () => 'all' as const,
  },

  annotationVersion(storageClass: Entry, stores: ResourceStores): number {
    return 2 + 2 * claimsOf(storageClass, stores) + Number(supportsSnapshot(storageClass, stores));
  },
  annotate(storageClass: Entry, stores: ResourceStores): Record<string, string> {
    return {
      'kubesphere.io/pvc-count': String(claimsOf(storageClass, stores)),
      [SNAPSHOT]:
        storageClass.annotations[SNAPSHOT] ?? String(supportsSnapshot(storageClass, stores)),
    };
  },
};
