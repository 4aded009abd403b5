import { PERSISTENT_VOLUME_CLAIMS } from '@ks-apiserver/api/resources';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';

/**
 * Who is to make the volume of a claim: by the first of these the console finds what it can do,
 * Kubernetes has both.
 */
const KEYS = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
] as const;

/** The provisioner of classes whose volumes people make. */
const NONE = 'kubernetes.io/no-provisioner';

/** What the controller of claims' provisioners works with. */
export interface ClaimProvisionerParts {
  client: KubeClient;
  claims: Informer;
  /** With their objects. */
  classes: Informer;
}

/**
 * Claims: the provisioner of each one's class, which Kubernetes' own volume controller would write
 * into its annotations.
 */
export function claimProvisionerReconciler({
  client,
  claims,
  classes,
}: ClaimProvisionerParts): Reconciler {
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

      const { metadata, spec } = JSON.parse(claim.bytes.toString()) as KubeObject;
      const provisioner = classes.store.get(String(spec?.storageClassName ?? ''))?.object
        ?.provisioner;

      // One that names its volume needs nobody to make it.
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

/** Whether the volume that a claim has was made for it. */
function isProvisioned({ volumeName }: { volumeName?: string }): boolean {
  return volumeName?.startsWith('pvc-') === true;
}
