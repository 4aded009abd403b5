import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import {
  type Condition,
  conditionOf,
  countPods,
  createPods,
  deletePods,
  isActive,
  isReady,
  podOf,
  withoutZeros,
} from '../cluster/pods.ts';
import type { Cluster } from '../cluster.ts';
import { controllerKey } from '../keys.ts';
import type { Objects } from '../objects.ts';
import { claim, claimantsOf } from './claim.ts';
import { workloadReconciler } from './workload.ts';

const PHASES = ['Pending', 'Unknown', 'Running'];
const COST = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * Compares pods by the order in which they should be deleted (Kubernetes "ReplicaSet", scaling).
 */
export function byDispensability(a: PersistedObject, b: PersistedObject): number {
  const cost = (pod: PersistedObject) => Number(pod.metadata.annotations?.[COST] ?? 0);
  const phase = (pod: PersistedObject) => PHASES.indexOf(pod.status?.phase);
  const created = (pod: PersistedObject) => Date.parse(String(pod.metadata.creationTimestamp));

  return (
    Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)) ||
    phase(a) - phase(b) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    cost(a) - cost(b) ||
    created(b) - created(a)
  );
}

/** Keeps as many pods of a template as a ReplicaSet or ReplicationController asks for. */
function replicaReconciler(
  cluster: Cluster,
  {
    name,
    kind,
    objects,
  }: { name: 'replicaset-controller' | 'replication-controller'; kind: string; objects: Objects },
): Reconciler {
  return workloadReconciler(
    name,
    objects,
    [
      {
        informer: cluster.pods.informer,
        keys: ({ entry, previous }) => [
          ...controllerKey(objectOf(entry), kind),
          ...(previous && previous !== entry ? controllerKey(objectOf(previous), kind) : []),
          ...claimantsOf(objects, objectOf(entry)),
        ],
      },
    ],
    async (set) => {
      await claim(set, cluster.pods);

      const owned = () => cluster.pods.by('controller', set.metadata.uid).filter(isActive);
      const wanted: number = set.spec.replicas ?? 1;
      const surplus = owned().length - wanted;
      let failure: unknown;

      try {
        if (surplus < 0) {
          await createPods(
            cluster,
            name,
            set,
            Array.from({ length: -surplus }, () => podOf(set, set.spec.template)),
          );
        } else if (surplus > 0) {
          await deletePods(cluster, name, set, owned().sort(byDispensability).slice(0, surplus));
        }
      } catch (error) {
        failure = error;
      }

      const leaving = cluster.pods
        .by('controller', set.metadata.uid)
        .filter(
          ({ metadata, status }) =>
            metadata.deletionTimestamp &&
            status?.phase !== 'Succeeded' &&
            status?.phase !== 'Failed',
        );

      const again = await setStatus(
        objects,
        set,
        owned(),
        kind === 'ReplicaSet' ? leaving.length : undefined,
        failure,
      );

      if (failure) {
        throw failure;
      }

      return again;
    },
  );
}

async function setStatus(
  objects: Objects,
  set: PersistedObject,
  pods: PersistedObject[],
  terminatingReplicas: number | undefined,
  failure: unknown,
): Promise<number | undefined> {
  const { ready, available, again } = countPods(pods, set.spec.minReadySeconds);
  const labels = Object.entries(
    (set.spec.template.metadata?.labels ?? {}) as Record<string, string>,
  );
  const labeled = pods.filter((pod) =>
    labels.every(([name, value]) => pod.metadata.labels?.[name] === value),
  );

  const failed: Condition = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: (failure as Error | undefined)?.message ?? '',
    lastTransitionTime: timestamp(),
  };

  const before = conditionOf(set, failed.type);

  const status = {
    replicas: pods.length,
    ...withoutZeros({
      fullyLabeledReplicas: labeled.length,
      readyReplicas: ready,
      availableReplicas: available,
    }),
    ...(terminatingReplicas !== undefined && { terminatingReplicas }),
    observedGeneration: set.metadata.generation,
    ...(failure !== undefined && {
      conditions: [before?.reason === failed.reason ? before : failed],
    }),
  };

  if (!equalJson(status, set.status)) {
    await objects.setStatus(set, status);
  }

  return again;
}

/** Reconciles ReplicaSets. */
export function replicaSetReconciler(cluster: Cluster): Reconciler {
  return replicaReconciler(cluster, {
    name: 'replicaset-controller',
    kind: 'ReplicaSet',
    objects: cluster.replicaSets,
  });
}

/** Reconciles ReplicationControllers. */
export function replicationControllerReconciler(cluster: Cluster): Reconciler {
  return replicaReconciler(cluster, {
    name: 'replication-controller',
    kind: 'ReplicationController',
    objects: cluster.replicationControllers,
  });
}
