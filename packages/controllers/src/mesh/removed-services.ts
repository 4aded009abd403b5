import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureDeleted } from '../runtime/ensure.ts';
import { APP, isGoverned } from './governed.ts';
import { keyOf, splitKey } from './service-sources.ts';

/** Services that wait for what belonged to them to be removed; more are forgotten. */
const MAX_WAITING = 10_000;

/** Removes what users have written for a Service and that is called like it, once that is gone. */
export class RemovedServices {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  /** Components of Services that were deleted, by the Services' keys. */
  readonly #components = new Map<string, string>();

  /** The informer is that of Strategies or of ServicePolicies. */
  constructor(client: KubeClient, informer: Informer) {
    this.#client = client;
    this.#informer = informer;
  }

  /** Notes what a change of a Service means; returns its key. */
  note({ type, entry }: Change): string {
    const key = keyOf(entry);

    if (type !== 'DELETED') {
      this.#components.delete(key);
    } else if (isGoverned(entry) && this.#components.size < MAX_WAITING) {
      this.#components.set(key, entry.labels[APP] ?? '');
    }

    return key;
  }

  /** Deletes the object that belonged to a Service that no longer exists, if there is one. */
  async removeOf(key: string): Promise<void> {
    const component = this.#components.get(key);
    const { namespace, name } = splitKey(key);
    const found: Entry | undefined = this.#informer.store.get(name, namespace);

    if (component !== undefined && found?.labels[APP] === component) {
      const resource: GroupVersionResource = this.#informer.options.resource;
      await ensureDeleted(this.#client, { resource, namespace, name });
    }

    this.#components.delete(key);
  }
}
