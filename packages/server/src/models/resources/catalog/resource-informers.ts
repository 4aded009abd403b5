import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { Informer } from '@ks-apiserver/client/informer/informer';
import type { InformerOptions } from '@ks-apiserver/client/informer/informer-options';
import type { CacheBudget } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { secretFieldsOf, withoutSecrets } from '../../redaction/redaction.ts';
import type { ResourceDefinition } from '../query/resource-definition.ts';

/** How informers are kept. */
export interface ResourceInformersOptions {
  /** How long an informer that is not permanent is kept after its last use, in milliseconds. */
  idleMs: number;
  /** Whether the informer of a resource, by its `gvrKey`, is kept even if nobody uses it. */
  isPermanent: (key: string) => boolean;
  /** How much all informers may keep together; undefined for everything. */
  budget: CacheBudget | undefined;
  /** Reports objects that the API sent and that are not cached. */
  report: ((problem: string) => void) | undefined;
}

/** Returns a text that is equal for equal groups, versions and resources. */
export function gvrKey({ group, version, resource }: GroupVersionResource): string {
  return `${group}/${version}/${resource}`;
}

/** The informers of all resources that are in use: each is started when first asked for. */
export class ResourceInformers {
  readonly #client: KubeClient;
  readonly #options: ResourceInformersOptions;
  readonly #informers = new Map<string, Informer>();
  /** Time of the last use of informers that are not permanent, by the monotonic clock. */
  readonly #used = new Map<string, number>();
  /** Resources whose informers others hold. */
  readonly #held = new Set<string>();

  constructor(client: KubeClient, options: ResourceInformersOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Returns the informer of a resource; undefined if it was not started. */
  find(resource: GroupVersionResource): Informer | undefined {
    return this.#informers.get(gvrKey(resource));
  }

  /** Keeps the informer of a resource, which others hold, also while nobody asks for it. */
  hold(resource: GroupVersionResource): void {
    this.#held.add(gvrKey(resource));
  }

  #isPermanent(key: string): boolean {
    return this.#held.has(key) || this.#options.isPermanent(key);
  }

  /** Returns the informer of a definition, started if necessary; `options` count only then. */
  start(definition: ResourceDefinition, options: Partial<InformerOptions> = {}): Informer {
    const key = gvrKey(definition);
    if (!this.#isPermanent(key)) {
      this.#used.set(key, performance.now());
    }

    let informer = this.#informers.get(key);
    if (!informer) {
      informer = this.#make(definition, options).start();
      this.#informers.set(key, informer);
    }

    return informer;
  }

  #make(definition: ResourceDefinition, options: Partial<InformerOptions>): Informer {
    const { group, version, resource, kind, fields, unread, keepObjects } = definition;
    const secrets = secretFieldsOf(definition);
    const { report, budget } = this.#options;

    return new Informer(this.#client, {
      resource: { group, version, resource },
      kind,
      ...(fields && { fields }),
      ...(unread && { unread }),
      // No secrets are cached, so nothing that is made from the cache can reveal any.
      ...(secrets && { redact: (object: KubeObject) => withoutSecrets(object, secrets) }),
      ...(keepObjects && { keepObjects }),
      ...(report && { report }),
      ...(budget && { budget }),
      ...options,
    });
  }

  /** Stops and drops the informer of a resource. */
  async drop(resource: GroupVersionResource): Promise<void> {
    await this.#drop(gvrKey(resource));
  }

  async #drop(key: string): Promise<void> {
    const informer = this.#informers.get(key);

    this.#informers.delete(key);
    this.#used.delete(key);
    await informer?.stop();

    // Whoever still follows the store sees its objects go.
    informer?.store.replace([]);
  }

  /** Drops informers that are not permanent and were neither used nor followed for long. */
  dropIdle(): void {
    const before = performance.now() - this.#options.idleMs;

    for (const [key, used] of this.#used) {
      const informer = this.#informers.get(key);
      if (!informer || this.#isPermanent(key)) {
        this.#used.delete(key);
      } else if (used < before && !informer.store.watched) {
        void this.#drop(key);
      }
    }
  }

  /** Returns all informers that were started. */
  all(): Iterable<Informer> {
    return this.#informers.values();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}
