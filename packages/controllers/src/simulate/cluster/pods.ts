import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Cluster, Component } from '../cluster.ts';

/** How many pods one reconciliation creates or deletes; the rest follows at once. */
const BATCH = 200;

/** A condition of a status. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
  lastProbeTime?: string | null;
}

/** Returns a condition of an object. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return (object.status?.conditions as Condition[] | undefined)?.find(
    (condition) => condition.type === type,
  );
}

/** Whether a pod has neither ended nor is being deleted. */
export function isActive({ metadata, status }: PersistedObject): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed' && !metadata.deletionTimestamp;
}

/** Whether a pod is ready to take requests. */
export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True';
}

/**
 * Returns the milliseconds until a pod has been ready for `minReadySeconds`: 0 when it is
 * available, Infinity while it is not ready.
 */
export function untilAvailable(pod: KubeObject, minReadySeconds = 0): number {
  const ready = conditionOf(pod, 'Ready');
  if (ready?.status !== 'True') {
    return Number.POSITIVE_INFINITY;
  }
  if (minReadySeconds === 0) {
    return 0;
  }

  return Math.max(
    0,
    Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 - Date.now(),
  );
}

/** Counts of pods in a status, and when to count again. */
export function countPods(pods: readonly PersistedObject[], minReadySeconds: number | undefined) {
  const waits = pods.map((pod) => untilAvailable(pod, minReadySeconds));
  const later = waits.filter((wait) => wait > 0 && wait < Number.POSITIVE_INFINITY);

  return {
    ready: pods.filter(isReady).length,
    available: waits.filter((wait) => wait === 0).length,
    again: later.length > 0 ? Math.min(...later) : undefined,
  };
}

/** Returns a status without counts that are zero, as Kubernetes leaves them out. */
export function withoutZeros<T extends Record<string, unknown>>(counts: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(counts).filter(([, count]) => count !== 0),
  ) as Partial<T>;
}

/** Returns a pod as its controller creates it; the API generates its name unless one is given. */
export function podOf(owner: KubeObject, template: PersistedObject, name?: string): KubeObject {
  const { labels, annotations } = template.metadata ?? {};

  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(name !== undefined && { name }),
      namespace: owner.metadata.namespace ?? '',
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: structuredClone(template.spec),
  };
}

/**
 * Returns why a pod was refused, with the owner's base name: the generated name differs each time.
 */
function refusal(pod: KubeObject, error: unknown): string {
  const { message, details } = error as Partial<StatusError> & { message: string };
  const { generateName, name } = pod.metadata;

  return name || !generateName || !details?.name
    ? message
    : message.replaceAll(`"${details.name}"`, `"${generateName}"`);
}

/**
 * Creates pods and reports each: one, then twice as many each time while none is refused, so that a
 * request that is always refused is not made again and again. When one is refused, reports that and
 * throws the reason.
 */
export async function createPods(
  cluster: Cluster,
  component: Component,
  owner: KubeObject,
  pods: readonly KubeObject[],
): Promise<void> {
  const wanted = pods.slice(0, BATCH);
  for (let from = 0, size = 1; from < wanted.length; from += size, size *= 2) {
    const batch = wanted.slice(from, from + size);
    const results = await Promise.allSettled(batch.map((pod) => cluster.pods.create(pod)));
    const failures: unknown[] = [];

    for (const [i, pod] of batch.entries()) {
      const result = results[i];

      if (result?.status === 'fulfilled') {
        const { name } = result.value.metadata;
        cluster.record(component, owner, 'SuccessfulCreate', `Created pod: ${name}`);
      } else if (isBehind(result?.reason)) {
        failures.push(result?.reason);
      } else {
        const message = refusal(pod, result?.reason);
        cluster.record(component, owner, 'FailedCreate', `Error creating: ${message}`, 'Warning');
        failures.push(new Error(message, { cause: result?.reason }));
      }
    }

    const [failure] = failures;
    if (failure !== undefined) {
      throw failure;
    }
  }
}

/** Whether a write failed only because the informer was a moment behind. */
export function isBehind(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'Conflict';
}

/** Deletes pods and reports each. */
export async function deletePods(
  cluster: Cluster,
  component: Component,
  owner: KubeObject,
  pods: readonly PersistedObject[],
): Promise<void> {
  await Promise.all(pods.slice(0, BATCH).map((pod) => cluster.pods.delete(pod)));
  for (const pod of pods.slice(0, BATCH)) {
    cluster.record(component, owner, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  }
}
