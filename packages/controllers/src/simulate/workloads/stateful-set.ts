import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import { countPods, isBehind, podOf, untilAvailable, withoutZeros } from '../cluster/pods.ts';
import type { Cluster } from '../cluster.ts';
import { controllerKey } from '../keys.ts';
import { currentRevision, REVISION_HASH, templateOf } from './revisions.ts';
import { workloadReconciler } from './workload.ts';

const COMPONENT = 'statefulset-controller';

function ordinalOf(pod: PersistedObject): number {
  return Number(/-(\d+)$/.exec(pod.metadata.name ?? '')?.[1] ?? -1);
}

/**
 * One reconciliation of a StatefulSet: pods with names and volumes of their own, one after the
 * other (Kubernetes "StatefulSets").
 */
class StatefulSetRollout {
  readonly #cluster: Cluster;
  readonly #set: KubeObject;
  readonly #ordered: boolean;

  constructor(cluster: Cluster, set: PersistedObject) {
    this.#cluster = cluster;
    this.#set = set;
    this.#ordered = set.spec.podManagementPolicy !== 'Parallel';
  }

  #pods(): PersistedObject[] {
    return this.#cluster.pods
      .by('controller', this.#set.metadata.uid ?? '')
      .sort((a, b) => ordinalOf(a) - ordinalOf(b));
  }

  #available(pod: PersistedObject): boolean {
    return (
      !pod.metadata.deletionTimestamp && untilAvailable(pod, this.#set.spec.minReadySeconds) === 0
    );
  }

  /**
   * Makes one step; returns the milliseconds after which to look again if nothing changes before.
   */
  async step(): Promise<number | undefined> {
    const set = this.#set;
    const used = new Set(this.#pods().map((pod) => pod.metadata.labels?.[REVISION_HASH] ?? ''));

    if (set.status?.currentRevision) {
      used.add(set.status.currentRevision);
    }

    const update = await currentRevision(this.#cluster, set, 'controller.kubernetes.io/hash', used);
    const current = this.#revision(set.status?.currentRevision) ?? update;

    await this.#move(current, update);

    return this.#write(current, update);
  }

  #revision(name: string | undefined): PersistedObject | undefined {
    return name === undefined
      ? undefined
      : this.#cluster.revisions.get(`${this.#set.metadata.namespace}/${name}`);
  }

  /**
   * Creates missing pods, deletes those that are too many, then outdated ones; in order, one at a
   * time, unless the policy is parallel.
   */
  async #move(current: PersistedObject, update: PersistedObject): Promise<void> {
    const { spec } = this.#set;
    const first: number = spec.ordinals?.start ?? 0;
    const pods = new Map(this.#pods().map((pod) => [ordinalOf(pod), pod]));

    for (let ordinal = first; ordinal < first + (spec.replicas ?? 1); ordinal++) {
      const pod = pods.get(ordinal);
      if (!pod) {
        const partition: number = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
        const waits = spec.updateStrategy?.type !== 'OnDelete' && ordinal < partition;

        await this.#create(ordinal, waits ? current : update);

        if (this.#ordered) {
          return;
        }
      } else if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
        if (!pod.metadata.deletionTimestamp) {
          await this.#delete(pod);
        }
        if (this.#ordered) {
          return;
        }
      } else if (this.#ordered && !this.#available(pod)) {
        return;
      }
    }

    const surplus = [...pods]
      .filter(([ordinal]) => ordinal < first || ordinal >= first + (spec.replicas ?? 1))
      .map(([, pod]) => pod);

    for (const pod of surplus.reverse()) {
      if (!pod.metadata.deletionTimestamp) {
        await this.#delete(pod);
      }
      if (this.#ordered) {
        return;
      }
    }

    if (surplus.length === 0) {
      await this.#replaceOutdated(pods, update, first);
    }
  }

  async #replaceOutdated(
    pods: ReadonlyMap<number, PersistedObject>,
    update: PersistedObject,
    first: number,
  ): Promise<void> {
    const { spec } = this.#set;
    if (spec.updateStrategy?.type === 'OnDelete') {
      return;
    }

    const partition: number = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
    for (
      let ordinal = first + (spec.replicas ?? 1) - 1;
      ordinal >= Math.max(first, partition);
      ordinal--
    ) {
      const pod = pods.get(ordinal);
      if (!pod || pod.metadata.deletionTimestamp) {
        return;
      }
      if (pod.metadata.labels?.[REVISION_HASH] !== update.metadata.name) {
        return this.#delete(pod);
      }
      if (!this.#available(pod)) {
        return;
      }
    }
  }

  async #create(ordinal: number, revision: PersistedObject): Promise<void> {
    const set = this.#set;
    const name = `${set.metadata.name}-${ordinal}`;
    const pod = podOf(set, templateOf(revision), name);
    pod.metadata.labels = {
      ...pod.metadata.labels,
      'apps.kubernetes.io/pod-index': String(ordinal),
      [REVISION_HASH]: revision.metadata.name,
      'statefulset.kubernetes.io/pod-name': name,
    };

    pod.spec.hostname = name;
    if (set.spec.serviceName) {
      pod.spec.subdomain = set.spec.serviceName;
    }

    for (const template of (set.spec.volumeClaimTemplates ?? []) as PersistedObject[]) {
      await this.#claim(pod, template);
    }

    const what = `Pod ${name} in StatefulSet ${set.metadata.name}`;

    try {
      await this.#cluster.pods.create(pod);
    } catch (error) {
      if (!isBehind(error)) {
        const message = `Create ${what} failed error: ${(error as Error).message}`;
        this.#cluster.record(COMPONENT, set, 'FailedCreate', message, 'Warning');
      }

      throw error;
    }

    this.#cluster.record(COMPONENT, set, 'SuccessfulCreate', `Create ${what} successful`);
  }

  /** Creates a pod's claim, which outlives the pod. */
  async #claim(pod: KubeObject, template: PersistedObject): Promise<void> {
    const set = this.#set;
    const namespace = set.metadata.namespace ?? '';
    const claimName = `${template.metadata.name}-${pod.metadata.name}`;
    const others = ((pod.spec.volumes ?? []) as { name: string }[]).filter(
      ({ name }) => name !== template.metadata.name,
    );

    pod.spec.volumes = [
      { name: template.metadata.name, persistentVolumeClaim: { claimName } },
      ...others,
    ];

    if (this.#cluster.claims.get(`${namespace}/${claimName}`)) {
      return;
    }

    const { annotations } = template.metadata;
    const labels = { ...template.metadata.labels, ...set.spec.selector?.matchLabels };
    await this.#cluster.claims.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claimName, namespace, labels, ...(annotations && { annotations }) },
      spec: structuredClone(template.spec),
    });

    const message = `Create Claim ${claimName} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} success`;
    this.#cluster.record(COMPONENT, set, 'SuccessfulCreate', message);
  }

  async #delete(pod: PersistedObject): Promise<void> {
    await this.#cluster.pods.delete(pod);
    const message = `Delete Pod ${pod.metadata.name} in StatefulSet ${this.#set.metadata.name} successful`;
    this.#cluster.record(COMPONENT, this.#set, 'SuccessfulDelete', message);
  }

  async #write(current: PersistedObject, update: PersistedObject): Promise<number | undefined> {
    const set = this.#set;
    const pods = this.#pods();
    const { ready, available, again } = countPods(pods, set.spec.minReadySeconds);

    const of = (revision: PersistedObject) =>
      pods.filter(
        (pod) =>
          !pod.metadata.deletionTimestamp &&
          pod.metadata.labels?.[REVISION_HASH] === revision.metadata.name,
      ).length;

    const done =
      of(update) === pods.length &&
      pods.length === (set.spec.replicas ?? 1) &&
      ready === pods.length;

    const status = {
      observedGeneration: set.metadata.generation,
      replicas: pods.length,
      ...withoutZeros({
        readyReplicas: ready,
        currentReplicas: of(done ? update : current),
        updatedReplicas: of(update),
      }),
      availableReplicas: available,
      currentRevision: done ? update.metadata.name : current.metadata.name,
      updateRevision: update.metadata.name,
      collisionCount: 0,
    };

    if (!equalJson(status, set.status)) {
      await this.#cluster.statefulSets.setStatus(set, status);
    }

    return again;
  }
}

/** Reconciles StatefulSets. */
export function statefulSetReconciler(cluster: Cluster): Reconciler {
  return workloadReconciler(
    COMPONENT,
    cluster.statefulSets,
    [
      {
        informer: cluster.pods.informer,
        keys: ({ entry }) => controllerKey(objectOf(entry), 'StatefulSet'),
      },
    ],
    (set) => new StatefulSetRollout(cluster, set).step(),
  );
}
