import type { FederatedKind } from '@ks-apiserver/api/federation/kinds';
import { FEDERATED_LABEL } from '@ks-apiserver/api/labels';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';

/** A cluster, as far as objects in it are followed. */
export interface Target {
  client: KubeClient;
  /** Informers of the propagated objects of each kind that is followed. */
  readonly informers: Map<string, Informer>;
}

/** Called with each change of a propagated object in a cluster. */
export type OnTargetChange = (change: Change, cluster: string) => void;

interface Followed {
  kind: FederatedKind;
  onChange: OnTargetChange;
}

/** Returns the key of the informer of a kind's older version. */
function olderKey(kind: string): string {
  return `${kind}/older`;
}

/**
 * The propagated objects of all clusters. A kind is followed while it has federated objects, in all
 * clusters that are joined.
 */
export class Targets {
  readonly #clientOf: (cluster: string) => KubeClient;
  readonly #targets = new Map<string, Target>();
  /** Kinds that are followed, by their names. */
  readonly #followed = new Map<string, Followed>();
  #isStopped = false;

  /** `clientOf` returns a client of a cluster's Kubernetes API that may be kept. */
  constructor(clientOf: (cluster: string) => KubeClient) {
    this.#clientOf = clientOf;
  }

  /** Follows a kind in all clusters; `onChange` counts when it was not followed yet. */
  follow(kind: FederatedKind, onChange: OnTargetChange): void {
    if (this.#followed.has(kind.kind) || this.#isStopped) {
      return;
    }

    this.#followed.set(kind.kind, { kind, onChange });

    for (const [cluster, target] of this.#targets) {
      this.#start(cluster, target, { kind, onChange });
    }
  }

  /** Follows a kind no more. */
  async release({ kind }: FederatedKind): Promise<void> {
    if (!this.#followed.delete(kind)) {
      return;
    }

    const informers = [...this.#targets.values()].flatMap((target) =>
      [kind, olderKey(kind)].flatMap((key) => {
        const informer = target.informers.get(key);
        target.informers.delete(key);
        return informer ?? [];
      }),
    );

    await Promise.all(informers.map((informer) => informer.stop()));
  }

  /** Returns a cluster, whose followed kinds are followed from then on. */
  target(cluster: string): Target {
    let target = this.#targets.get(cluster);

    if (!target) {
      target = { client: this.#clientOf(cluster), informers: new Map() };
      this.#targets.set(cluster, target);

      for (const followed of this.#followed.values()) {
        this.#start(cluster, target, followed);
      }
    }

    return target;
  }

  /**
   * Returns the informer of the older version of a kind in a cluster; undefined if there is none,
   * or the kind is not followed.
   */
  older(cluster: string, { kind }: FederatedKind): Informer | undefined {
    const target = this.target(cluster);
    const followed = this.#followed.get(kind);
    const key = olderKey(kind);

    if (followed?.kind.older && !target.informers.has(key)) {
      this.#start(cluster, target, followed, { resource: followed.kind.older, key });
    }

    return target.informers.get(key);
  }

  /** Has a cluster that is back asked at once. */
  retry(cluster: string): void {
    for (const informer of this.#targets.get(cluster)?.informers.values() ?? []) {
      informer.retry();
    }
  }

  /** Forgets a cluster that was left. */
  async remove(cluster: string): Promise<void> {
    const target = this.#targets.get(cluster);
    this.#targets.delete(cluster);

    await Promise.all([...(target?.informers.values() ?? [])].map((informer) => informer.stop()));
  }

  /** Follows nothing any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#followed.clear();
    await Promise.all([...this.#targets.keys()].map((cluster) => this.remove(cluster)));
  }

  #start(
    cluster: string,
    target: Target,
    { kind, onChange }: Followed,
    { resource, key } = { resource: kind.target, key: kind.kind },
  ): void {
    if (this.#isStopped) {
      return;
    }

    const informer = new Informer(target.client, {
      resource,
      kind: kind.kind,
      labelSelector: `${FEDERATED_LABEL}=true`,
      keepObjects: true,
    });

    informer.store.onChange((change) => onChange(change, cluster));
    target.informers.set(key, informer.start());
  }
}
