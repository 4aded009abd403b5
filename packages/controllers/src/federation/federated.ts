import {
  type FederatedObject,
  ORPHAN_ANNOTATION,
  type PropagationReason,
  type PropagationStatus,
  SYNC_FINALIZER,
} from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { ignoredFieldsOf } from '@ks-apiserver/api/federation/render';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';
import { changesTarget, targetOf } from './clusters.ts';
import { copyKey, isHost, isManaged } from './copies.ts';
import { selectClusters, type TargetCluster } from './placement.ts';
import { createCopy, type Operation, type Result, removeCopy, updateCopy } from './propagation.ts';
import { recordIgnored, recordResult } from './propagation-events.ts';
import { isRecoverable, type Outcome, statusAfter } from './status.ts';
import type { Targets } from './targets.ts';
import { type PropagatedVersions, sourceVersion } from './versions.ts';

/** How long the first list of a kind in a member is waited for, in milliseconds. */
const SYNC_MS = 5000;

/** Waits between attempts in clusters that refuse an object, in milliseconds. */
const RETRY_MS = { first: 2000, most: 300_000 };

/** How often it is looked whether deleted copies are gone, in milliseconds. */
const REMOVAL_MS = 5000;

/** Dependencies of the propagation of one kind. */
export interface FederatedDependencies {
  client: KubeClient;
  /** Federated objects of the kind, and of namespaces; both keep objects. */
  objects: Informer;
  namespaces: Informer;
  /** KubeFedClusters; keeps objects. */
  clusters: Informer;
  targets: Targets;
  events: EventRecorder;
}

function keyOf({ namespace, name }: { namespace?: string | undefined; name?: string }): string {
  return `${namespace ?? ''}/${name ?? ''}`;
}

/** Whether the host's own object is what the federated one was made from. */
function comesFromHost({ givesRights }: FederatedKind, { metadata }: PersistedObject): boolean {
  return givesRights && (metadata.ownerReferences ?? []).some(({ controller }) => controller);
}

/** Propagates the federated objects of one kind, as KubeFed does. */
class Propagation {
  readonly #kind: FederatedKind;
  readonly #dependencies: FederatedDependencies;
  /** What was written last, by the key of the federated object. */
  readonly #versions = new Map<string, PropagatedVersions>();
  /** Failed attempts in a row, by the key of the federated object. */
  readonly #failures = new Map<string, number>();
  #add: (key: string) => void = () => {};

  constructor(kind: FederatedKind, dependencies: FederatedDependencies) {
    this.#kind = kind;
    this.#dependencies = dependencies;
  }

  begin(add: (key: string) => void): void {
    this.#add = add;
  }

  find(key: string): FederatedObject | undefined {
    const slash = key.indexOf('/');
    const entry = this.#dependencies.objects.store.get(key.slice(slash + 1), key.slice(0, slash));
    return entry?.object as FederatedObject | undefined;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<number | undefined> {
    const { client, objects, targets } = this.#dependencies;
    const federated = this.find(key);

    if (!federated) {
      this.#versions.delete(key);
      this.#failures.delete(key);

      if (objects.store.size === 0) {
        await targets.release(this.#kind);
      }

      return undefined;
    }

    targets.follow(this.#kind, ({ entry }, _cluster) => this.#addCopy(entry));

    if (isTerminating(federated)) {
      return this.#remove(key, federated, signal);
    }

    const own = await withFinalizer(client, this.#kind.federated, federated, SYNC_FINALIZER);

    return this.#sync(key, own, signal);
  }

  /** Has the federated object of a changed copy reconciled. */
  #addCopy({ namespace, name }: { namespace: string; name: string }): void {
    const isNamespace = this.#kind.kind === FEDERATED_NAMESPACE.kind;
    const key = keyOf({ namespace: isNamespace ? name : namespace, name });
    if (this.find(key)) {
      this.#add(key);
    }
  }

  #clusters(): TargetCluster[] {
    return [...this.#dependencies.clusters.store.values()].flatMap(({ object }) =>
      object && !isTerminating(object) ? [targetOf(object)] : [],
    );
  }

  async #sync(
    key: string,
    federated: FederatedObject,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    // The federated object of a namespace counts only in that very namespace.
    const clusters = this.#isMisplaced(federated) ? [] : this.#clusters();
    const { namespaces, events } = this.#dependencies;
    const namespace = federated.metadata.namespace ?? '';
    const results = new Map<string, Result>();
    let reason: PropagationReason = '';

    recordIgnored(events, federated, ignoredFieldsOf(federated));

    try {
      const selected = selectClusters(
        this.#kind,
        federated,
        clusters,
        namespaces.store.get(namespace, namespace)?.object,
      );

      reason = selected.namespaceNotFederated ? 'NamespaceNotFederated' : '';
      const versions = this.#versionsOf(key, federated);

      await Promise.all(
        clusters.map(async (cluster) => {
          const isSelected = selected.names.has(cluster.name);
          const operation = this.#operation(federated, cluster, signal, versions);
          results.set(cluster.name, await this.#syncCluster(operation, isSelected));
        }),
      );
    } catch (error) {
      signal.throwIfAborted();
      reason = 'ComputePlacementFailed';
      events.record(federated, 'Warning', reason, messageOf(error));
    }

    await this.#report(key, federated, reason, results);

    return this.#retryAfter(key, results);
  }

  #isMisplaced({ metadata }: FederatedObject): boolean {
    return this.#kind.kind === FEDERATED_NAMESPACE.kind && metadata.name !== metadata.namespace;
  }

  #versionsOf(key: string, federated: FederatedObject): PropagatedVersions {
    const source = sourceVersion(federated);
    const known = this.#versions.get(key);
    if (known?.source === source) {
      return known;
    }

    const versions = { source, clusters: new Map<string, string>() };
    this.#versions.set(key, versions);

    return versions;
  }

  #operation(
    federated: FederatedObject,
    cluster: TargetCluster,
    signal: AbortSignal,
    versions?: PropagatedVersions,
  ): Operation {
    return {
      kind: this.#kind,
      federated,
      cluster,
      client: this.#dependencies.targets.target(cluster.name).client,
      propagated: versions?.clusters.get(cluster.name),
      signal,
    };
  }

  async #syncCluster(operation: Operation, isSelected: boolean): Promise<Result> {
    const { kind, federated, cluster, signal } = operation;
    if (isHost(cluster) && comesFromHost(kind, federated)) {
      return { status: isSelected ? '' : undefined };
    }
    if (!cluster.ready) {
      return { status: isSelected ? 'ClusterNotReady' : undefined };
    }

    const informer = this.#dependencies.targets.target(cluster.name).informers.get(kind.kind);
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
      return { status: 'CreationFailed', error: 'the cluster has no such kind' };
    }
    if (namespace !== undefined && !this.#hasNamespace(cluster, namespace)) {
      return { status: 'CreationFailed', error: `the namespace ${namespace} is not propagated` };
    }

    return current ? updateCopy(operation, current) : createCopy(operation);
  }

  /** Whether a cluster has a namespace that was propagated: others there are none of the host's. */
  #hasNamespace({ name }: TargetCluster, namespace: string): boolean {
    const informers = this.#dependencies.targets.target(name).informers;
    return informers.get(FEDERATED_NAMESPACE.kind)?.store.get(namespace) !== undefined;
  }

  /** Whether a managed object in a cluster is a copy of this very federated object. */
  #mayRemove(cluster: TargetCluster, { metadata, status }: FederatedObject): boolean {
    if (!this.#kind.namespaced || this.#kind.kind === FEDERATED_NAMESPACE.kind) {
      return true;
    }

    // The namespace may have been given back before its objects.
    const wasThere = status?.clusters?.some(({ name }) => name === cluster.name) === true;

    return wasThere || this.#hasNamespace(cluster, metadata.namespace ?? '');
  }

  async #report(
    key: string,
    federated: FederatedObject,
    reason: PropagationReason,
    results: ReadonlyMap<string, Result>,
  ): Promise<void> {
    const { client, events } = this.#dependencies;
    const versions = this.#versions.get(key);
    const clusters = new Map<string, PropagationStatus>();
    let changed = false;

    for (const [cluster, result] of results) {
      recordResult(events, this.#kind, federated, cluster, result);
      changed ||= result.done !== undefined;

      if (result.status !== undefined) {
        clusters.set(cluster, result.status);
      }
      if (result.version !== undefined) {
        versions?.clusters.set(cluster, result.version);
      }
    }

    const outcome: Outcome = { reason, clusters, changed };
    const status = statusAfter(federated, outcome, timestamp());

    if (status !== federated.status) {
      const update = { ...federated, status };
      await client.update(this.#kind.federated, update, { subresource: 'status' });
    }
  }

  /** Returns after how many milliseconds clusters that failed are tried again, if any did. */
  #retryAfter(key: string, results: ReadonlyMap<string, Result>): number | undefined {
    if (![...results.values()].some(({ status }) => status && isRecoverable(status))) {
      this.#failures.delete(key);
      return undefined;
    }

    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);

    return Math.min(RETRY_MS.first * 2 ** failures, RETRY_MS.most);
  }

  /** Removes all copies of an object that is being deleted, and then lets it go. */
  async #remove(
    key: string,
    federated: FederatedObject,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { client } = this.#dependencies;
    if (!federated.metadata.finalizers?.includes(SYNC_FINALIZER)) {
      return undefined;
    }

    const results = new Map<string, Result>();

    await Promise.all(
      (this.#isMisplaced(federated) ? [] : this.#clusters()).map(async (cluster) => {
        results.set(cluster.name, await this.#removeFrom(federated, cluster, signal));
      }),
    );

    if ([...results.values()].every(({ status }) => status === undefined)) {
      await withoutFinalizer(client, this.#kind.federated, federated, SYNC_FINALIZER);
      return undefined;
    }

    await this.#report(key, federated, '', results);

    return REMOVAL_MS;
  }

  async #removeFrom(
    federated: FederatedObject,
    cluster: TargetCluster,
    signal: AbortSignal,
  ): Promise<Result> {
    if (isHost(cluster) && comesFromHost(this.#kind, federated)) {
      return { status: undefined };
    }
    if (!cluster.ready) {
      return { status: 'ClusterNotReady' };
    }

    const operation = this.#operation(federated, cluster, signal);
    const deadline = new Deadline(SYNC_MS, signal);

    try {
      // What is followed may be a moment behind, and nothing must be left.
      const current = await operation.client.find(copyKey(this.#kind, federated), deadline.signal);
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

/** Returns the reconciler of the federated objects of one kind. */
export function federatedReconciler(
  kind: FederatedKind,
  dependencies: FederatedDependencies,
): Reconciler {
  const { objects, namespaces, clusters, targets } = dependencies;
  const propagation = new Propagation(kind, dependencies);
  const all = () => [...objects.store.values()].map(keyOf);
  const isNamespace = kind.kind === FEDERATED_NAMESPACE.kind;

  return {
    name: kind.federated.resource,
    about: (key) => propagation.find(key),
    sources: [
      { informer: objects, keys: ({ entry }) => [keyOf(entry)] },
      { informer: clusters, keys: (change) => (changesTarget(change) ? all() : []) },
      ...(kind.namespaced && !isNamespace
        ? [
            {
              informer: namespaces,
              keys: ({ entry }: { entry: { namespace: string } }) =>
                objects.store.list('name', entry.namespace).map(keyOf),
            },
          ]
        : []),
    ],
    begin: (_follow, add) => propagation.begin(add),
    reconcile: (key, signal) => propagation.reconcile(key, signal),
    end: () => targets.release(kind),
  };
}
