import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';

/** One condition of a Cluster. */
export interface ClusterCondition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  lastUpdateTime?: string;
  lastTransitionTime?: string;
  reason?: string;
  message?: string;
}

/** How a member is reached. */
export interface ClusterConnection {
  type?: 'direct' | 'proxy' | '';
  kubesphereAPIEndpoint?: string;
  kubernetesAPIEndpoint?: string;
  kubeconfig?: string;
  token?: string;
  kubernetesAPIServerPort?: number;
  kubesphereAPIServerPort?: number;
}

/** A Cluster (cluster.kubesphere.io/v1alpha1). */
export interface ClusterObject extends PersistedObject {
  spec?: {
    joinFederation?: boolean;
    enable?: boolean;
    provider?: string;
    connection?: ClusterConnection;
  };
  status?: {
    conditions?: ClusterCondition[] | null;
    kubernetesVersion?: string;
    nodeCount?: number;
    configz?: Record<string, boolean>;
    uid?: string;
  };
}

/** Whether a Cluster has a condition that is true. */
export function isTrue({ status }: ClusterObject, type: string): boolean {
  return (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');
}

/**
 * Returns conditions with one of them set. Its times change only with the condition: an object that
 * is as it was is not written again.
 */
export function withCondition(
  conditions: readonly ClusterCondition[],
  set: Pick<ClusterCondition, 'type' | 'status' | 'reason' | 'message'>,
  now: string,
): ClusterCondition[] {
  const existing = conditions.find(({ type }) => type === set.type);
  const others = conditions.filter(({ type }) => type !== set.type);

  if (
    existing?.status === set.status &&
    existing.reason === set.reason &&
    existing.message === set.message
  ) {
    return [...others, existing];
  }

  const lastTransitionTime =
    existing?.status === set.status ? (existing.lastTransitionTime ?? now) : now;

  return [...others, { ...set, lastUpdateTime: now, lastTransitionTime }];
}
