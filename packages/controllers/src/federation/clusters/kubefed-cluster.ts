import { KUBEFED_CLUSTERS, KUBEFED_NAMESPACE } from '@ks-apiserver/api/federation/kinds';
import { HOST_CLUSTER_LABEL } from '@ks-apiserver/api/labels';
import { NAMESPACES } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { ClusterObject } from '../../cluster/cluster-object.ts';
import type { Reconciler } from '../../runtime/controller.ts';
import { ensureDeleted } from '../../runtime/ensure.ts';
import type { KubeFedCluster } from './clusters.ts';

/** As in KubeFed: how often a cluster's health is looked at, and for how long, in milliseconds. */
const HEALTH = { periodMs: 10_000, timeoutMs: 3000, failures: 3 };

/** What a look at a cluster has shown. */
type Health = 'ready' | 'not-ready' | 'offline';

interface HealthCondition {
  type: 'Ready' | 'Offline';
  status: 'True' | 'False';
  reason: string;
  message: string;
}

const READY: HealthCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'ClusterReady',
  message: '/healthz responded with ok',
};

const NOT_READY: HealthCondition = {
  type: 'Ready',
  status: 'False',
  reason: 'ClusterNotReady',
  message: '/healthz responded without ok',
};

const OFFLINE: HealthCondition = {
  type: 'Offline',
  status: 'True',
  reason: 'ClusterNotReachable',
  message: 'cluster is not reachable',
};

/** Conditions that KubeFed's cluster controller writes for each state. */
const CONDITIONS: Readonly<Record<Health, readonly HealthCondition[]>> = {
  ready: [READY],
  'not-ready': [
    NOT_READY,
    { ...OFFLINE, status: 'False', reason: 'ClusterReachable', message: 'cluster is reachable' },
  ],
  offline: [OFFLINE],
};

/** Dependencies of the controller of KubeFedClusters. */
export interface KubeFedClusterDependencies {
  client: KubeClient;
  /** Clusters and KubeFedClusters; both keep objects. */
  clusters: Informer;
  kubeFedClusters: Informer;
  /** Returns a client of a cluster's Kubernetes API. */
  clientOf: (cluster: string) => KubeClient;
}

/** Asks a cluster for its health, as KubeFed does. */
async function healthOf(client: KubeClient): Promise<Health> {
  try {
    const answer = await client.read('/healthz', AbortSignal.timeout(HEALTH.timeoutMs));
    return answer.toString().toLowerCase() === 'ok' ? 'ready' : 'not-ready';
  } catch {
    return 'offline';
  }
}

function wantedOf(cluster: ClusterObject) {
  const { name, labels } = cluster.metadata;
  const { kubernetesAPIEndpoint = '' } = cluster.spec?.connection ?? {};

  return {
    apiVersion: 'core.kubefed.io/v1beta1',
    kind: 'KubeFedCluster',
    metadata: {
      name,
      namespace: KUBEFED_NAMESPACE,
      labels: { ...labels },
      ownerReferences: [controllerReference(cluster)],
    },
    // This server connects with what is in the Cluster: there are no other credentials.
    spec: { apiEndpoint: kubernetesAPIEndpoint, secretRef: { name: '' } },
  };
}

function isOurs({ metadata }: PersistedObject): boolean {
  return (metadata.ownerReferences ?? []).some(
    ({ kind, controller }) => controller && kind === 'Cluster',
  );
}

function isJoined(cluster: ClusterObject | undefined): cluster is ClusterObject {
  return cluster?.spec?.joinFederation === true && !isTerminating(cluster);
}

/**
 * Keeps a KubeFedCluster for each Cluster that is joined, with its labels, by which placements
 * select it, and with its health.
 */
export function kubeFedClusterReconciler({
  client,
  clusters,
  kubeFedClusters,
  clientOf,
}: KubeFedClusterDependencies): Reconciler {
  const failures = new Map<string, number>();

  const find = (name: string) =>
    kubeFedClusters.store.get(name, KUBEFED_NAMESPACE)?.object as KubeFedCluster | undefined;

  const isHost = (labels: Readonly<Record<string, string>>) => HOST_CLUSTER_LABEL in labels;

  const hosts = () =>
    [...clusters.store.values()].filter(({ labels }) => isHost(labels)).map(({ name }) => name);

  const hasMembers = () =>
    [...clusters.store.values()].some(
      ({ labels, object }) => !isHost(labels) && isJoined(object as ClusterObject | undefined),
    );

  async function ensure(
    cluster: ClusterObject,
    existing: KubeFedCluster | undefined,
  ): Promise<KubeFedCluster> {
    const wanted = wantedOf(cluster);
    if (!existing) {
      await ensureCreated(client, NAMESPACES, { metadata: { name: KUBEFED_NAMESPACE } });
      return client.create(KUBEFED_CLUSTERS, wanted);
    }

    const { labels = {}, ownerReferences } = existing.metadata;
    // A KubeFed that was there before had credentials of its own, and may come back.
    const spec = { ...wanted.spec, ...existing.spec, apiEndpoint: wanted.spec.apiEndpoint };
    const isSame =
      equalJson(
        [labels, ownerReferences],
        [wanted.metadata.labels, wanted.metadata.ownerReferences],
      ) && equalJson(existing.spec, spec);

    return isSame
      ? existing
      : client.update(KUBEFED_CLUSTERS, {
          ...existing,
          metadata: { ...existing.metadata, ...wanted.metadata },
          spec,
        });
  }

  /** Returns the state to show; undefined while a cluster has not failed often enough. */
  async function observe(name: string, shown: KubeFedCluster): Promise<Health | undefined> {
    const health = await healthOf(clientOf(name));
    const failed = health === 'ready' ? 0 : (failures.get(name) ?? 0) + 1;
    failures.set(name, failed);

    const isFirst = (shown.status?.conditions ?? []).length === 0;

    return health === 'ready' || isFirst || failed >= HEALTH.failures ? health : undefined;
  }

  async function show(shown: KubeFedCluster, health: Health): Promise<void> {
    const before = shown.status?.conditions ?? [];
    const now = timestamp();
    const of = ({ type, status, reason }: { type: string; status: string; reason?: string }) => [
      type,
      status,
      reason,
    ];

    if (equalJson(before.map(of), CONDITIONS[health].map(of))) {
      return;
    }

    const conditions = CONDITIONS[health].map((condition) => ({
      ...condition,
      lastProbeTime: now,
      lastTransitionTime: now,
    }));

    const status = { ...shown.status, conditions };
    await client.update(KUBEFED_CLUSTERS, { ...shown, status }, { subresource: 'status' });
  }

  return {
    name: 'kubefed-cluster',
    sources: [
      { informer: clusters, keys: ({ entry }) => [entry.name, ...hosts()] },
      { informer: kubeFedClusters, keys: ({ entry }) => [entry.name] },
    ],
    async reconcile(name) {
      const cluster = clusters.store.get(name)?.object as ClusterObject | undefined;
      const existing = find(name);

      if (!isJoined(cluster)) {
        failures.delete(name);

        // One without a Cluster of its name belongs to somebody else, unless its Cluster is gone.
        if (existing && (cluster || isOurs(existing))) {
          await ensureDeleted(client, {
            resource: KUBEFED_CLUSTERS,
            namespace: KUBEFED_NAMESPACE,
            name,
          });
        }

        return undefined;
      }

      // A host without members propagates nothing, and gets no namespace for that.
      if (!existing && isHost(cluster.metadata.labels ?? {}) && !hasMembers()) {
        return undefined;
      }

      if (!kubeFedClusters.served) {
        throw new Error(
          'the CRDs of federated objects are missing: run "ks-apiserver install --federation"',
        );
      }

      const shown = await ensure(cluster, existing);
      const health = await observe(name, shown);

      if (health) {
        await show(shown, health);
      }

      return HEALTH.periodMs;
    },
  };
}
