import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
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
import { podNumber } from './deployment.ts';
import { currentRevision, REVISION_HASH } from './revisions.ts';
import { workloadReconciler } from './workload.ts';

const COMPONENT = 'daemonset-controller';

/**
 * Taints of nodes in trouble, which daemons put up with (Kubernetes "DaemonSet", taints and
 * tolerations).
 */
const TOLERATED: readonly [string, string][] = [
  ['node.kubernetes.io/not-ready', 'NoExecute'],
  ['node.kubernetes.io/unreachable', 'NoExecute'],
  ['node.kubernetes.io/disk-pressure', 'NoSchedule'],
  ['node.kubernetes.io/memory-pressure', 'NoSchedule'],
  ['node.kubernetes.io/pid-pressure', 'NoSchedule'],
  ['node.kubernetes.io/unschedulable', 'NoSchedule'],
];

/** The pod of a DaemonSet for one node. */
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

/** The node that a pod of a DaemonSet is on, or is to be on. */
function nodeOf({ spec }: KubeObject): string | undefined {
  return (
    spec.nodeName ??
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ?.nodeSelectorTerms?.[0]?.matchFields?.[0]?.values?.[0]
  );
}

async function reconcile(cluster: Cluster, set: KubeObject): Promise<number | undefined> {
  const own = () => cluster.pods.by('controller', set.metadata.uid!);
  const used = new Set(own().map((pod) => pod.metadata.labels?.[REVISION_HASH] ?? ''));
  const revision = await currentRevision(cluster, set, REVISION_HASH, used);
  const hash = revision.metadata.labels![REVISION_HASH]!;

  // Whether it fits is asked of the pod as it would be, whatever else runs there.
  const eligible = simulatedNodes(cluster).filter((node) => {
    const pod = podFor(set, node, hash);
    pod.spec.affinity = set.spec.template.spec.affinity;
    return obstacle(pod, node, 0) === undefined;
  });

  const names = new Set(eligible.map((node) => node.metadata.name));
  const byNode = new Map<string, KubeObject[]>();

  for (const pod of own()) {
    byNode.set(nodeOf(pod) ?? '', [...(byNode.get(nodeOf(pod) ?? '') ?? []), pod]);
  }

  const active = own().filter(isActive);
  const surplus = active.filter(
    (pod) => !names.has(nodeOf(pod)) || byNode.get(nodeOf(pod)!)!.filter(isActive)[0] !== pod,
  );
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

  const pods = own().filter((pod) => isActive(pod) && names.has(nodeOf(pod)));
  const { ready, available, again } = countPods(pods, set.spec.minReadySeconds);
  const updatedNumberScheduled = pods.filter(
    (pod) => pod.metadata.labels?.[REVISION_HASH] === hash,
  ).length;

  const status = {
    currentNumberScheduled: pods.length,
    numberMisscheduled: own().filter((pod) => isActive(pod) && !names.has(nodeOf(pod))).length,
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
 * Pods of old templates that may go now: at most `maxUnavailable` are missing or not ready at a
 * time.
 */
function outdated(
  set: KubeObject,
  active: readonly KubeObject[],
  hash: string,
  wanted: number,
): KubeObject[] {
  if (set.spec.updateStrategy?.type === 'OnDelete') {
    return [];
  }

  const old = active.filter((pod) => pod.metadata.labels?.[REVISION_HASH] !== hash);

  const most = Math.max(
    1,
    podNumber(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted, true),
  );

  const unavailable =
    wanted - active.filter((pod) => untilAvailable(pod, set.spec.minReadySeconds) === 0).length;
  const unready = old.filter((pod) => !isReady(pod));
  const rest = old.filter(isReady).slice(0, Math.max(0, most - unavailable));

  return [...unready, ...rest];
}

/** DaemonSets: a pod on each simulated node that takes it (Kubernetes "DaemonSet"). */
export function daemonSetReconciler(cluster: Cluster): Reconciler {
  return workloadReconciler(
    COMPONENT,
    cluster.daemonSets,
    [
      {
        informer: cluster.pods.informer,
        keys: ({ entry }) => controllerKey(entry.object!, 'DaemonSet'),
      },
      {
        informer: cluster.nodes.informer,
        keys: ({ entry, previous }) =>
          sameNode(entry.object!, previous?.object) ? [] : cluster.daemonSets.all().map(keyOf),
      },
    ],
    (set) => reconcile(cluster, set),
  );
}

/** Whether nothing changed that decides about what runs on a node; heartbeats do not. */
function sameNode(node: KubeObject, before: KubeObject | undefined): boolean {
  return (
    node !== before &&
    before !== undefined &&
    equalJson([node.spec, node.metadata.labels], [before.spec, before.metadata.labels])
  );
}
