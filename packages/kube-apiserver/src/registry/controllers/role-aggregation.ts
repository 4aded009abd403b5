import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import type { ResourceCatalog } from '../resource-catalog.ts';
import { turn } from '../scan.ts';
import type { Store } from '../store.ts';
import type { WriteOptions } from '../strategy.ts';
import { WorkQueue } from './work-queue.ts';

const PREFIX = '/registry/rbac.authorization.k8s.io/clusterroles/';
const ALL = 'all';

/** Gives ClusterRoles with an aggregationRule the rules of the roles it selects (Kubernetes "Aggregated ClusterRoles"). */
export class RoleAggregation {
  readonly #catalog: ResourceCatalog;
  readonly #store: Store;
  readonly #options: () => WriteOptions;
  readonly #queue = new WorkQueue(() => this.#aggregate(), 1);
  #stop: (() => void) | undefined;

  constructor(catalog: ResourceCatalog, store: Store, options: () => WriteOptions) {
    this.#catalog = catalog;
    this.#store = store;
    this.#options = options;
  }

  start(): void {
    this.#stop = this.#store.backend.onCommit((changes) => {
      if (changes.some(({ key }) => key.startsWith(PREFIX))) this.#queue.add(ALL);
    });
    this.#queue.add(ALL);
  }

  async close(): Promise<void> {
    this.#stop?.();
    await this.#queue.close();
  }

  async #aggregate(): Promise<void> {
    const roles = [...this.#store.backend.range({ prefix: PREFIX })];
    const type = this.#catalog.find('rbac.authorization.k8s.io', 'v1', 'clusterroles')!;
    for (const stored of roles) {
      const role = stored.shared<KubeObject>();
      const selectors = role.aggregationRule?.clusterRoleSelectors;
      if (!selectors?.length) continue;
      const parsed = selectors.map(labelSelectorFrom);
      const rules = new Map<string, unknown>();
      for (const other of roles) {
        if (
          other === stored ||
          !parsed.some((selector: { matches(labels: unknown): boolean }) => selector.matches(other.index.labels))
        )
          continue;
        for (const rule of other.shared<KubeObject>().rules ?? []) {
          const identity = JSON.stringify(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)));
          if (!rules.has(identity)) rules.set(identity, rule);
        }
      }
      const aggregated = [...rules.values()];
      await turn();
      if (isDeepStrictEqual(aggregated, role.rules ?? [])) continue;
      await this.#store.update(type, '', role.metadata.name!, {
        subresource: '',
        change: (object) => ({ ...object, rules: aggregated }),
        options: this.#options(),
      });
    }
  }
}
