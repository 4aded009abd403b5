import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import type { ResourceCatalog } from '../resources/resource-catalog.ts';
import { storedMetadata } from '../resources/stored-metadata.ts';
import type { WriteOptions } from '../resources/strategy.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { handleFailure } from './failures.ts';

/**
 * How long roles must be unchanged before they are aggregated, and the longest wait for that, in
 * milliseconds.
 */
const QUIET_MS = 50;
const MAX_WAIT_MS = 1000;

/** Rounds of aggregation at the start: each uses the results of the one before. */
const MAX_DEPTH = 8;
const PREFIX = '/registry/rbac.authorization.k8s.io/clusterroles/';
const ALL = 'all';

/**
 * Gives ClusterRoles with an aggregationRule the rules of the roles it selects (Kubernetes
 * "Aggregated ClusterRoles").
 */
export class RoleAggregation {
  readonly #catalog: ResourceCatalog;
  readonly #store: RegistryStore;
  readonly #options: () => WriteOptions;
  readonly #queue = new WorkQueue(() => this.#aggregate().then(() => {}), {
    workers: 1,
    onFailure: handleFailure,
  });
  #stop: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #waitingSince: number | undefined;

  constructor(catalog: ResourceCatalog, store: RegistryStore, options: () => WriteOptions) {
    this.#catalog = catalog;
    this.#store = store;
    this.#options = options;
  }

  /** Starts; resolves when the stored roles are aggregated. */
  async start(): Promise<void> {
    this.#stop = this.#store.backend.onCommit((events) => {
      if (events.some(({ key }) => key.startsWith(PREFIX))) {
        this.#schedule();
      }
    });

    // An aggregated role may select other aggregated roles.
    for (let depth = 0; depth < MAX_DEPTH && (await this.#aggregate()); depth++) {}
  }

  /**
   * Waits for the end of a burst of changes, as an installation makes, instead of aggregating some
   * of its roles.
   */
  #schedule(): void {
    clearTimeout(this.#timer);
    this.#waitingSince ??= performance.now();

    const left = MAX_WAIT_MS - (performance.now() - this.#waitingSince);
    this.#timer = setTimeout(
      () => {
        this.#waitingSince = undefined;
        this.#queue.add(ALL);
      },
      Math.max(0, Math.min(QUIET_MS, left)),
    );

    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#stop?.();
    clearTimeout(this.#timer);
    await this.#queue.stop();
  }

  /** Aggregates all roles; returns whether one changed. */
  async #aggregate(): Promise<boolean> {
    const names = [...this.#store.backend.range({ prefix: PREFIX })]
      .map((stored) => stored.shared<KubeObject>())
      .filter(({ aggregationRule }) => aggregationRule?.clusterRoleSelectors?.length)
      .map((role) => storedMetadata(role).name);

    let hasChanged = false;

    for (const name of names) {
      await yieldToEventLoop();
      hasChanged = (await this.#put(name)) || hasChanged;
    }

    return hasChanged;
  }

  /**
   * Aggregates one role from the current roles, without awaiting anything before the write; returns
   * whether it changed.
   */
  async #put(name: string): Promise<boolean> {
    const roles = [...this.#store.backend.range({ prefix: PREFIX })];
    const role = roles.find(({ key }) => key === PREFIX + name)?.shared<KubeObject>();
    const selectors = role?.aggregationRule?.clusterRoleSelectors;
    if (!role || !selectors?.length) {
      return false;
    }

    const parsed: { matches(labels: unknown): boolean }[] = selectors.map(labelSelectorFrom);
    const rules = new Map<string, unknown>();

    for (const other of roles) {
      if (
        other.key === PREFIX + name ||
        !parsed.some((selector) => selector.matches(other.index.labels))
      ) {
        continue;
      }

      for (const rule of other.shared<KubeObject>().rules ?? []) {
        const identity = JSON.stringify(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1)));
        if (!rules.has(identity)) {
          rules.set(identity, rule);
        }
      }
    }

    const aggregated = [...rules.values()];
    if (equalJson(aggregated, role.rules ?? [])) {
      return false;
    }

    await this.#store.update(
      this.#catalog.require('rbac.authorization.k8s.io', 'v1', 'clusterroles'),
      '',
      name,
      {
        subresource: '',
        change: (object) => ({ ...object, rules: aggregated }),
        options: this.#options(),
      },
    );

    return true;
  }
}
