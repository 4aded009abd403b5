import {
  type FederatedObject,
  type PropagationReason,
  type PropagationStatus,
  SYNC_FINALIZER,
} from '@ks-apiserver/api/federation/federated-object';
import { FEDERATED_NAMESPACE, type FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { ignoredFieldsOf } from '@ks-apiserver/api/federation/render';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../../events/recorder.ts';
import type { Reconciler } from '../../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../../runtime/ensure.ts';
import { changesTarget, targetOf } from '../clusters/clusters.ts';
import { selectClusters, type TargetCluster } from '../objects/placement.ts';
import { isRecoverable, type Outcome, statusAfter } from '../objects/status.ts';
import { type PropagatedVersions, sourceVersion } from '../objects/versions.ts';
import { Copies } from './cluster-copies.ts';
import type { Result } from './propagation.ts';
import { recordIgnored, recordResult } from './propagation-events.ts';
import type { Targets } from './targets.ts';

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
  /** Namespaces of the host. */
  hostNamespaces: Informer;
  /** KubeFedClusters; keeps objects. */
  clusters: Informer;
  targets: Targets;
  events: EventRecorder;
}

function keyOf({ namespace, name }: { namespace?: string | undefined; name?: string }): string {
  return `${namespace ?? ''}/${name ?? ''}`;
}

/** Propagates the federated objects of one kind, as KubeFed does. */
class Propagation {
  readonly #kind: FederatedKind;
  readonly #dependencies: FederatedDependencies;
  /** What was written last, by the key of the federated object. */
  readonly #versions = new Map<string, PropagatedVersions>();
  /** Failed attempts in a row, by the key of the federated object. */
  readonly #failures = new Map<string, number>();
  readonly #copies: Copies;
  #add: (key: string) => void = () => {};

  constructor(kind: FederatedKind, dependencies: FederatedDependencies) {
    this.#kind = kind;
    this.#dependencies = dependencies;
    this.#copies = new Copies(kind, dependencies.targets, dependencies.hostNamespaces.store);
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

    targets.follow(this.#kind, ({ entry }) => this.#addCopy(entry));

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
          const { name } = cluster;
          const propagated = versions.clusters.get(name);
          const isSelected = selected.names.has(name);
          const work = { federated, cluster, propagated, signal, isSelected };
          results.set(name, await this.#copies.sync(work));
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
        const work = { federated, cluster, propagated: undefined, signal };
        results.set(cluster.name, await this.#copies.remove(work));
      }),
    );

    if ([...results.values()].every(({ status }) => status === undefined)) {
      await withoutFinalizer(client, this.#kind.federated, federated, SYNC_FINALIZER);
      return undefined;
    }

    await this.#report(key, federated, '', results);

    return REMOVAL_MS;
  }
}

/** Returns the reconciler of the federated objects of one kind. */
export function federatedReconciler(
  kind: FederatedKind,
  dependencies: FederatedDependencies,
): Reconciler {
  const { objects, namespaces, hostNamespaces, clusters, targets } = dependencies;
  const propagation = new Propagation(kind, dependencies);
  const all = () => [...objects.store.values()].map(keyOf);
  const isNamespace = kind.kind === FEDERATED_NAMESPACE.kind;

  return {
    name: kind.federated.resource,
    about: (key) => propagation.find(key),
    sources: [
      { informer: objects, keys: ({ entry }) => [keyOf(entry)] },
      { informer: clusters, keys: (change) => (changesTarget(change) ? all() : []) },
      ...(isNamespace
        ? [
            {
              informer: hostNamespaces,
              keys: ({ entry }: Change) => [keyOf({ namespace: entry.name, name: entry.name })],
            },
          ]
        : []),
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
