import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Change, Store } from '@ks-apiserver/client/informer/store';
import type { ResourceStores } from '../catalog/definition.ts';

/** How many claims ask for each storage class, kept up with every change of a claim. */
class StorageClassUse {
  readonly #claims = new Map<string, number>();

  constructor(claims: Store) {
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

const uses = new WeakMap<Store, StorageClassUse>();

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
 * Whether volumes of the class's provisioner can be snapshotted, as the provisioner's capability
 * says.
 */
function supportsSnapshot(storageClass: Entry, stores: ResourceStores): boolean {
  const name = String(storageClass.fields.provisioner).replaceAll(/[./]/g, '-');
  return stores.store('provisionercapabilities')?.get(name)?.fields.snapshot === true;
}

/** Storage classes of which a claim more or less asks for one. */
function classesOf({ type, entry, previous }: Change): string[] {
  const before = previous?.fields.storageClassName;
  const after = type === 'DELETED' ? undefined : entry.fields.storageClassName;
  return before === after ? [] : [before, after].flatMap((name) => (name ? `/${name}` : []));
}

/**
 * Annotations of storage classes: how many claims ask for one and, unless it says so itself,
 * whether it takes snapshots.
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
