import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Change, InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { ResourceStores } from '../query/resource-definition.ts';
import { listField } from './fields.ts';

/** Number of pods that mount each claim, updated with every change of a pod. */
class ClaimUse {
  readonly #pods = new Map<string, { count: number; version: number }>();

  constructor(pods: InformerStore) {
    for (const pod of pods.values()) {
      this.#change(pod, 1);
    }

    pods.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#change(previous, -1);
      }
      if (type !== 'DELETED') {
        this.#change(entry, 1);
      }
    });
  }

  #change(pod: Entry, by: number): void {
    for (const claim of listField(pod, 'claims')) {
      const key = `${pod.namespace}/${claim}`;
      const use = this.#pods.get(key) ?? { count: 0, version: 0 };
      this.#pods.set(key, { count: use.count + by, version: use.version + 1 });
    }
  }

  of(claim: Entry): { count: number; version: number } {
    return this.#pods.get(`${claim.namespace}/${claim.name}`) ?? { count: 0, version: 0 };
  }
}

const uses = new WeakMap<InformerStore, ClaimUse>();

function useOf(claim: Entry, stores: ResourceStores): { count: number; version: number } {
  const pods = stores.store('pods');
  if (!pods) {
    return { count: 0, version: 0 };
  }

  let use = uses.get(pods);
  if (!use) {
    use = new ClaimUse(pods);
    uses.set(pods, use);
  }

  return use.of(claim);
}

/** Returns the claims that a pod begins or ceases to mount. */
function claimsOf({ type, entry, previous }: Change): string[] {
  const before = previous ? listField(previous, 'claims') : [];
  const after = type === 'DELETED' ? [] : listField(entry, 'claims');

  const changed = [
    ...before.filter((claim) => !after.includes(claim)),
    ...after.filter((claim) => !before.includes(claim)),
  ];

  return changed.map((claim) => `${entry.namespace}/${claim}`);
}

/**
 * Annotations of claims: whether a pod mounts one, and whether a snapshot class has the driver of
 * its provisioner.
 */
export const claimAnnotations = {
  annotatedFrom: { pods: claimsOf, volumesnapshotclasses: () => 'all' as const },

  annotationVersion(claim: Entry, stores: ResourceStores): number {
    return (
      1 +
      useOf(claim, stores).version * 1024 +
      (stores.store('volumesnapshotclasses')?.version ?? 0)
    );
  },

  annotate(claim: Entry, stores: ResourceStores): Record<string, string> {
    const { provisioner } = claim.fields;
    const classes = [...(stores.store('volumesnapshotclasses')?.values() ?? [])];
    const snapshots =
      provisioner !== undefined &&
      classes.some((snapshotClass) => snapshotClass.fields.driver === provisioner);

    return {
      'kubesphere.io/in-use': String(useOf(claim, stores).count > 0),
      'kubesphere.io/allow-snapshot': String(snapshots),
    };
  },
};
