import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { controllerReference } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { KubeObject, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Reconciler } from '../../runtime/controller.ts';
import type { Cluster } from '../cluster.ts';
import { controllerKey } from '../keys.ts';
import { claim, claimantsOf } from './claim.ts';
import { deploymentStatus } from './deployment-status.ts';
import { limits } from './rollout-limits.ts';
import { templateHash } from './template-hash.ts';
import { workloadReconciler } from './workload.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAXIMUM = 'deployment.kubernetes.io/max-replicas';
const HASH = 'pod-template-hash';

/** Annotations of a Deployment that its ReplicaSets do not get. */
const OWN = new Set([LAST_APPLIED, REVISION, HISTORY, DESIRED, MAXIMUM]);

const replicasOf = (set: KubeObject): number => set.spec.replicas ?? 1;
const revisionOf = (set: KubeObject): number => Number(set.metadata.annotations?.[REVISION] ?? 0);
const sum = (sets: readonly KubeObject[], of: (set: KubeObject) => number) =>
  sets.reduce((all, set) => all + of(set), 0);
const availableOf = (set: KubeObject): number => set.status?.availableReplicas ?? 0;

/** Returns a pod template in the form by which the ReplicaSets of one Deployment differ. */
function withoutHash(template: PersistedObject): unknown {
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/**
 * One rollout of a Deployment: ReplicaSets of each revision, rolled out and back (Kubernetes
 * "Deployments").
 */
export class DeploymentRollout {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Makes one step of a rollout; returns the milliseconds after which to look again if nothing
   * changes before.
   */
  async step(deployment: PersistedObject): Promise<number | undefined> {
    await claim(deployment, this.#cluster.replicaSets);

    const sets = () => this.#cluster.replicaSets.by('controller', deployment.metadata.uid);
    const template = withoutHash(deployment.spec.template);
    const current = () => sets().find((set) => equalJson(withoutHash(set.spec.template), template));
    const others = () => sets().filter((set) => set.metadata.uid !== current()?.metadata.uid);

    if (deployment.spec.paused) {
      await this.#scalePaused(deployment, sets());
    } else {
      if (deployment.spec.strategy?.type === 'Recreate') {
        await this.#recreate(deployment, current(), others());
      } else {
        await this.#roll(
          deployment,
          await this.#ensureCurrent(deployment, current(), others()),
          others,
        );
      }
    }

    const { status, again } = deploymentStatus(deployment, sets(), current(), {
      oldPods: this.#hasPods(others()),
    });

    await this.#write(deployment, status, current());

    if (
      status.updatedReplicas === deployment.spec.replicas &&
      status.replicas === status.updatedReplicas
    ) {
      await this.#forget(deployment, others());
    }

    return again;
  }

  #hasPods(sets: readonly PersistedObject[]): boolean {
    return sets.some((set) => this.#cluster.pods.count('controller', set.metadata.uid) > 0);
  }

  /** Writes the Deployment's own annotation and its status. */
  async #write(
    deployment: PersistedObject,
    status: PersistedObject['status'],
    current: PersistedObject | undefined,
  ): Promise<void> {
    const revision = current?.metadata.annotations?.[REVISION];
    let latest = deployment;

    if (revision !== undefined && deployment.metadata.annotations?.[REVISION] !== revision) {
      const annotations = { ...deployment.metadata.annotations, [REVISION]: revision };
      latest = await this.#cluster.deployments.update({
        ...deployment,
        metadata: { ...deployment.metadata, annotations },
      });
    }

    if (!equalJson(status, deployment.status)) {
      await this.#cluster.deployments.setStatus(latest, status);
    }
  }

  /** Returns the ReplicaSet of the current template, created or made the newest revision. */
  async #ensureCurrent(
    deployment: KubeObject,
    found: PersistedObject | undefined,
    others: readonly PersistedObject[],
  ): Promise<KubeObject> {
    const newest = Math.max(0, ...others.map(revisionOf)) + 1;

    if (found) {
      const before = revisionOf(found);
      if (before >= newest) {
        // Such as the change cause, which `kubectl rollout history` prints.
        const annotations = this.#annotations(deployment, before);
        const same = Object.entries(annotations).every(
          ([name, value]) => found.metadata.annotations?.[name] === value,
        );

        return same ? found : this.#update(found, annotations, replicasOf(found));
      }

      const history = [found.metadata.annotations?.[HISTORY], String(before)]
        .filter(Boolean)
        .join(',');
      const annotations = { ...this.#annotations(deployment, newest), [HISTORY]: history };

      return this.#update(found, annotations, replicasOf(found));
    }

    const { surge } = limits(deployment);
    const room = Math.max(0, deployment.spec.replicas + surge - sum(others, replicasOf));
    const replicas = Math.min(room, deployment.spec.replicas);
    const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0);
    const labels = { ...deployment.spec.template.metadata?.labels, [HASH]: hash };

    const set: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace ?? '',
        labels,
        annotations: this.#annotations(deployment, newest),
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas,
        ...(deployment.spec.minReadySeconds && {
          minReadySeconds: deployment.spec.minReadySeconds,
        }),
        selector: {
          ...deployment.spec.selector,
          matchLabels: { ...deployment.spec.selector.matchLabels, [HASH]: hash },
        },
        template: {
          ...deployment.spec.template,
          metadata: { ...deployment.spec.template.metadata, labels },
        },
      },
    };

    try {
      const made = await this.#cluster.replicaSets.create(set);
      this.#tell(deployment, made, 0, replicas);
      return made;
    } catch (error) {
      // The name belongs to another template, or to a ReplicaSet of an earlier Deployment.
      if (error instanceof StatusError && error.reason === 'AlreadyExists') {
        await this.#cluster.deployments.setStatus(deployment, {
          ...deployment.status,
          collisionCount: (deployment.status?.collisionCount ?? 0) + 1,
        });
      }

      throw error;
    }
  }

  #annotations(deployment: KubeObject, revision: number): Record<string, string> {
    const kept = Object.entries(deployment.metadata.annotations ?? {}).filter(
      ([name]) => !OWN.has(name),
    );
    const { surge } = limits(deployment);

    return {
      ...Object.fromEntries(kept),
      [REVISION]: String(revision),
      [DESIRED]: String(deployment.spec.replicas),
      [MAXIMUM]: String(deployment.spec.replicas + surge),
    };
  }

  async #update(
    set: KubeObject,
    annotations: Record<string, string>,
    replicas: number,
  ): Promise<PersistedObject> {
    return this.#cluster.replicaSets.update({
      ...set,
      metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } },
      spec: { ...set.spec, replicas },
    });
  }

  #tell(deployment: KubeObject, set: KubeObject, from: number, to: number): void {
    if (from === to) {
      return;
    }

    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`;
    this.#cluster.record('deployment-controller', deployment, 'ScalingReplicaSet', message);
  }

  async #scale(deployment: KubeObject, set: KubeObject, replicas: number): Promise<void> {
    const { surge } = limits(deployment);

    const annotations = {
      [DESIRED]: String(deployment.spec.replicas),
      [MAXIMUM]: String(deployment.spec.replicas + surge),
    };

    const from = replicasOf(set);
    if (
      from === replicas &&
      Object.entries(annotations).every(
        ([name, value]) => set.metadata.annotations?.[name] === value,
      )
    ) {
      return;
    }

    await this.#update(set, annotations, replicas);
    this.#tell(deployment, set, from, replicas);
  }

  /** A paused rollout keeps its proportions; only the total number follows the spec. */
  async #scalePaused(deployment: PersistedObject, sets: readonly PersistedObject[]): Promise<void> {
    const active = sets.filter((set) => replicasOf(set) > 0);
    const last = active.length > 0 ? active : sets.slice(-1);
    let missing = deployment.spec.replicas - sum(last, replicasOf);

    for (const set of last.toReversed()) {
      const next = Math.max(0, replicasOf(set) + missing);
      missing -= next - replicasOf(set);
      await this.#scale(deployment, set, next);
    }
  }

  async #recreate(
    deployment: PersistedObject,
    current: PersistedObject | undefined,
    others: readonly PersistedObject[],
  ): Promise<void> {
    for (const set of others) {
      if (replicasOf(set) > 0) {
        await this.#scale(deployment, set, 0);
      }
    }

    if (this.#hasPods(others)) {
      return;
    }

    const set = await this.#ensureCurrent(deployment, current, others);
    await this.#scale(deployment, set, deployment.spec.replicas);
  }

  async #roll(
    deployment: PersistedObject,
    current: KubeObject,
    others: () => PersistedObject[],
  ): Promise<void> {
    const { surge, unavailable } = limits(deployment);
    const wanted: number = deployment.spec.replicas;
    const room = wanted + surge - sum(others(), replicasOf) - replicasOf(current);
    const up = Math.min(wanted, replicasOf(current) + Math.max(0, room));
    await this.#scale(
      deployment,
      current,
      replicasOf(current) > wanted ? wanted : Math.max(up, Math.min(replicasOf(current), wanted)),
    );

    // Pods that never became available cost nothing to remove; of the others as many as may be
    // missing.
    const unready = up - Math.min(up, availableOf(current));
    let spare = sum(others(), replicasOf) + up - (wanted - unavailable) - unready;

    for (const set of others()) {
      if (spare <= 0) {
        break;
      }

      const broken = Math.min(
        replicasOf(set),
        Math.max(0, replicasOf(set) - availableOf(set)),
        spare,
      );

      if (broken > 0) {
        await this.#scale(deployment, set, replicasOf(set) - broken);
      }

      spare -= broken;
    }

    let removable = sum([current, ...others()], availableOf) - (wanted - unavailable);

    for (const set of others()) {
      const less = Math.min(replicasOf(set), Math.max(0, removable));
      if (less > 0) {
        await this.#scale(deployment, set, replicasOf(set) - less);
      }

      removable -= less;
    }
  }

  /** Deletes revisions beyond the history limit. */
  async #forget(deployment: PersistedObject, others: readonly PersistedObject[]): Promise<void> {
    const limit: number = deployment.spec.revisionHistoryLimit ?? 10;
    const old = others.filter(
      (set) => replicasOf(set) === 0 && !set.status?.replicas && !set.metadata.deletionTimestamp,
    );

    old.sort((a, b) => revisionOf(a) - revisionOf(b));

    for (const set of old.slice(0, Math.max(0, old.length - limit))) {
      await this.#cluster.replicaSets.delete(set);
    }
  }
}

/** Reconciles Deployments. */
export function deploymentReconciler(cluster: Cluster): Reconciler {
  const rollout = new DeploymentRollout(cluster);

  return workloadReconciler(
    'deployment-controller',
    cluster.deployments,
    [
      {
        informer: cluster.replicaSets.informer,
        keys: ({ entry }) => [
          ...controllerKey(objectOf(entry), 'Deployment'),
          ...claimantsOf(cluster.deployments, objectOf(entry)),
        ],
      },
      {
        // With Recreate the new pods wait until the last old one is gone.
        informer: cluster.pods.informer,
        keys: ({ type, entry }) => {
          if (type !== 'DELETED') {
            return [];
          }

          const [set] = controllerKey(objectOf(entry), 'ReplicaSet');
          const found = set === undefined ? undefined : cluster.replicaSets.get(set);

          return found ? controllerKey(found, 'Deployment') : [];
        },
      },
    ],
    (deployment) => rollout.step(deployment),
  );
}
