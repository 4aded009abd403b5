/** JSON as it appears in Kubernetes objects. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A reference from a dependent to its owner (Kubernetes meta/v1 OwnerReference). */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** One manager's fields in `metadata.managedFields` (Kubernetes meta/v1 ManagedFieldsEntry). */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: 'FieldsV1';
  fieldsV1?: Record<string, Json>;
  subresource?: string;
}

/**
 * Metadata that every persisted object carries (Kubernetes meta/v1 ObjectMeta); times are RFC 3339
 * in UTC.
 */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  selfLink?: string;
}

/**
 * Any Kubernetes object: type, metadata, and fields of its kind. `Spec` and `Status` describe those
 * fields where the kind is known.
 */
// biome-ignore lint/suspicious/noExplicitAny: the fields depend on the kind, which only its schema knows.
export interface KubeObject<Spec = any, Status = any> {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  spec?: Spec;
  status?: Status;
  // biome-ignore lint/suspicious/noExplicitAny: the fields depend on the kind, which only its schema knows.
  [field: string]: any;
}

/** An object as the API has stored it: it has a name, a uid and a version. */
export type PersistedObject<T extends KubeObject = KubeObject> = T & {
  metadata: { name: string; uid: string; resourceVersion: string };
};

/** A list answer of the Kubernetes API. */
export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion?: string;
  kind?: string;
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

/** One event of a watch (Kubernetes meta/v1 WatchEvent). */
export interface WatchEvent<T = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}

/** Group and version and kind of an object; group is '' for the core group. */
export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** Group, version and plural resource name; group is '' for the core group. */
export interface GroupVersionResource {
  group: string;
  version: string;
  resource: string;
}

/** `apiVersion` of a group and version: `v1` for the core group, else `group/version`. */
export function apiVersionOf(gv: { group: string; version: string }): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
}

/**
 * Kind and version as Go prints them in messages: `apps/v1, Kind=Deployment`, and `/v1, Kind=Pod`
 * of the core group.
 */
export function kindText({
  apiVersion = '',
  kind,
}: {
  apiVersion?: string | undefined;
  kind?: string | undefined;
}): string {
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
}

/** Group and version named by an `apiVersion`; the group of `v1` is ''. */
export function parseApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

/**
 * Path of a group-version's resources: `/api/v1` for the core group, else `/apis/group/version`.
 */
export function groupVersionPath(gv: { group: string; version: string }): string {
  return gv.group === '' ? `/api/${gv.version}` : `/apis/${gv.group}/${gv.version}`;
}
