import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { VisibleNamespaces } from '../../authorization/visible-namespaces.ts';
import type { MergedList } from '../../resources/query/merged-order.ts';
import type { ResourceDefinition } from '../../resources/query/resource-definition.ts';
import type { MemberScope } from '../member-scopes.ts';

/** What of one cluster is needed for its part of a list. */
export interface ClusterScope extends Pick<MemberScope, 'catalog' | 'authorizer' | 'visibility'> {
  /** Aborted when the cluster is not followed any more; undefined for the host. */
  ended?: AbortSignal;
}

/** What of the list of one cluster a caller may see. */
export interface SourceAccess {
  /** Namespaces that are left out. */
  hidden: ReadonlySet<string> | undefined;
  /** The only namespaces that are shown; undefined for all. */
  visible: VisibleNamespaces | undefined;
}

/** Returns a text that is equal where just the same may be seen. */
export function accessKey({ visible, hidden }: SourceAccess): string {
  return JSON.stringify([visible?.key, hidden && [...hidden]]);
}

/** Returns what a caller may see of the list of a cluster; undefined for nothing. */
export type AccessIn = (
  scope: ClusterScope,
  definition: ResourceDefinition,
  caller: UserInfo,
) => SourceAccess | undefined;

/** The list of one cluster, with the caller's rights to it. */
export interface ClusterSource extends MergedList {
  store: InformerStore;
  access: SourceAccess;
  /** Since when its copy may be out of date, by steadyNow; undefined while it is not. */
  staleSince: number | undefined;
  /** Returns which copies are out of date, and for how long, as headers tell it. */
  stale(): string | undefined;
  /** Whether the list is still followed, and the caller may see just the same of it. */
  isCurrent(): boolean;
}

/** What became of one cluster in an answer. */
export interface ClusterState {
  name: string;
  state:
    | 'ready'
    /** It is in the answer, but its copy may be out of date. */
    | 'stale'
    /** It is missing in the answer. */
    | 'unreachable'
    /** The caller may not read the list there. */
    | 'forbidden'
    /** It has no such kind. */
    | 'unserved'
    /** There is no such cluster, or it is not for the caller to know. */
    | 'unknown';
  /** Since when it is stale, in RFC 3339. */
  since?: string;
  reason?: string;
  /** How many of its objects are in the list. */
  totalItems?: number;
}

/** Lists of several clusters, and what is to be said of these. */
export interface ClusterSources {
  /** In the order of the clusters' names. */
  sources: readonly ClusterSource[];
  /** In the same order; clusters of which the caller must not know are left out. */
  states: readonly ClusterState[];
  /** Whether a cluster is missing that could have something for the caller. */
  isIncomplete: boolean;
  /** To be called once, when the lists are not used any more. */
  release(): void;
}
