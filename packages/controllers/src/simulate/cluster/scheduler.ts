import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import type { Reconciler } from '../../runtime/controller.ts';
import { type Cluster, SIMULATED } from '../cluster.ts';
import { behind, keyOf } from '../objects.ts';
import { type Condition, conditionOf } from './pods.ts';

interface Taint {
  key: string;
  value?: string;
  effect: string;
}

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

/** Whether a pod tolerates a taint. */
export function tolerates(pod: KubeObject, taint: Taint): boolean {
  return ((pod.spec.tolerations ?? []) as Toleration[]).some(
    ({ key, operator, value, effect }) =>
      (!effect || effect === taint.effect) &&
      (key ? key === taint.key : operator === 'Exists') &&
      (operator === 'Exists' || (value ?? '') === (taint.value ?? '')),
  );
}

function satisfies(value: string | undefined, { operator, values = [] }: Requirement): boolean {
  if (operator === 'In') {
    return value !== undefined && values.includes(value);
  }
  if (operator === 'NotIn') {
    return value === undefined || !values.includes(value);
  }
  if (operator === 'Exists') {
    return value !== undefined;
  }
  if (operator === 'DoesNotExist') {
    return value === undefined;
  }
  if (value === undefined) {
    return false;
  }

  return operator === 'Gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]);
}

/** Whether labels and name of a node are what a pod asks for. */
export function selects(pod: KubeObject, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  const wanted = Object.entries((pod.spec.nodeSelector ?? {}) as Record<string, string>);
  if (!wanted.every(([name, value]) => labels[name] === value)) {
    return false;
  }

  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms as
    | { matchExpressions?: Requirement[]; matchFields?: Requirement[] }[]
    | undefined;

  if (!terms) {
    return true;
  }

  return terms.some(
    ({ matchExpressions = [], matchFields = [] }) =>
      matchExpressions.length + matchFields.length > 0 &&
      matchExpressions.every((requirement) => satisfies(labels[requirement.key], requirement)) &&
      matchFields.every((requirement) => satisfies(node.metadata.name, requirement)),
  );
}

/** Returns why a pod cannot run on a node, in the scheduler's words; undefined when it can. */
export function obstacle(pod: KubeObject, node: KubeObject, podsThere: number): string | undefined {
  const unschedulable = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
  if (node.spec?.unschedulable && !tolerates(pod, unschedulable)) {
    return 'node(s) were unschedulable';
  }
  if (!selects(pod, node)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }

  for (const taint of (node.spec?.taints ?? []) as Taint[]) {
    if (
      taint.effect === 'PreferNoSchedule' ||
      taint.key === unschedulable.key ||
      tolerates(pod, taint)
    ) {
      continue;
    }

    return `node(s) had untolerated taint(s)`;
  }

  if (podsThere >= Number(node.status?.allocatable?.pods ?? 110)) {
    return 'Too many pods';
  }

  return undefined;
}

/** Returns the nodes on which simulated pods run. */
export function simulatedNodes(cluster: Cluster): PersistedObject[] {
  return cluster.nodes.all().filter(({ metadata }) => metadata.annotations?.[SIMULATED] === 'true');
}

/** Binds pods to simulated nodes, each to the one that has the fewest. */
export function schedulerReconciler(cluster: Cluster): Reconciler {
  const unscheduled = new Set<string>();

  /** Pods bound to a node that the informer does not show there yet. */
  const bound = new Map<string, number>();

  return {
    name: 'simulated-scheduler',
    sources: [
      {
        informer: cluster.pods.informer,
        keys: ({ entry }) => (objectOf(entry).spec.nodeName ? [] : [keyOf(objectOf(entry))]),
      },
      // A changed node may have room now.
      { informer: cluster.nodes.informer, keys: () => [...unscheduled] },
    ],
    about: (key) => cluster.pods.get(key),
    async reconcile(key) {
      unscheduled.delete(key);

      const pod = cluster.pods.get(key);
      if (
        !pod ||
        pod.spec.nodeName ||
        pod.metadata.deletionTimestamp ||
        pod.spec.schedulingGates?.length
      ) {
        return undefined;
      }

      if ((pod.spec.schedulerName ?? 'default-scheduler') !== 'default-scheduler') {
        return undefined;
      }

      const obstacles: string[] = [];
      let best: PersistedObject | undefined;
      let fewest = Number.POSITIVE_INFINITY;

      for (const node of simulatedNodes(cluster)) {
        const there =
          cluster.pods.count('node', node.metadata.name) + (bound.get(node.metadata.name) ?? 0);
        const why = obstacle(pod, node, there);
        if (why) {
          obstacles.push(why);
        } else if (there < fewest) {
          [best, fewest] = [node, there];
        }
      }

      if (!best) {
        unscheduled.add(key);
        return tellUnschedulable(cluster, pod, obstacles);
      }

      const { namespace, name } = pod.metadata;
      const node = best.metadata.name;

      bound.set(node, (bound.get(node) ?? 0) + 1);

      try {
        await bind(cluster, pod, node);
      } finally {
        bound.set(node, (bound.get(node) ?? 1) - 1);
      }

      const message = `Successfully assigned ${namespace}/${name} to ${node}`;
      cluster.record('default-scheduler', pod, 'Scheduled', message);

      return undefined;
    },
  };
}

async function bind(cluster: Cluster, pod: PersistedObject, node: string): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const target = { apiVersion: 'v1', kind: 'Node', name: node };
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace, uid }, target };
  const path = resourcePath(cluster.pods.resource, namespace, name, 'binding');
  const body = { type: 'application/json', bytes: Buffer.from(JSON.stringify(binding)) };

  await cluster.client.raw('POST', path, body).catch((error: unknown) => {
    throw behind(error);
  });

  const key = keyOf(pod);
  await cluster.pods.until(
    key,
    () => cluster.pods.get(key)?.spec.nodeName !== undefined || !cluster.pods.get(key),
  );
}

async function tellUnschedulable(
  cluster: Cluster,
  pod: PersistedObject,
  obstacles: string[],
): Promise<undefined> {
  const counts = new Map<string, number>();

  for (const why of obstacles) {
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }

  const reasons = [...counts].map(([why, count]) => `${count} ${why}`).sort();
  const message = `0/${obstacles.length} nodes are available: ${reasons.join(', ')}.`;

  const condition: Condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: timestamp(),
  };

  const before = conditionOf(pod, 'PodScheduled');
  const { lastTransitionTime: _, ...same } = condition;
  if (
    before &&
    equalJson({ ...before, lastTransitionTime: undefined, lastProbeTime: undefined }, same)
  ) {
    return undefined;
  }

  cluster.record('default-scheduler', pod, 'FailedScheduling', message, 'Warning');

  const others = ((pod.status?.conditions ?? []) as Condition[]).filter(
    ({ type }) => type !== 'PodScheduled',
  );
  await cluster.pods.setStatus(pod, { ...pod.status, conditions: [...others, condition] });

  return undefined;
}
