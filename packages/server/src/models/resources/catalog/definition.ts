import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Change, Store } from '@ks-apiserver/client/informer/store';

/** Access to the cached objects of other resources, which the catalog gives. */
export interface ResourceStores {
  /** What is cached of a resource; undefined before it is in use. */
  store(name: string): Store | undefined;
}

/** Tests an entry against the value of a filter, which may look into other resources. */
export type Filter = (entry: Entry, value: string, stores: ResourceStores) => boolean;

/** What an entry is sorted by; numbers are milliseconds for times. */
export type SortKey = (entry: Entry) => number | string;

/**
 * One definition of the table of resources: everything that lists, gets, informers and discovery need of
 * it.
 */
export interface ResourceDefinition extends GroupVersionResource {
  kind: string;
  namespaced: boolean;
  /** Versions that it is read in where its own is not served, best first. */
  otherVersions?: readonly string[];
  /** Roles: lists take `aggregateTo`. */
  aggregates?: boolean;
  /** Fields that the resource's filters and sort keys read from an entry. */
  fields?: (object: KubeObject) => Record<string, unknown>;
  /**
   * Members, at any depth, whose objects and arrays `fields` does not look into: they are long and
   * need not be parsed.
   */
  unread?: readonly string[];
  /** Filters beyond those that every resource has. */
  filters?: Readonly<Record<string, Filter>>;
  /** Sort keys beyond name and creation time. */
  sortKeys?: Readonly<Record<string, SortKey>>;
  /** Keeps the parsed objects: for what rules look into on every request. */
  keepObjects?: boolean;
  /** Follows the resource from the start and not from its first use. */
  eager?: boolean;
  /**
   * Lists and gets take the right to the kind itself too: a rule on all of resources.kubesphere.io
   * is no right to credentials.
   */
  needsOwnRight?: boolean;
  /** Resources that filters and annotations look into: they are followed together with this one. */
  uses?: readonly string[];
  /** Filters that look into those resources, and not at the entry alone. */
  relatedFilters?: readonly string[];
  /**
   * By resource that annotations are computed from: keys `namespace/name` of entries whose
   * annotations a change there may change.
   */
  annotatedFrom?: Readonly<Record<string, (change: Change) => Iterable<string> | 'all'>>;
  /** Annotations computed from other resources, added to an entry's answer; undefined for none. */
  annotate?: (entry: Entry, stores: ResourceStores) => Record<string, string> | undefined;
  /** A number that changes whenever `annotate` would answer differently for the entry. */
  annotationVersion?: (entry: Entry, stores: ResourceStores) => number;
}
