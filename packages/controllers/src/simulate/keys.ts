import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';

/** Returns the uid of an object's controller. */
export function controllerUid({ metadata }: PersistedObject): string[] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner ? [owner.uid] : [];
}

/** Returns the key of an object's controller, if that is of this kind. */
export function controllerKey({ metadata }: PersistedObject, kind: string): string[] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner?.kind === kind ? [`${metadata.namespace ?? ''}/${owner.name}`] : [];
}

/** Returns the keys by which Services and pods find each other: a label in a namespace. */
export function labelKey(namespace: string | undefined, name: string, value: string): string {
  return `${namespace}|${name}=${value}`;
}
