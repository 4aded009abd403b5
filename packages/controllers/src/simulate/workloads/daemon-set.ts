import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import {
  countPods,
  createPods,
  deletePods,
  isActive,
  isReady,
  podOf,
  untilAvailable,
  withoutZeros,
} from '../cluster/pods.ts';
import { obstacle, simulatedNodes } from '../cluster/scheduler.ts';
import type { Cluster } from '../cluster.ts';
import { controllerKey } from '../keys.ts';
import { keyOf } from '../objects.ts';
import { currentRevision, REVISION_HASH } from './revisions.ts';
import { podNumber } from './rollout-limits.ts';
import { workloadReconciler } from './workload.ts';

const COMPONENT = 'daemonset-controller';

/** Tolerations of daemons for nodes in trouble (Kubernetes "DaemonSet", taints and tolerations). */
const TOLERATED: readonly [string, string][] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
];

/** Returns the pod of a DaemonSet for one node. */
function podFor(set: KubeObject, node: KubeObject, hash: string): KubeObject {
  const pod = podOf(set, set.spec.template);
  pod.metadata.labels = {
    ...pod.metadata.labels,
    [REVISION_HASH]: hash,
    'pod-template-generation':
      set.metadata.annotations?.['deprecated.daemonset.template.generation'] ??
      String(set.metadata.generation ?? 1),
  };

  const nodeSelectorTerms = [
    { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node.metadata.name] }] },
  ];

  pod.spec.affinity = {
    ...pod.spec.affinity,
    nodeAffinity: {
      ...pod.spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    },
  };

  const tolerations = TOLERATED.map(([key, effect]) => ({ key, operator: 'Exists', effect }));
  pod.spec.tolerations = [...(pod.spec.tolerations ?? []), ...tolerations];

  return pod;
}

/** Returns the node that a pod of a DaemonSet is on, or is meant for. */
function nodeOf({ spec }: PersistedObject): string | undefined {
  return (
    spec.nodeName ??
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0]
  );
}

async function reconcile(cluster: Cluster, set: PersistedObject): Promise<number | undefined> {
  const own = () => cluster.pods.by('controller', set.metadata.uid);
  const used = new Set(own().map((pod) => pod.metadata.labels?.[REVISION_HASH] ?? ''));
  const revision = await currentRevision(cluster, set, REVISION_HASH, used);
  const hash = revision.metadata.labels?.[REVISION_HASH] ?? '';

  // Tested with the pod as it would be, whatever else runs on the node.
  const eligible = simulatedNodes(cluster).filter((node) => {
    const pod = podFor(set, node, hash);
    pod.spec.affinity = set.spec.template.spec.affinity;
    return obstacle(pod, node, 0) === undefined;
  });

  const names = new Set(eligible.map((node) => node.metadata.name));
  const byNode = new Map<string, PersistedObject[]>();

  for (const pod of own()) {
    byNode.set(nodeOf(pod) ?? '', [...(byNode.get(nodeOf(pod) ?? '') ?? []), pod]);
  }

  const active = own().filter(isActive);
  const surplus = active.filter((pod) => {
    const node = nodeOf(pod) ?? '';
    return !names.has(node) || byNode.get(node)?.find(isActive) !== pod;
  });
  const failed = own().filter(
    ({ status, metadata }) => status?.phase === 'Failed' && !metadata.deletionTimestamp,
  );

  await deletePods(cluster, COMPONENT, set, [
    ...surplus,
    ...failed,
    ...outdated(set, active, hash, eligible.length),
  ]);

  const missing = eligible.filter(
    (node) => !own().some((pod) => nodeOf(pod) === node.metadata.name),
  );

  if (missing.length > 0) {
    await createPods(
      cluster,
      COMPONENT,
      set,
      missing.map((node) => podFor(set, node, hash)),
    );
  }

  const pods = own().filter((pod) => isActive(pod) && names.has(nodeOf(pod) ?? ''));
  const { ready, available, again } = countPods(pods, set.spec.minReadySeconds);
  const updatedNumberScheduled = pods.filter(
    (pod) => pod.metadata.labels?.[REVISION_HASH] === hash,
  ).length;

  const status = {
    currentNumberScheduled: pods.length,
    numberMisscheduled: own().filter((pod) => isActive(pod) && !names.has(nodeOf(pod) ?? ''))
      .length,
    desiredNumberScheduled: eligible.length,
    numberReady: ready,
    observedGeneration: set.metadata.generation,
    ...withoutZeros({
      updatedNumberScheduled,
      numberAvailable: available,
      numberUnavailable: eligible.length - available,
    }),
  };

  if (!equalJson(status, set.status)) {
    await cluster.daemonSets.setStatus(set, status);
  }

  return again;
}

/**
 * Returns the pods of old templates that may be deleted now: at most `maxUnavailable` may be
 * missing or not ready at a time.
 */
function outdated(
  set: PersistedObject,
  active: readonly PersistedObject[],
  hash: string,
  wanted: number,
): PersistedObject[] {
  if (set.spec.updateStrategy?.type === 'OnDelete') {
    return [];
  }

  const old = active.filter((pod) => pod.metadata.labels?.[REVISION_HASH] !== hash);

  const most = Math.max(
    1,
    Math.ceil(podNumber(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted)),
  );

  const unavailable =
    wanted - active.filter((pod) => untilAvailable(pod, set.spec.minReadySeconds) === 0).length;
  const unready = old.filter((pod) => !isReady(pod));
  const rest = old.filter(isReady).slice(0, Math.max(0, most - unavailable));

  return [...unready, ...rest];
}

/** Reconciles DaemonSets: a pod on each simulated node that takes it (Kubernetes "DaemonSet"). */
export function daemonSetReconciler(cluster: Cluster): Reconciler {
  return workloadReconciler(
    COMPONENT,
    cluster.daemonSets,
    [
      {
        informer: cluster.pods.informer,
        keys: ({ entry }) => controllerKey(objectOf(entry), 'DaemonSet'),
      },
      {
        informer: cluster.nodes.informer,
        keys: ({ entry, previous }) =>
          sameNode(objectOf(entry), previous?.object) ? [] : cluster.daemonSets.all().map(keyOf),
      },
    ],
    (set) => reconcile(cluster, set),
  );
}

/** Whether nothing has changed that decides what runs on a node; heartbeats do not. */
function sameNode(node: PersistedObject, before: PersistedObject | undefined): boolean {
  return (
    node !== before &&
    before !== undefined &&
    equalJson([node.spec, node.metadata.labels], [before.spec, before.metadata.labels])
  );
}
