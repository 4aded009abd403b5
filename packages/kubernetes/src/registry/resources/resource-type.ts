import type { CustomVersion } from '../extensions/crd/custom-version.ts';

/** A subresource; without a kind it takes and gives the object itself. */
export interface Subresource {
  name: string;
  verbs: readonly string[];
  kind?: string;
  group?: string;
  version?: string;
}

/** One resource as it is served in one version. */
export interface ResourceType {
  group: string;
  version: string;
  /** Plural name, as in paths. */
  resource: string;
  singular: string;
  kind: string;
  listKind: string;
  namespaced: boolean;
  shortNames: readonly string[];
  categories: readonly string[];
  verbs: readonly string[];
  subresources: readonly Subresource[];
  /** The group, version and resource under which its objects are stored. */
  storage: { group: string; version: string; resource: string };
  /** The version in its CustomResourceDefinition; only of custom resources. */
  custom?: CustomVersion;
}

/** Prefix of the storage keys of a resource's objects. */
export function storagePrefix(type: Pick<ResourceType, 'storage'>, namespace?: string): string {
  const base = `/registry/${type.storage.group || 'core'}/${type.storage.resource}/`;
  return namespace ? `${base}${namespace}/` : base;
}

/** Storage key of an object; the namespace of cluster-scoped ones is ''. */
export function storageKey(
  type: Pick<ResourceType, 'storage'>,
  namespace: string,
  name: string,
): string {
  return `${storagePrefix(type, namespace)}${name}`;
}

/** `resource` or `resource.group`, as Kubernetes names resources in messages. */
export function qualifiedResource(type: { group: string; resource: string }): string {
  return type.group === '' ? type.resource : `${type.resource}.${type.group}`;
}

/** Whether a resource has a status subresource, through which alone its status changes. */
export function hasStatus(type: Pick<ResourceType, 'subresources'>): boolean {
  return type.subresources.some(({ name }) => name === 'status');
}
