import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Change, InformerStore } from '@ks-apiserver/client/informer/informer-store';

/** Access to the cached objects of other resources, which the catalog gives. */
export interface ResourceStores {
  /** What is cached of a resource; undefined before it is in use. */
  store(name: string): InformerStore | undefined;
}

/** Tests an entry against the value of a filter, which may look into other resources. */
export type Filter = (entry: Entry, value: string, stores: ResourceStores) => boolean;

/** Returns the value that an entry is sorted by; times are milliseconds. */
export type SortKey = (entry: Entry) => number | string;

/** What lists, gets, informers and discovery need to know of a resource. */
export interface ResourceDefinition extends GroupVersionResource {
  kind: string;
  namespaced: boolean;
  /** Versions to read it in if its own is not served, best first. */
  otherVersions?: readonly string[];
  /** Whether lists take `aggregateTo`: only roles do. */
  aggregates?: boolean;
  /** Returns the fields that the resource's filters and sort keys read from an entry. */
  fields?: (object: KubeObject) => Record<string, unknown>;
  /** Names of members whose lists `fields` does not read. */
  unread?: readonly string[];
  /** Filters beyond those that every resource has. */
  filters?: Readonly<Record<string, Filter>>;
  /** Sort keys beyond name and creation time. */
  sortKeys?: Readonly<Record<string, SortKey>>;
  /** Whether parsed objects are kept: for objects that are read on every request. */
  keepObjects?: boolean;
  /** Whether the resource is followed from the start and not from its first use. */
  eager?: boolean;
  /**
   * Whether lists and gets also need the right to the kind itself: a rule on all of
   * resources.kubesphere.io gives no right to credentials.
   */
  needsOwnRight?: boolean;
  /** Resources that filters and annotations read: they are followed together with this one. */
  uses?: readonly string[];
  /** Filters that read those resources, and not the entry alone. */
  relatedFilters?: readonly string[];
  /**
   * By resource that annotations are computed from: returns the keys `namespace/name` of entries
   * whose annotations may change with a change there.
   */
  annotatedFrom?: Readonly<Record<string, (change: Change) => Iterable<string> | 'all'>>;
  /**
   * Returns annotations that are computed from other resources and added to an entry's answer;
   * undefined for none.
   */
  annotate?: (entry: Entry, stores: ResourceStores) => Record<string, string> | undefined;
  /**
   * Returns a number that changes whenever `annotate` would return something else for the entry.
   */
  annotationVersion?: (entry: Entry, stores: ResourceStores) => number;
}

/** Returns the definitions of one group and version from their plural names. */
export function inVersion(
  group: string,
  version: string,
  definitions: Record<string, Omit<ResourceDefinition, 'group' | 'version' | 'resource'>>,
): ResourceDefinition[] {
  return Object.entries(definitions).map(([resource, definition]) => ({
    group,
    version,
    resource,
    ...definition,
  }));
}
