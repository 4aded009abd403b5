import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { TargetSet } from '../ingest/target-set.ts';
import type { ClusterState } from '../scrape/cluster/cluster-state.ts';
import type { ObjectKind } from '../scrape/objects/object-kinds.ts';
import { ObjectPages } from '../scrape/objects/object-pages.ts';
import type { StoreLog } from '../store/store-options.ts';
import type { ObjectChange } from './collector-options.ts';

/** The series of the cluster's objects, as kube-state-metrics has them. */
export class ObjectSeries {
  readonly #pages = new Map<ObjectKind, ObjectPages>();
  readonly #cluster: ClusterState;
  readonly #log: StoreLog;
  #isReported = false;

  constructor(cluster: ClusterState, log: StoreLog) {
    this.#cluster = cluster;
    this.#log = log;
  }

  /** Takes changes of objects. One that cannot be read is left out. */
  apply(kind: ObjectKind, changes: readonly ObjectChange[]): void {
    for (const { key, bytes } of changes) {
      try {
        this.#apply(kind, key, bytes && JSON.parse(Buffer.from(bytes).toString()));
      } catch (error) {
        this.#apply(kind, key, undefined);
        this.#report(kind, key, error);
      }
    }
  }

  /** Adds the series of all objects at a time in milliseconds. */
  add(targets: TargetSet, { instance, time }: { instance: string; time: number }): void {
    for (const [kind, pages] of this.#pages) {
      targets.add(
        {
          key: `objects/${kind}`,
          options: () => ({
            labels: { job: 'kube-state-metrics', instance, metrics_path: `/${kind}` },
            ownLabels: 'keep',
          }),
        },
        { time, page: pages.page() },
      );
    }
  }

  #apply(kind: ObjectKind, key: string, object: KubeObject | undefined): void {
    const pages = this.#pages.get(kind) ?? new ObjectPages(kind);

    this.#pages.set(kind, pages);

    if (object) {
      pages.set(key, object);
    } else {
      pages.delete(key);
    }

    this.#follow(kind, key, object);
  }

  #follow(kind: ObjectKind, key: string, object: KubeObject | undefined): void {
    switch (kind) {
      case 'pods':
        if (object) {
          this.#cluster.setPod(key, object);
        } else {
          this.#cluster.deletePod(key);
        }
        break;
      case 'nodes':
        if (object) {
          this.#cluster.setNode(key, object);
        } else {
          this.#cluster.nodes.delete(key);
        }
    }
  }

  #report(kind: ObjectKind, key: string, error: unknown): void {
    if (!this.#isReported) {
      this.#isReported = true;
      this.#log.warn(`${kind} ${key} has no metrics, others may not either: ${messageOf(error)}`);
    }
  }
}
