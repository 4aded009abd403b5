import {
  FEDERATED_KINDS,
  FEDERATED_NAMESPACE,
  type FederatedKind,
  KUBEFED_CLUSTERS,
  KUBEFED_NAMESPACE,
} from '@ks-apiserver/api/federation/kinds';
import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { EventRecorder } from '../events/recorder.ts';
import type { Reconciler } from '../runtime/controller.ts';
import { changesTarget, targetOf } from './clusters/clusters.ts';
import { kubeFedClusterReconciler } from './clusters/kubefed-cluster.ts';
import { type MemberTransport, memberClient } from './member-client.ts';
import { federatedReconciler } from './propagate/federated.ts';
import { Targets } from './propagate/targets.ts';

/** Informers of the federated objects of each kind, by the name of the kind; they keep objects. */
export type FederatedInformers = ReadonlyMap<string, Informer>;

/** Dependencies of the propagation. */
export interface FederationDependencies {
  client: KubeClient;
  /** Clusters with their credentials; keeps objects. */
  clusters: Informer;
  federated: FederatedInformers;
  /** Namespaces of the host. */
  namespaces: Informer;
  transportOf: MemberTransport;
  events: EventRecorder;
}

/** Returns informers of the federated objects of some kinds, which are not started yet. */
export function federatedInformers(
  client: KubeClient,
  kinds: readonly FederatedKind[],
): FederatedInformers {
  const open = ({ kind, federated }: FederatedKind) =>
    [
      kind,
      new Informer(client, { resource: federated, kind: `Federated${kind}`, keepObjects: true }),
    ] as const;

  return new Map(kinds.map(open));
}

/** Returns an informer of KubeFedClusters, which is not started yet. */
export function kubeFedClusterInformer(client: KubeClient): Informer {
  return new Informer(client, {
    resource: KUBEFED_CLUSTERS,
    kind: 'KubeFedCluster',
    namespace: KUBEFED_NAMESPACE,
    keepObjects: true,
  });
}

/**
 * Returns the reconcilers that propagate federated objects to the clusters that are joined: one for
 * each kind, and one that says which clusters there are. `kubeFedClusters` is followed by them.
 */
export function federationReconcilers(
  { client, clusters, federated, namespaces, transportOf, events }: FederationDependencies,
  kubeFedClusters: Informer,
): Reconciler[] {
  const isHost = (cluster: string) =>
    HOST_CLUSTER_LABEL in (clusters.store.get(cluster)?.labels ?? {});

  const clientOf = (cluster: string) =>
    isHost(cluster) ? client : memberClient(cluster, transportOf);

  const targets = new Targets(clientOf);
  const informerOf = (kind: FederatedKind) => {
    const informer = federated.get(kind.kind);
    if (!informer) {
      throw new Error(`federated objects of the kind ${kind.kind} are not followed`);
    }

    return informer;
  };

  const unsubscribe = kubeFedClusters.store.onChange((change) => {
    const { type, entry } = change;

    if (type === 'DELETED') {
      void targets.remove(entry.name);
    } else if (changesTarget(change) && entry.object && targetOf(entry.object).ready) {
      targets.retry(entry.name);
    }
  });

  const ofClusters = kubeFedClusterReconciler({ client, clusters, kubeFedClusters, clientOf });

  return [
    {
      ...ofClusters,
      async end() {
        unsubscribe();
        await targets.stop();
      },
    },
    ...FEDERATED_KINDS.map((kind) =>
      federatedReconciler(kind, {
        client,
        objects: informerOf(kind),
        namespaces: informerOf(FEDERATED_NAMESPACE),
        hostNamespaces: namespaces,
        clusters: kubeFedClusters,
        targets,
        events,
      }),
    ),
  ];
}
