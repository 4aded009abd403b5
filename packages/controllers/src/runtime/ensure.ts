import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient, ObjectKey } from '@ks-apiserver/client/kube/client';

/** Creates an object unless one of that name exists already. */
export async function ensureCreated(
  client: KubeClient,
  resource: GroupVersionResource,
  object: KubeObject,
): Promise<void> {
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
      throw error;
    }
  }
}

/**
 * Creates an object, or brings the existing one's labels, annotations, owners and the named fields
 * to what `object` says; other metadata stays. `existing` comes from a cache: one that is behind
 * makes the update a conflict, which is tried again.
 */
export async function ensureEqual(
  client: KubeClient,
  resource: GroupVersionResource,
  object: KubeObject,
  fields: readonly string[],
  existing: KubeObject | undefined,
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

  const wanted: KubeObject = { ...existing, metadata };

  for (const field of fields) {
    wanted[field] = object[field];
  }

  if (!equalJson(existing, wanted)) {
    await client.update(resource, wanted);
  }
}

/** Deletes an object; one that is gone already is fine. */
export async function ensureDeleted(client: KubeClient, key: ObjectKey): Promise<void> {
  try {
    await client.delete(key);
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 404)) {
      throw error;
    }
  }
}

/** Adds a finalizer; answers the object as it is then. */
export async function withFinalizer<T extends KubeObject>(
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

/** Removes a finalizer, after which the object may go. */
export async function withoutFinalizer(
  client: KubeClient,
  resource: GroupVersionResource,
  object: KubeObject,
  finalizer: string,
): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) {
    return;
  }

  const rest = finalizers.filter((other) => other !== finalizer);
  await client.update(resource, { ...object, metadata: { ...object.metadata, finalizers: rest } });
}
