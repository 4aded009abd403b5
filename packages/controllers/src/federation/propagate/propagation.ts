import type {
  FederatedObject,
  PropagationStatus,
} from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { overridesOf, templateObject, withOverrides } from '@ks-apiserver/api/federation/render';
import { FEDERATED_LABEL } from '@ks-apiserver/api/labels';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import {
  ADOPTED_ANNOTATION,
  adoptionRefusal,
  copyKey,
  isAdopted,
  isHost,
  isManaged,
  refusesManagement,
} from '../objects/copies.ts';
import type { TargetCluster } from '../objects/placement.ts';
import { withRetainedFields } from '../objects/retain.ts';
import { needsUpdate, versionOf } from '../objects/versions.ts';

/** How long one operation in a member may take altogether, in milliseconds. */
const OPERATION_MS = 10_000;

/** How often an update is tried while the object keeps changing in the member. */
const UPDATE_ATTEMPTS = 3;

/** What became of an object in a cluster. */
export interface Result {
  /** Undefined if the object is not there, and is not to be. */
  status: PropagationStatus | undefined;
  /** What was done in the member, if anything was. */
  done?: 'create' | 'update' | 'delete' | 'release';
  /** Version of the copy, as `versionOf` returns it. */
  version?: string;
  /** Why it failed. */
  error?: string;
}

/** An operation in one cluster. */
export interface Operation {
  kind: FederatedKind;
  federated: FederatedObject;
  cluster: TargetCluster;
  client: KubeClient;
  /** The version that was written there last, if one was. */
  propagated: string | undefined;
  signal: AbortSignal;
}

type Failed = 'CreationFailed' | 'UpdateFailed' | 'DeletionFailed' | 'LabelRemovalFailed';

const LATE: Readonly<Record<Failed, PropagationStatus>> = {
  CreationFailed: 'CreationTimedOut',
  UpdateFailed: 'UpdateTimedOut',
  DeletionFailed: 'DeletionTimedOut',
  LabelRemovalFailed: 'LabelRemovalTimedOut',
};

/** Runs calls to a member within a time; returns what their failure means for the status. */
async function within(
  signal: AbortSignal,
  failed: Failed,
  calls: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new Deadline(OPERATION_MS, signal);

  try {
    return await calls(deadline.signal);
  } catch (error) {
    signal.throwIfAborted();

    return deadline.signal.aborted
      ? { status: LATE[failed], error: `it took longer than ${OPERATION_MS / 1000} s` }
      : { status: failed, error: messageOf(error) };
  } finally {
    deadline.end();
  }
}

function hasReason(error: unknown, reason: string): boolean {
  return error instanceof StatusError && error.reason === reason;
}

/** The object to write, or the status that says why there is none. */
type Rendered = { object: KubeObject } | { failure: Result };

/** Returns the object as it is to be in a cluster that has `current`, if it has one. */
function render(operation: Operation, current: PersistedObject | undefined): Rendered {
  const { kind, federated, cluster } = operation;
  let object: KubeObject;

  try {
    object = templateObject(kind, federated);
  } catch (error) {
    return { failure: { status: 'ComputeResourceFailed', error: messageOf(error) } };
  }

  try {
    object = current ? withRetainedFields(object, current, federated) : object;
  } catch (error) {
    return { failure: { status: 'FieldRetentionFailed', error: messageOf(error) } };
  }

  try {
    const overrides = overridesOf(federated).get(cluster.name) ?? [];
    const patched = withOverrides(kind, object, overrides);
    return { object: current ? withMarks(operation, patched, current) : patched };
  } catch (error) {
    return { failure: { status: 'ApplyOverridesFailed', error: messageOf(error) } };
  }
}

/** Returns an object with what no override may take from it. */
function withMarks(
  { kind, cluster, propagated }: Operation,
  object: KubeObject,
  current: PersistedObject,
): KubeObject {
  const { labels, annotations, ...metadata } = object.metadata;
  const isHostNamespace = kind.kind === FEDERATED_NAMESPACE.kind && isHost(cluster);
  // One that was written before has only lost its label.
  const wasThere = isAdopted(current) || (!isManaged(current) && propagated === undefined);

  return {
    ...object,
    metadata: {
      ...metadata,
      // The host's own namespace keeps what others have said about it.
      labels: isHostNamespace ? { ...current.metadata.labels, ...labels } : { ...labels },
      ...((annotations || wasThere) && {
        annotations: { ...annotations, ...(wasThere && { [ADOPTED_ANNOTATION]: 'true' }) },
      }),
      resourceVersion: current.metadata.resourceVersion,
    },
  };
}

/** Creates the object in a cluster that does not have it, or takes over the one that is there. */
export function createCopy(operation: Operation): Promise<Result> {
  const { kind, client, federated } = operation;
  const rendered = render(operation, undefined);
  if ('failure' in rendered) {
    return Promise.resolve(rendered.failure);
  }

  return within(operation.signal, 'CreationFailed', async (signal) => {
    try {
      const made = await client.create(kind.target, rendered.object, { signal });
      return { status: '', done: 'create', version: versionOf(made) };
    } catch (error) {
      if (!hasReason(error, 'AlreadyExists')) {
        throw error;
      }
    }

    const key = copyKey(kind, federated);
    const current = await client.find(key, signal).catch((error: unknown) => error as Error);

    return current instanceof Error || !current
      ? { status: 'RetrievalFailed', error: current ? messageOf(current) : 'it is gone again' }
      : updateCopy(operation, current);
  });
}

/** Brings the object in a cluster to what it should be, if it may be managed. */
export async function updateCopy(
  operation: Operation,
  current: PersistedObject,
  attempt = 1,
): Promise<Result> {
  const { kind, client, federated, propagated } = operation;
  if (refusesManagement(current)) {
    return {
      status: 'ManagedLabelFalse',
      error: `the object has the label ${FEDERATED_LABEL}: false`,
    };
  }

  const rendered = render(operation, current);
  if ('failure' in rendered) {
    return rendered.failure;
  }

  const { object } = rendered;
  const refusal = isManaged(current) ? undefined : adoptionRefusal(kind, object, current);
  if (refusal !== undefined) {
    return { status: 'AlreadyExists', error: refusal };
  }

  if (isTerminating(current)) {
    return { status: 'UpdateFailed', error: 'the object is being deleted in the cluster' };
  }

  if (!needsUpdate(object, current, propagated)) {
    return { status: '', version: versionOf(current) };
  }

  const result = await within(operation.signal, 'UpdateFailed', async (signal) => {
    try {
      const written = await client.update(kind.target, object, { signal });
      const isSame = written.metadata.resourceVersion === current.metadata.resourceVersion;

      return { status: '', version: versionOf(written), ...(!isSame && { done: 'update' }) };
    } catch (error) {
      if (!hasReason(error, 'Conflict') || attempt === UPDATE_ATTEMPTS) {
        throw error;
      }

      const newer = await client.get(copyKey(kind, federated), signal);
      return updateCopy(operation, newer, attempt + 1);
    }
  });

  return result;
}

/**
 * Removes the object from a cluster that is not to have it: deletes what the propagation has made,
 * and labels everything else as unmanaged again.
 */
export function removeCopy(
  operation: Operation,
  current: PersistedObject,
  { orphans }: { orphans: boolean },
): Promise<Result> {
  const { kind, client, cluster, federated } = operation;
  const key = copyKey(kind, federated);
  const isHostNamespace = kind.kind === FEDERATED_NAMESPACE.kind && isHost(cluster);

  // The namespace of the federated object itself: with it, the object would go from all clusters.
  if (isTerminating(current)) {
    return Promise.resolve({ status: isHostNamespace ? undefined : 'WaitingForRemoval' });
  }

  if (orphans || isHostNamespace || isAdopted(current)) {
    return within(operation.signal, 'LabelRemovalFailed', async (signal) => {
      const { uid, resourceVersion } = current.metadata;
      const metadata = {
        uid,
        resourceVersion,
        labels: { [FEDERATED_LABEL]: null },
        annotations: { [ADOPTED_ANNOTATION]: null },
      };

      await client.patch(key, 'merge', { metadata }, { signal });
      return { status: undefined, done: 'release' };
    });
  }

  return within(operation.signal, 'DeletionFailed', async (signal) => {
    try {
      const { uid, resourceVersion } = current.metadata;
      // Namespaces belong to their workspace: they stay where only the placement has changed.
      const isLeft = kind.kind === 'Workspace' && !isTerminating(federated);

      await client.delete(key, {
        preconditions: { uid, resourceVersion },
        propagationPolicy: isLeft ? 'Orphan' : 'Background',
        signal,
      });
    } catch (error) {
      if (!hasReason(error, 'NotFound')) {
        throw error;
      }
    }

    return { status: 'WaitingForRemoval', done: 'delete' };
  });
}
