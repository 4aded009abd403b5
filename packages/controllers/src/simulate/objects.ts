import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  apiVersionOf,
  type GroupVersionResource,
  type KubeObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import { Informer } from '@ks-apiserver/client/informer/informer';
import { type Change, InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';

/** Keys under which an object is found, by index. */
export type Indexes = Record<string, (object: PersistedObject) => Iterable<string>>;

/**
 * Turns the refusal of a write whose object or namespace is gone into a conflict: the informer was
 * a moment behind, and the next reconciliation finds nothing to do.
 */
export function behind(error: unknown): unknown {
  if (!(error instanceof StatusError)) {
    return error;
  }

  const ending = error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');

  return error.code === 404 || ending
    ? new StatusError(409, 'Conflict', error.message, error.details)
    : error;
}

function rethrowBehind(error: unknown): never {
  throw behind(error);
}

/** How long a write waits for the informer to show it, in milliseconds. */
const SEEN_MS = 5000;

/** Returns the key of an object in queues: namespace/name. */
export function keyOf({ metadata }: KubeObject): string {
  return InformerStore.key(metadata.namespace ?? '', metadata.name ?? '');
}

/**
 * The objects of one resource, from an informer with indexes. A write settles when the informer
 * shows it, so that the next reconciliation does not do the same once more.
 */
export class Objects {
  readonly informer: Informer;
  readonly resource: GroupVersionResource;
  readonly #client: KubeClient;
  readonly #type: { apiVersion: string; kind: string };
  readonly #indexes: [string, Indexes[string], Map<string, Set<Entry>>][];
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(
    client: KubeClient,
    resource: GroupVersionResource,
    kind: string,
    indexes: Indexes = {},
  ) {
    this.#client = client;
    this.resource = resource;
    this.#type = { apiVersion: apiVersionOf(resource), kind };
    this.informer = new Informer(client, { resource, kind, keepObjects: true });
    this.#indexes = Object.entries(indexes).map(([name, keys]) => [name, keys, new Map()]);
    this.informer.store.onChange((change) => this.#changed(change));
  }

  #changed({ type, entry, previous }: Change): void {
    // Items of lists have no apiVersion and kind.
    Object.assign(objectOf(entry), this.#type);

    for (const [, keys, found] of this.#indexes) {
      if (previous) {
        for (const key of keys(objectOf(previous))) {
          const entries = found.get(key);
          entries?.delete(previous);

          if (entries?.size === 0) {
            found.delete(key);
          }
        }
      }

      if (type === 'DELETED') {
        continue;
      }

      for (const key of keys(objectOf(entry))) {
        const entries = found.get(key) ?? new Set();
        found.set(key, entries.add(entry));
      }
    }

    for (const wake of this.#waiting.get(InformerStore.key(entry.namespace, entry.name)) ?? []) {
      wake();
    }
  }

  /** Returns the object of a queue's key; it must not be changed. */
  get(key: string): PersistedObject | undefined {
    const slash = key.indexOf('/');
    return this.informer.store.get(key.slice(slash + 1), key.slice(0, slash))?.object;
  }

  /** Returns the objects under a key of an index, oldest first. */
  by(index: string, key: string): PersistedObject[] {
    const found = this.#indexes.find(([name]) => name === index)?.[2].get(key);
    return [...(found ?? [])]
      .sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1))
      .map((entry) => objectOf(entry));
  }

  /** Returns how many objects there are under a key of an index. */
  count(index: string, key: string): number {
    return this.#indexes.find(([name]) => name === index)?.[2].get(key)?.size ?? 0;
  }

  /** Returns all objects. */
  all(): PersistedObject[] {
    return Array.from(this.informer.store.values(), (entry) => objectOf(entry));
  }

  async create(object: KubeObject): Promise<PersistedObject> {
    return this.#shown(await this.#client.create(this.resource, object).catch(rethrowBehind));
  }

  /** Replaces an object that came from the informer with a changed copy. */
  async update(object: KubeObject, subresource?: string): Promise<PersistedObject> {
    const options = subresource ? { subresource } : {};
    return this.#shown(
      await this.#client.update(this.resource, object, options).catch(rethrowBehind),
    );
  }

  /** Sets the status of an object that came from the informer. */
  setStatus(object: KubeObject, status: PersistedObject['status']): Promise<PersistedObject> {
    return this.update({ ...object, status }, 'status');
  }

  /**
   * Deletes this object, but not a later one of the same name; does nothing when it is gone.
   * `grace` is in seconds.
   */
  async delete(object: KubeObject, grace?: number): Promise<void> {
    const { namespace, name, uid } = object.metadata;

    const options = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid },
      propagationPolicy: 'Background',
      ...(grace !== undefined && { gracePeriodSeconds: grace }),
    };

    try {
      const body = { type: 'application/json', bytes: Buffer.from(JSON.stringify(options)) };
      await this.#client.raw('DELETE', resourcePath(this.resource, namespace, name), body);
    } catch (error) {
      if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) {
        throw error;
      }
    }

    await this.until(keyOf(object), () => {
      const found = this.get(keyOf(object));
      return found?.metadata.uid !== uid || found?.metadata.deletionTimestamp !== undefined;
    });
  }

  async #shown(object: PersistedObject): Promise<PersistedObject> {
    const { uid, resourceVersion } = object.metadata;
    const key = keyOf(object);
    let seen = this.get(key)?.metadata.uid === uid;
    await this.until(key, () => {
      const found = this.get(key)?.metadata;
      // An object that was seen and is gone has been deleted meanwhile.
      if (found?.uid !== uid) {
        return seen;
      }

      seen = true;

      return Number(found?.resourceVersion) >= Number(resourceVersion);
    });

    return object;
  }

  /** Resolves when the informer shows the wanted state of a key, or after five seconds. */
  async until(key: string, done: () => boolean): Promise<void> {
    if (done()) {
      return;
    }

    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting);

      const end = () => {
        clearTimeout(timer);
        waiting.delete(wake);

        if (waiting.size === 0) {
          this.#waiting.delete(key);
        }

        resolve();
      };

      const wake = () => {
        if (done()) {
          end();
        }
      };

      const timer = setTimeout(end, SEEN_MS);
      timer.unref();
      waiting.add(wake);
    });
  }
}
