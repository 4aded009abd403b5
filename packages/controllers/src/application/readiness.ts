import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';

/** Whether a component of an application is ready. */
export type Readiness = 'Ready' | 'InProgress';

type Counts = Record<string, number | undefined>;

function conditionOf(object: KubeObject, type: string): string | undefined {
  const conditions = object.status?.conditions;
  if (!Array.isArray(conditions)) {
    return undefined;
  }

  return (conditions as { type?: string; status?: string }[]).find((one) => one.type === type)
    ?.status;
}

function isObserved({ metadata, status }: KubeObject): boolean {
  return Number(status?.observedGeneration ?? 0) >= Number(metadata.generation ?? 0);
}

function hasReplicas({ spec, status }: KubeObject, counted: readonly string[]): boolean {
  const wanted = Number(spec?.replicas ?? 1);
  const counts = (status ?? {}) as Counts;

  return (
    Number(counts.replicas ?? 0) === wanted &&
    counted.every((count) => Number(counts[count] ?? 0) === wanted)
  );
}

const CHECKS: Readonly<Record<string, (object: KubeObject) => boolean>> = {
  Deployment: (object) =>
    isObserved(object) &&
    hasReplicas(object, ['updatedReplicas', 'readyReplicas', 'availableReplicas']),
  StatefulSet: (object) =>
    isObserved(object) &&
    hasReplicas(object, ['readyReplicas']) &&
    (object.status?.updateRevision === object.status?.currentRevision ||
      Number(object.spec?.updateStrategy?.rollingUpdate?.partition ?? 0) > 0),
  ReplicaSet: (object) =>
    isObserved(object) && hasReplicas(object, ['readyReplicas', 'availableReplicas']),
  DaemonSet: (object) => {
    const {
      desiredNumberScheduled: wanted,
      updatedNumberScheduled,
      numberReady,
    } = (object.status ?? {}) as Counts;

    return (
      isObserved(object) && Number(updatedNumberScheduled ?? 0) === wanted && numberReady === wanted
    );
  },
  Job: ({ status }) =>
    Boolean(status?.startTime) && conditionOf({ metadata: {}, status }, 'Failed') !== 'True',
  PersistentVolumeClaim: ({ status }) => status?.phase === 'Bound',
  Pod: (object) => object.status?.phase === 'Succeeded' || conditionOf(object, 'Ready') === 'True',
  Service: ({ spec, status }) =>
    spec?.type !== 'LoadBalancer' ||
    ((status?.loadBalancer?.ingress ?? []) as unknown[]).length > 0,
};

/**
 * Returns the readiness of a component: workloads when everything that they ask for runs, other
 * kinds when they exist and do not say otherwise.
 */
export function readinessOf(kind: string, object: PersistedObject): Readiness {
  if (object.metadata.deletionTimestamp !== undefined) {
    return 'InProgress';
  }

  const check = Object.hasOwn(CHECKS, kind) ? CHECKS[kind] : undefined;
  const isReady = check ? check(object) : conditionOf(object, 'Ready') !== 'False';

  return isReady ? 'Ready' : 'InProgress';
}
