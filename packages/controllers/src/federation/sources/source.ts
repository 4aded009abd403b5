import type { FederatedSpec } from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_API_VERSION, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { FEDERATED_LABEL } from '@ks-apiserver/api/labels';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { GroupVersionResource, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { Reconciler } from '../../runtime/controller.ts';

/** How long to wait for the deletion of a federated object of a former owner, in milliseconds. */
const AGAIN_MS = 5000;

/** How often it is looked whether the kind of the federated objects is served, in milliseconds. */
const NOT_SERVED_MS = 60_000;

/** A kind of the host whose objects are propagated to members. */
export interface FederatedSource {
  kind: FederatedKind;
  /** The resource of the host's objects. */
  resource: GroupVersionResource;
  /** The host's objects; keeps objects. */
  objects: Informer;
  /** The federated objects; keeps objects. */
  federated: Informer;
  /**
   * Returns what is propagated of an object; the placement of an existing federated object is
   * kept if there is none. Undefined if it is not to be propagated yet.
   */
  specOf: (object: PersistedObject) => FederatedSpec | undefined;
}

/** Placement in all clusters. */
const EVERYWHERE = { clusterSelector: {} };

/** Makes the federated object of each object of a kind, by which members get it. */
export function sourceReconciler(client: KubeClient, source: FederatedSource): Reconciler {
  const { kind, resource, objects, federated, specOf } = source;

  /** Labels the host's own object, so that it is not taken for a copy. */
  async function label(object: PersistedObject): Promise<void> {
    if (object.metadata.labels?.[FEDERATED_LABEL] !== 'false') {
      const { name, resourceVersion } = object.metadata;
      const metadata = { resourceVersion, labels: { [FEDERATED_LABEL]: 'false' } };
      await client.patch({ resource, name }, 'merge', { metadata });
    }
  }

  return {
    name: `${kind.federated.resource}-source`,
    about: (name) => objects.store.get(name)?.object,
    sources: [
      { informer: objects, keys: ({ entry }) => [entry.name] },
      { informer: federated, keys: ({ entry }) => [entry.name] },
    ],
    async reconcile(name) {
      const object = objects.store.get(name)?.object;
      const wanted = object && !isTerminating(object) ? specOf(object) : undefined;
      if (!object || !wanted) {
        return undefined;
      }

      // The kind of the federated objects is not installed, or not yet.
      if (!federated.served) {
        return NOT_SERVED_MS;
      }

      await label(object);

      const existing = federated.store.get(name)?.object;
      const owners = existing?.metadata.ownerReferences ?? [];
      const isOwn = owners.some(({ uid }) => uid === object.metadata.uid);
      const isOfAnother = !isOwn && owners.some(({ controller }) => controller);

      // That of a former object of the name goes first, with all of its copies.
      if (existing && (isTerminating(existing) || isOfAnother)) {
        return AGAIN_MS;
      }

      const spec = {
        ...existing?.spec,
        ...wanted,
        placement: wanted.placement ?? existing?.spec?.placement ?? EVERYWHERE,
      };

      if (!existing) {
        await ensureCreated(client, kind.federated, {
          apiVersion: FEDERATED_API_VERSION,
          kind: `Federated${kind.kind}`,
          metadata: { name, ownerReferences: [controllerReference(object)] },
          spec,
        });
      } else if (!isOwn || !equalJson(existing.spec, spec)) {
        const ownerReferences = isOwn ? owners : [...owners, controllerReference(object)];
        const metadata = { ...existing.metadata, ownerReferences };
        await client.update(kind.federated, { ...existing, metadata, spec });
      }

      return undefined;
    },
  };
}
