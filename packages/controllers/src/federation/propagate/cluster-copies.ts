import { setTimeout as sleep } from 'node:timers/promises';
import {
  type FederatedObject,
  ORPHAN_ANNOTATION,
  type PropagationStatus,
} from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { renderFor } from '@ks-apiserver/api/federation/render';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import { copyKey, isHost, isManaged } from '../objects/copies.ts';
import type { TargetCluster } from '../objects/placement.ts';
import { createCopy, type Operation, type Result, removeCopy, updateCopy } from './propagation.ts';
import type { Targets } from './targets.ts';

/** How long the first list of a kind in a member is waited for, in milliseconds. */
const SYNC_MS = 5000;

/** Whether the host's own object is what the federated one was made from. */
function comesFromHost({ givesRights }: FederatedKind, { metadata }: PersistedObject): boolean {
  return givesRights && (metadata.ownerReferences ?? []).some(({ controller }) => controller);
}

/** How long what an object stands on is waited for, in milliseconds. */
const ARRIVAL_MS = { step: 50, most: 1500 };

/** Kinds of the roles that bindings of the host refer to. */
const ROLE_OF_BINDING: Readonly<Record<string, string>> = {
  GlobalRoleBinding: 'GlobalRole',
  WorkspaceRoleBinding: 'WorkspaceRole',
};

/** Returns the role that a binding gives in a cluster; '' if that cannot be told. */
function boundRole(
  kind: FederatedKind,
  federated: FederatedObject,
  { name }: TargetCluster,
): string {
  try {
    return String(renderFor(kind, federated, name).roleRef?.name ?? '');
  } catch {
    return '';
  }
}

/** Statuses of clusters that have no copy, although they should. */
const NEVER_THERE: ReadonlySet<PropagationStatus> = new Set<PropagationStatus>([
  'AlreadyExists',
  'CreationFailed',
]);

/** What is to be done in a cluster. */
export type ClusterWork = Omit<Operation, 'kind' | 'client'>;

/** Brings the copies of federated objects of one kind in each cluster to what they should be. */
export class Copies {
  readonly #kind: FederatedKind;
  readonly #targets: Targets;

  constructor(kind: FederatedKind, targets: Targets) {
    this.#kind = kind;
    this.#targets = targets;
  }

  /** Brings the copy in a cluster to what it should be; one that is not to be there is removed. */
  async sync({ isSelected, ...work }: ClusterWork & { isSelected: boolean }): Promise<Result> {
    const { federated, cluster, signal } = work;
    const kind = this.#kind;
    if (isHost(cluster) && comesFromHost(kind, federated)) {
      return { status: isSelected ? '' : undefined };
    }
    if (!cluster.ready) {
      return { status: isSelected ? 'ClusterNotReady' : undefined };
    }

    const { client, informers } = this.#targets.target(cluster.name);
    const operation: Operation = { ...work, kind, client };
    const informer = informers.get(kind.kind);
    if (!informer || !(await isSynced(informer, signal))) {
      return { status: 'CachedRetrievalFailed', error: 'its objects could not be read' };
    }

    const { namespace, name } = copyKey(kind, federated);
    const current = informer.store.get(name, namespace)?.object;
    if (!isSelected) {
      return current && this.#mayRemove(cluster, federated)
        ? removeCopy(operation, current, { orphans: false })
        : { status: undefined };
    }
    if (!informer.served) {
      // For a member without a KubeSphere the host answers itself, with its own users and roles.
      if (comesFromHost(kind, federated)) {
        return { status: undefined };
      }

      return { status: 'CreationFailed', error: 'the cluster has no such kind' };
    }

    const missing = await this.#missing(work);
    if (missing !== undefined) {
      return { status: 'CreationFailed', error: `the ${missing} is not propagated there` };
    }

    return current ? updateCopy(operation, current) : createCopy(operation);
  }

  /**
   * Returns what a copy stands on and a cluster does not have from the host: its namespace, or the
   * role that it binds. Those that the cluster has of its own may be somebody else's, or allow more.
   */
  async #missing({ federated, cluster, signal }: ClusterWork): Promise<string | undefined> {
    const { kind } = this.#kind;
    const { namespace } = copyKey(this.#kind, federated);
    const role = ROLE_OF_BINDING[kind];
    const needs: [kind: string, name: string][] = [
      ...(namespace === undefined
        ? []
        : [[FEDERATED_NAMESPACE.kind, namespace] as [string, string]]),
      ...(role === undefined
        ? []
        : [[role, boundRole(this.#kind, federated, cluster)] as [string, string]]),
    ];

    for (const [needed, name] of needs) {
      if (!(await this.#arrives(needed, name, cluster, signal))) {
        return `${needed} ${name}`;
      }
    }

    return undefined;
  }

  /** Whether a cluster has a propagated object; waits a moment for one that is on its way. */
  async #arrives(
    kind: string,
    name: string,
    cluster: TargetCluster,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { informers } = this.#targets.target(cluster.name);
    const end = performance.now() + ARRIVAL_MS.most;

    while (!informers.get(kind)?.store.get(name)) {
      if (performance.now() > end) {
        return false;
      }

      await sleep(ARRIVAL_MS.step, undefined, { signal });
    }

    return true;
  }

  /** Whether a cluster has a namespace that was propagated: others there are none of the host's. */
  #hasNamespace({ name }: TargetCluster, namespace: string): boolean {
    const informers = this.#targets.target(name).informers;
    return informers.get(FEDERATED_NAMESPACE.kind)?.store.get(namespace) !== undefined;
  }

  /** Whether a managed object in a cluster is a copy of this very federated object. */
  #mayRemove(cluster: TargetCluster, { metadata, status }: FederatedObject): boolean {
    if (!this.#kind.namespaced || this.#kind.kind === FEDERATED_NAMESPACE.kind) {
      return true;
    }

    // The namespace may have been given back before its objects.
    const wasThere = status?.clusters?.some(
      (one) => one.name === cluster.name && !NEVER_THERE.has(one.status ?? ''),
    );

    return wasThere === true || this.#hasNamespace(cluster, metadata.namespace ?? '');
  }

  /** Removes the copy from a cluster; the status is undefined once it is gone. */
  async remove(work: ClusterWork): Promise<Result> {
    const { federated, cluster, signal } = work;
    if (isHost(cluster) && comesFromHost(this.#kind, federated)) {
      return { status: undefined };
    }
    if (!cluster.ready) {
      return { status: 'ClusterNotReady' };
    }

    const { client } = this.#targets.target(cluster.name);
    const operation: Operation = { ...work, kind: this.#kind, client };
    const deadline = new Deadline(SYNC_MS, signal);

    try {
      // What is followed may be a moment behind, and nothing must be left.
      const current = await client.find(copyKey(this.#kind, federated), deadline.signal);
      const orphans = federated.metadata.annotations?.[ORPHAN_ANNOTATION] === 'true';

      return current && isManaged(current) && this.#mayRemove(cluster, federated)
        ? await removeCopy(operation, current, { orphans })
        : { status: undefined };
    } catch (error) {
      signal.throwIfAborted();
      return { status: 'RetrievalFailed', error: messageOf(error) };
    } finally {
      deadline.end();
    }
  }
}

/** Whether the first list of an informer is complete; waits for it for a moment. */
async function isSynced(informer: Informer, signal: AbortSignal): Promise<boolean> {
  if (informer.synced) {
    return true;
  }

  const deadline = new Deadline(SYNC_MS, signal);

  try {
    await informer.ready(deadline.signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    deadline.end();
  }
}
