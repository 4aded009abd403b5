import { setTimeout as sleep } from 'node:timers/promises';
import {
  type FederatedObject,
  ORPHAN_ANNOTATION,
  type PropagationStatus,
} from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { renderFor } from '@ks-apiserver/api/federation/render';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
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

/** Returns an object as it is to be in a cluster; undefined if that cannot be told. */
function rendered(
  kind: FederatedKind,
  federated: FederatedObject,
  { name }: TargetCluster,
): KubeObject | undefined {
  try {
    return renderFor(kind, federated, name);
  } catch {
    return undefined;
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
  readonly #hostNamespaces: InformerStore;

  /** `hostNamespaces` are the namespaces of the host, in which federated objects are. */
  constructor(kind: FederatedKind, targets: Targets, hostNamespaces: InformerStore) {
    this.#kind = kind;
    this.#targets = targets;
    this.#hostNamespaces = hostNamespaces;
  }

  /** Brings the copy in a cluster to what it should be; one that is not to be there is removed. */
  async sync({ isSelected, ...work }: ClusterWork & { isSelected: boolean }): Promise<Result> {
    const { federated, cluster, signal } = work;
    if (isHost(cluster) && comesFromHost(this.#kind, federated)) {
      return { status: isSelected ? '' : undefined };
    }
    if (!cluster.ready) {
      return { status: isSelected ? 'ClusterNotReady' : undefined };
    }

    const found = await this.#served(cluster, signal);
    if (!found) {
      return { status: 'CachedRetrievalFailed', error: 'its objects could not be read' };
    }

    const { kind, informer } = found;
    const { client } = this.#targets.target(cluster.name);
    const operation: Operation = { ...work, kind, client };

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
    if (!this.#keepsWorkspace(work)) {
      return {
        status: 'ComputeResourceFailed',
        error: 'it is to be in another workspace than the namespace in the host',
      };
    }

    const missing = await this.#missing(work);
    if (missing !== undefined) {
      return { status: 'CreationFailed', error: `the ${missing} is not propagated there` };
    }

    return current ? updateCopy(operation, current) : createCopy(operation);
  }

  /**
   * Returns the kind in the version that a cluster serves, and what is followed there; undefined if
   * that could not be read.
   */
  async #served(
    { name }: TargetCluster,
    signal: AbortSignal,
  ): Promise<{ kind: FederatedKind; informer: Informer } | undefined> {
    const kind = this.#kind;
    const informer = this.#targets.target(name).informers.get(kind.kind);
    if (!informer || !(await isSynced(informer, signal))) {
      return undefined;
    }
    if (informer.served || !kind.older) {
      return { kind, informer };
    }

    const older = this.#targets.older(name, kind);

    return older && (await isSynced(older, signal))
      ? { kind: { ...kind, target: kind.older }, informer: older }
      : undefined;
  }

  /**
   * Whether a namespace is in the workspace to which it belongs in the host: who may write in a
   * project must not reach those of others.
   */
  #keepsWorkspace({ federated, cluster }: ClusterWork): boolean {
    if (this.#kind.kind !== FEDERATED_NAMESPACE.kind) {
      return true;
    }

    const inHost = this.#hostNamespaces.get(federated.metadata.name)?.labels;
    const labels = rendered(this.#kind, federated, cluster)?.metadata.labels;

    // What cannot be rendered is told where it is to be written.
    return !labels || (labels[WORKSPACE_LABEL] ?? '') === (inHost?.[WORKSPACE_LABEL] ?? '');
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
        : [
            [role, String(rendered(this.#kind, federated, cluster)?.roleRef?.name ?? '')] as [
              string,
              string,
            ],
          ]),
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

    const kind = this.#kind.older ? (await this.#served(cluster, signal))?.kind : this.#kind;
    if (!kind) {
      return { status: 'CachedRetrievalFailed', error: 'its objects could not be read' };
    }

    const { client } = this.#targets.target(cluster.name);
    const operation: Operation = { ...work, kind, client };
    const deadline = new Deadline(SYNC_MS, signal);

    try {
      // What is followed may be a moment behind, and nothing must be left.
      const current = await client.find(copyKey(kind, federated), deadline.signal);
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
