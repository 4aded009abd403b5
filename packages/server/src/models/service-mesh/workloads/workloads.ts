import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import { PodIndex } from './pod-index.ts';
import {
  controllerOf,
  hasSidecar,
  type Labels,
  labelsOf,
  phaseOf,
  templateLabels,
  type WorkloadObjects,
} from './workload-objects.ts';

/** What runs pods in a namespace: a Deployment, another controller, or a pod of its own. */
export interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly labels: Labels;
  readonly podCount: number;
  readonly replicas: number;
  readonly available: number;
  readonly hasSidecar: boolean;
}

/** Of two kinds of controllers with one name, the one with the higher number counts. */
const PRIORITIES: Readonly<Record<string, number>> = {
  Deployment: 6,
  DeploymentConfig: 5,
  ReplicaSet: 4,
  ReplicationController: 3,
  StatefulSet: 2,
  Job: 1,
  DaemonSet: 0,
  Pod: -1,
};

const priorityOf = (kind: string) => PRIORITIES[kind] ?? -2;

/** The list in which objects of a kind are. */
const LISTS: Readonly<Record<string, keyof WorkloadObjects>> = {
  Deployment: 'deployments',
  ReplicaSet: 'replicasets',
  ReplicationController: 'replicationcontrollers',
  StatefulSet: 'statefulsets',
  CronJob: 'cronjobs',
  Job: 'jobs',
  Pod: 'pods',
};

/** Kinds whose objects are workloads although they have no pods. */
const WITHOUT_PODS = ['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'] as const;

/** Kinds of workloads by name. */
class Kinds {
  readonly byName = new Map<string, string>();

  add(name: string, kind: string): void {
    const known = this.byName.get(name);
    if (known === undefined || priorityOf(kind) > priorityOf(known)) {
      this.byName.set(name, kind);
    }
  }

  /** Puts an object's owner in its place. */
  replace(name: string, owner: { kind: string; name: string }): void {
    this.byName.delete(name);
    this.add(owner.name, owner.kind);
  }
}

type Index = ReadonlyMap<string, PersistedObject>;

const byName = (objects: readonly PersistedObject[]): Index =>
  new Map(objects.map((object) => [object.metadata.name, object]));

/** Objects by name, for each kind. */
type Indexes = Readonly<Record<string, Index>>;

function indexesOf(objects: WorkloadObjects): Indexes {
  return Object.fromEntries(
    Object.entries(LISTS).map(([kind, list]) => [kind, byName(objects[list])]),
  );
}

/** Adds what controls the pods: not ReplicaSets, but the Deployments that they belong to. */
function addOwners(kinds: Kinds, pods: readonly PersistedObject[], indexes: Indexes): void {
  for (const pod of pods) {
    const owner = controllerOf(pod);

    if (owner) {
      kinds.add(owner.name, owner.kind);
    } else if (!pod.metadata.ownerReferences?.length) {
      kinds.add(pod.metadata.name, 'Pod');
    }
  }

  for (const [name, kind] of [...kinds.byName]) {
    const object = ['ReplicaSet', 'ReplicationController', 'Job'].includes(kind)
      ? indexes[kind]?.get(name)
      : undefined;
    const owner = object && controllerOf(object);
    // A Job stays when its CronJob is gone.
    const isGone = kind === 'Job' && owner && !indexes.CronJob?.has(owner.name);

    if (owner && !isGone) {
      kinds.replace(name, owner);
    }
  }
}

/** Adds what has no pods. */
function addEmpty(kinds: Kinds, indexes: Indexes, selects: (labels: Labels) => boolean): void {
  for (const kind of WITHOUT_PODS) {
    for (const [name, object] of indexes[kind] ?? []) {
      const isOwned = kind.startsWith('Replica') && object.metadata.ownerReferences?.length;

      if (!kinds.byName.has(name) && !isOwned && selects(templateLabels(object))) {
        kinds.byName.set(name, kind);
      }
    }
  }
}

const count = (value: unknown) => (typeof value === 'number' ? value : 0);

const running = (pods: readonly PersistedObject[]) =>
  pods.filter((pod) => phaseOf(pod) === 'Running').length;

/** Returns how many pods a workload should have, and how many of them run. */
function sizeOf(
  kind: string,
  { status }: Pick<PersistedObject, 'status'>,
  pods: readonly PersistedObject[],
): Pick<Workload, 'replicas' | 'available'> {
  const { replicas, availableReplicas, readyReplicas, active, succeeded, failed } = status ?? {};

  switch (kind) {
    case 'Deployment':
    case 'ReplicaSet':
    case 'ReplicationController':
      return { replicas: count(replicas), available: count(availableReplicas) };
    case 'StatefulSet':
      return { replicas: count(replicas), available: count(readyReplicas) };
    case 'Job': {
      const available = count(active) + count(succeeded);
      return { replicas: available + count(failed), available };
    }
    case 'Pod':
      return { replicas: 1, available: running(pods) };
    default:
      return {
        replicas: pods.filter((pod) => phaseOf(pod) !== 'Succeeded').length,
        available: running(pods),
      };
  }
}

/** Returns the pods of a workload: those with the labels of its template, or those it controls. */
function podsOf(
  name: string,
  kind: string,
  object: PersistedObject | undefined,
  pods: PodIndex,
): readonly PersistedObject[] {
  if (kind === 'Pod') {
    return object ? [object] : [];
  }

  return object ? pods.withLabels(templateLabels(object)) : pods.controlledBy(kind, name);
}

function workloadLabels(
  kind: string,
  object: PersistedObject | undefined,
  pods: readonly PersistedObject[],
): Labels {
  if (!object) {
    return pods[0] ? labelsOf(pods[0]) : {};
  }

  return ['Job', 'CronJob', 'Pod'].includes(kind) ? labelsOf(object) : templateLabels(object);
}

/**
 * Returns the workloads of a namespace by name: whatever controls one of its pods, pods that
 * nothing controls, and controllers without pods. Only those whose pods' labels are selected.
 */
export function workloadsOf(
  objects: WorkloadObjects,
  selects: (labels: Labels) => boolean = () => true,
): Workload[] {
  const indexes = indexesOf(objects);
  const pods = objects.pods.filter((pod) => selects(labelsOf(pod)));
  const kinds = new Kinds();

  const podIndex = new PodIndex(pods);

  addOwners(kinds, pods, indexes);
  addEmpty(kinds, indexes, selects);

  const found = [...kinds.byName].flatMap(([name, kind]): Workload[] => {
    const object = indexes[kind]?.get(name);
    const own = podsOf(name, kind, object, podIndex);

    // The owner that pods name is gone.
    if (!object && (LISTS[kind] !== undefined || own.length === 0)) {
      return [];
    }

    return [
      {
        name,
        kind,
        labels: workloadLabels(kind, object, own),
        podCount: own.length,
        ...sizeOf(kind, object ?? {}, own),
        hasSidecar: own.some(hasSidecar),
      },
    ];
  });

  return found.sort((a, b) => compareText(a.name, b.name));
}
