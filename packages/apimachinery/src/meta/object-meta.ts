import type { KubeObject, OwnerReference } from './types.ts';

/** Whether an object is being deleted and only waits for its finalizers. */
export function isTerminating(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/**
 * Returns the owner reference that makes a stored object the controller of another: the other is
 * deleted with it (meta/v1 OwnerReference).
 */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion = '', kind = '', metadata } = owner;
  const { name = '', uid = '' } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
