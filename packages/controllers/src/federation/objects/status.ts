import type {
  FederatedObject,
  FederatedStatus,
  PropagationReason,
  PropagationStatus,
} from '@ks-apiserver/api/federation/federated-object';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';

/** What has become of a federated object. */
export interface Outcome {
  /** Why nothing could be propagated; the empty reason when clusters were tried. */
  reason: PropagationReason;
  /** Status of each cluster in which the object is, or is to be. */
  clusters: ReadonlyMap<string, PropagationStatus>;
  /** Whether a member was written to. */
  changed: boolean;
}

/** Statuses after which another attempt may succeed without any change of the object. */
const RECOVERABLE: ReadonlySet<PropagationStatus> = new Set<PropagationStatus>([
  'AlreadyExists',
  'CachedRetrievalFailed',
  'ClientRetrievalFailed',
  'CreationFailed',
  'CreationTimedOut',
  'DeletionFailed',
  'DeletionTimedOut',
  'LabelRemovalFailed',
  'LabelRemovalTimedOut',
  'RetrievalFailed',
  'UpdateFailed',
  'UpdateTimedOut',
]);

/** Whether a cluster is to be tried again after a while. */
export function isRecoverable(status: PropagationStatus): boolean {
  return RECOVERABLE.has(status);
}

function isWrong(reason: PropagationReason, clusters: Outcome['clusters']): boolean {
  return reason !== '' || [...clusters.values()].some((status) => status !== '');
}

/**
 * Returns the status of a federated object after an attempt; the very status that it has if that
 * says the same, so that nothing is written. `now` is an RFC 3339 time.
 */
export function statusAfter(
  { status, metadata }: Pick<FederatedObject, 'status' | 'metadata'>,
  outcome: Outcome,
  now: string,
): FederatedStatus {
  const before = status?.conditions?.find(({ type }) => type === 'Propagation');
  const failed = isWrong(outcome.reason, outcome.clusters);
  const reason = failed && outcome.reason === '' ? 'CheckClusters' : outcome.reason;

  const clusters = [...outcome.clusters]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, one]) => ({ name, ...(one !== '' && { status: one }) }));

  const is = failed ? 'False' : 'True';

  const isSame =
    before?.status === is &&
    (before.reason ?? '') === reason &&
    (status?.observedGeneration ?? 0) === (metadata.generation ?? 0) &&
    equalJson(status?.clusters ?? [], clusters);

  if (status && isSame && !outcome.changed) {
    return status;
  }

  return {
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    conditions: [
      {
        type: 'Propagation',
        status: is,
        ...(reason !== '' && { reason }),
        lastUpdateTime: now,
        lastTransitionTime: before?.status === is ? (before.lastTransitionTime ?? now) : now,
      },
    ],
    ...(clusters.length > 0 && { clusters }),
  };
}
