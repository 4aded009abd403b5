import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** The uid of the controller of an object. */
export function controllerUid({ metadata }: KubeObject): string[] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner ? [owner.uid] : [];
}

/** The key of the controller of an object, where it is of this kind. */
export function controllerKey({ metadata }: KubeObject, kind: string): string[] {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  return owner?.kind === kind ? [`${metadata.namespace ?? ''}/${owner.name}`] : [];
}

/** Keys by which Services and pods find each other: a label of a namespace. */
export function labelKey(namespace: string | undefined, name: string, value: string): string {
  return `${namespace}|${name}=${value}`;
}
