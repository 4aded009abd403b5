import type { Json, KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { LabelSelectorObject } from '@ks-apiserver/apimachinery/selectors/labels';

/** Finalizer of federated objects: copies are removed first. */
export const SYNC_FINALIZER = 'kubefed.io/sync-controller';

/** Annotation of a federated object whose copies stay when it is deleted; its value is `true`. */
export const ORPHAN_ANNOTATION = 'kubefed.io/orphan';

/** One change of the template for one cluster; an operation of a JSON patch (RFC 6902). */
export interface ClusterOverride {
  /** `replace` if there is none. */
  op?: string;
  path: string;
  value?: Json;
}

/** Where an object is propagated to. */
export interface Placement {
  clusters?: { name: string }[] | null;
  clusterSelector?: LabelSelectorObject | null;
}

/** Spec of a federated object. */
export interface FederatedSpec {
  template?: Record<string, Json>;
  placement?: Placement;
  overrides?: { clusterName: string; clusterOverrides?: ClusterOverride[] }[] | null;
  /** Keeps the number of replicas that each member has. */
  retainReplicas?: boolean;
}

/** The result of the propagation to one cluster; the empty status of KubeFed stands for success. */
export type PropagationStatus =
  | ''
  | 'AlreadyExists'
  | 'ApplyOverridesFailed'
  | 'CachedRetrievalFailed'
  | 'ClientRetrievalFailed'
  | 'ClusterNotReady'
  | 'ComputeResourceFailed'
  | 'CreationFailed'
  | 'CreationTimedOut'
  | 'DeletionFailed'
  | 'DeletionTimedOut'
  | 'FieldRetentionFailed'
  | 'LabelRemovalFailed'
  | 'LabelRemovalTimedOut'
  | 'ManagedLabelFalse'
  | 'RetrievalFailed'
  | 'UpdateFailed'
  | 'UpdateTimedOut'
  | 'WaitingForRemoval';

/** Why an object is not propagated as it should be; the empty reason stands for success. */
export type PropagationReason =
  | ''
  | 'CheckClusters'
  | 'ComputePlacementFailed'
  | 'NamespaceNotFederated';

/** Status of a federated object. */
export interface FederatedStatus {
  observedGeneration?: number;
  conditions?: {
    type: 'Propagation';
    status: 'True' | 'False';
    reason?: PropagationReason;
    lastUpdateTime?: string;
    lastTransitionTime?: string;
  }[];
  clusters?: { name: string; status?: PropagationStatus }[];
}

/** An object of types.kubefed.io/v1beta1 before it is stored. */
export type FederatedTemplate = KubeObject<FederatedSpec, FederatedStatus>;

/** An object of types.kubefed.io/v1beta1. */
export type FederatedObject = PersistedObject<FederatedTemplate>;
