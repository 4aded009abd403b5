import type { FederatedObject } from '@ks-apiserver/api/federation/federated-object';
import type { FederatedKind } from '@ks-apiserver/api/federation/kinds';
import type { IgnoredField } from '@ks-apiserver/api/federation/render';
import type { EventRecorder } from '../../events/recorder.ts';
import type { Result } from './propagation.ts';

const DONE = {
  create: ['CreateInCluster', 'Creating'],
  update: ['UpdateInCluster', 'Updating'],
  delete: ['DeleteInCluster', 'Deleting'],
  release: ['RemoveManagedLabelFromInCluster', 'Removing managed label from'],
} as const;

/** Records which metadata of a template is not propagated. */
export function recordIgnored(
  events: EventRecorder,
  federated: FederatedObject,
  fields: readonly IgnoredField[],
): void {
  const hasSeen = federated.status?.observedGeneration === federated.metadata.generation;

  for (const field of hasSeen ? [] : fields) {
    events.record(
      federated,
      'Warning',
      field === 'annotations' ? 'AnnotationsNotSupported' : 'FinalizersNotSupported',
      `metadata.${field} of the template are not propagated, because members set their own: use an override`,
    );
  }
}

/**
 * Records what was done in a cluster, and failures that are not in the status yet: those would be
 * repeated with each attempt.
 */
export function recordResult(
  events: EventRecorder,
  { kind }: FederatedKind,
  federated: FederatedObject,
  cluster: string,
  { status, done, error }: Result,
): void {
  const { namespace, name } = federated.metadata;
  const what = `${kind} "${namespace ? `${namespace}/` : ''}${name}" in cluster "${cluster}"`;

  if (done) {
    const [reason, verb] = DONE[done];
    events.record(federated, 'Normal', reason, `${verb} ${what}`);
  }

  const before = federated.status?.clusters?.find((one) => one.name === cluster);
  if (error !== undefined && status && before?.status !== status) {
    events.record(federated, 'Warning', status, `${what}: ${error}`);
  }
}
