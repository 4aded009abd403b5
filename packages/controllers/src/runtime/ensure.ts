import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type {
  GroupVersionResource,
  KubeObject,
  PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, ObjectKey } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';

/**
 * Creates an object, or brings labels, annotations, owners and the named fields of the existing one
 * to what `object` says; other metadata stays. `existing` comes from an informer: when that is
 * behind, the update is a conflict and is tried again.
 */
export async function ensureEqual(
  client: KubeClient,
  resource: GroupVersionResource,
  object: KubeObject,
  fields: readonly string[],
  existing: PersistedObject | undefined,
): Promise<void> {
  if (!existing) {
    return ensureCreated(client, resource, object);
  }

  const labels = { ...existing.metadata.labels, ...object.metadata.labels };
  const annotations = { ...existing.metadata.annotations, ...object.metadata.annotations };
  const ownerReferences = object.metadata.ownerReferences ?? existing.metadata.ownerReferences;

  const metadata = {
    ...existing.metadata,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(ownerReferences && { ownerReferences }),
  };

  const wanted: PersistedObject = { ...existing, metadata };

  for (const field of fields) {
    wanted[field] = object[field];
  }

  if (!equalJson(existing, wanted)) {
    await client.update(resource, wanted);
  }
}

/** Deletes an object; does nothing when it is gone already. */
export async function ensureDeleted(client: KubeClient, key: ObjectKey): Promise<void> {
  try {
    await client.delete(key);
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 404)) {
      throw error;
    }
  }
}

/** Adds a finalizer and returns the object with it. */
export async function withFinalizer<T extends PersistedObject>(
  client: KubeClient,
  resource: GroupVersionResource,
  object: T,
  finalizer: string,
): Promise<T> {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer)) {
    return object;
  }

  return client.update(resource, {
    ...object,
    metadata: { ...object.metadata, finalizers: [...finalizers, finalizer] },
  });
}

/** Removes a finalizer, so that the object can be deleted. */
export async function withoutFinalizer(
  client: KubeClient,
  resource: GroupVersionResource,
  object: PersistedObject,
  finalizer: string,
): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) {
    return;
  }

  const rest = finalizers.filter((other) => other !== finalizer);
  await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: rest } });
}
