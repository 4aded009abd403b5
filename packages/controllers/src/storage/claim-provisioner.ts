import { PERSISTENT_VOLUME_CLAIMS } from '@ks-apiserver/api/resources';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';

/**
 * Annotations that name the provisioner of a claim: the console reads the first to find what
 * volumes can do, Kubernetes has both.
 */
const KEYS = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
] as const;

/** Provisioner of classes whose volumes are created by hand. */
const NONE = 'kubernetes.io/no-provisioner';

/** Dependencies of the claim provisioner controller. */
export interface ClaimProvisionerDependencies {
  client: KubeClient;
  claims: Informer;
  /** The informers keep parsed objects. */
  classes: Informer;
}

/**
 * Writes the provisioner of each claim's class into its annotations, as Kubernetes' own volume
 * controller would.
 */
export function claimProvisionerReconciler({
  client,
  claims,
  classes,
}: ClaimProvisionerDependencies): Reconciler {
  const keyOf = ({ namespace, name }: { namespace: string; name: string }) =>
    `${namespace}/${name}`;

  return {
    name: 'claim-provisioner',
    sources: [
      { informer: claims, keys: ({ type, entry }) => (type === 'DELETED' ? [] : [keyOf(entry)]) },
      {
        informer: classes,
        keys: ({ type, entry }) =>
          type === 'ADDED'
            ? [...claims.store.values()]
                .filter(({ fields }) => fields.storageClassName === entry.name)
                .map(keyOf)
            : [],
      },
    ],
    async reconcile(key) {
      const slash = key.indexOf('/');
      const [namespace, name] = [key.slice(0, slash), key.slice(slash + 1)];
      const claim = claims.store.get(name, namespace);
      if (!claim || KEYS.every((annotation) => claim.annotations[annotation] !== undefined)) {
        return undefined;
      }

      const { metadata, spec } = JSON.parse(claim.bytes.toString()) as PersistedObject;
      const provisioner = classes.store.get(String(spec?.storageClassName ?? ''))?.object
        ?.provisioner;

      // A claim that names its volume needs no provisioner.
      if (
        typeof provisioner !== 'string' ||
        provisioner === NONE ||
        (spec?.volumeName && !isProvisioned(spec))
      ) {
        return undefined;
      }

      const annotations = Object.fromEntries(KEYS.map((annotation) => [annotation, provisioner]));
      const { uid, resourceVersion } = metadata;

      await client.patch({ resource: PERSISTENT_VOLUME_CLAIMS, namespace, name }, 'merge', {
        metadata: { uid, resourceVersion, annotations },
      });

      return undefined;
    },
  };
}

/** Whether a claim's volume was made for it. */
function isProvisioned({ volumeName }: { volumeName?: string }): boolean {
  return volumeName?.startsWith('pvc-') === true;
}
