import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { TargetCluster } from '../objects/placement.ts';

/** A KubeFedCluster (core.kubefed.io/v1beta1). */
export interface KubeFedCluster extends PersistedObject {
  status?: {
    conditions?: {
      type: string;
      status: string;
      reason?: string;
      message?: string;
      lastProbeTime?: string;
      lastTransitionTime?: string;
    }[];
  };
}

/** Returns what a KubeFedCluster says about its cluster. */
export function targetOf(object: PersistedObject): TargetCluster {
  const { metadata, status } = object as KubeFedCluster;

  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    ready: (status?.conditions ?? []).some((one) => one.type === 'Ready' && one.status === 'True'),
  };
}

/** Whether a change of a KubeFedCluster matters for what is in the cluster. */
export function changesTarget({ type, entry, previous }: Change): boolean {
  const [before, now] = [previous?.object, type === 'DELETED' ? undefined : entry.object];
  return !equalJson(before && targetOf(before), now && targetOf(now));
}
