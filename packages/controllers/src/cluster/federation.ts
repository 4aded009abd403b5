import type { ClusterObject } from './cluster-object.ts';

/** What takes part in the propagation of objects, with the clusters that are joined. */
export interface Federation {
  /**
   * Joins a cluster, also one that is joined already. Resolves with the milliseconds after which
   * that is to be done again, if at all; rejects if it cannot be done now.
   */
  join(cluster: ClusterObject): Promise<number | undefined>;
  /** Takes a cluster out again; rejects if that is to be tried once more. */
  leave(cluster: ClusterObject): Promise<void>;
}

/**
 * The propagation by this server, which makes nothing in members to be able to call them: it has
 * the credentials of their Clusters.
 */
export const OWN_FEDERATION: Federation = {
  join: async () => undefined,
  leave: async () => {},
};
