import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { StorageEvent } from '../../storage/backend.ts';
import { protectionFinalizer } from '../admission/storage.ts';
import type { ResourceCatalog } from '../resources/resource-catalog.ts';
import { type ResourceType, storagePrefix } from '../resources/resource-type.ts';
import { storedMetadata } from '../resources/stored-metadata.ts';
import type { WriteOptions } from '../resources/strategy.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { handleFailure } from './failures.ts';

/** Objects that are processed at the same time. */
const WORKERS = 16;

const PODS = '/registry/core/pods/';
const CLAIMS = '/registry/core/persistentvolumeclaims/';
const VOLUMES = '/registry/core/persistentvolumes/';
const CLASSES = '/registry/storage.k8s.io/volumeattributesclasses/';

/** Names of the claims that a pod uses. */
function claimsOf({ metadata, spec }: KubeObject): string[] {
  return (
    (spec?.volumes ?? []) as {
      name: string;
      persistentVolumeClaim?: { claimName: string };
      ephemeral?: object;
    }[]
  )
    .map(
      (volume) =>
        volume.persistentVolumeClaim?.claimName ??
        (volume.ephemeral && `${metadata.name}-${volume.name}`),
    )
    .filter((name) => name !== undefined);
}

/**
 * Removes the finalizers of claims, volumes and attribute classes that are being deleted, once
 * nothing uses them (Kubernetes "Storage Object in Use Protection").
 */
export class StorageProtection {
  readonly #types: ReadonlyMap<string, ResourceType>;
  readonly #store: RegistryStore;
  readonly #options: () => WriteOptions;
  readonly #queue = new WorkQueue((key) => this.#process(key), {
    workers: WORKERS,
    onFailure: handleFailure,
  });
  /** Claims that are being deleted and still used, by storage key. */
  readonly #held = new Set<string>();
  #stop: (() => void) | undefined;

  constructor(catalog: ResourceCatalog, store: RegistryStore, options: () => WriteOptions) {
    this.#types = new Map([
      [CLAIMS, catalog.require('', 'v1', 'persistentvolumeclaims')],
      [VOLUMES, catalog.require('', 'v1', 'persistentvolumes')],
      [CLASSES, catalog.require('storage.k8s.io', 'v1', 'volumeattributesclasses')],
    ]);

    this.#store = store;
    this.#options = options;
  }

  start(): void {
    this.#stop = this.#store.backend.onCommit((events) => {
      for (const event of events) {
        this.#follow(event);
      }
    });

    for (const prefix of this.#types.keys()) {
      for (const stored of this.#store.backend.range({ prefix })) {
        this.#queue.add(stored.key);
      }
    }
  }

  settled(): Promise<void> {
    return this.#queue.settled();
  }

  async close(): Promise<void> {
    this.#stop?.();
    await this.#queue.stop();
  }

  #follow({ key, type, object }: StorageEvent): void {
    if (this.#held.size > 0 && key.startsWith(PODS)) {
      for (const held of this.#held) {
        const [namespace] = held.slice(CLAIMS.length).split('/');
        if (key.startsWith(`${PODS}${namespace}/`)) {
          this.#queue.add(held);
        }
      }

      return;
    }

    if (type === 'DELETED') {
      this.#held.delete(key);
    } else if (this.#prefixOf(key) && object.bytes.includes('"deletionTimestamp"')) {
      this.#queue.add(key);
    }
  }

  #prefixOf(key: string): string | undefined {
    return [CLAIMS, VOLUMES, CLASSES].find((prefix) => key.startsWith(prefix));
  }

  async #process(key: string): Promise<void> {
    const prefix = this.#prefixOf(key);
    const type = prefix && this.#types.get(prefix);
    if (!type) {
      return;
    }

    const object = this.#store.backend.get(key)?.shared<KubeObject>();
    const finalizer = protectionFinalizer(type.resource);
    if (!object?.metadata.deletionTimestamp || !object.metadata.finalizers?.includes(finalizer)) {
      return;
    }

    if (this.#inUse(prefix, object)) {
      if (prefix === CLAIMS) {
        this.#held.add(key);
      }
      return;
    }

    this.#held.delete(key);

    const { namespace = '', name = '' } = object.metadata;
    await this.#store.update(type, namespace, name, {
      subresource: '',
      change: (current) => {
        current.metadata.finalizers = (current.metadata.finalizers ?? []).filter(
          (item) => item !== finalizer,
        );
        return current;
      },
      options: this.#options(),
    });
  }

  #inUse(prefix: string, object: KubeObject): boolean {
    const { status } = object;
    const { name, namespace } = storedMetadata(object);

    if (prefix === VOLUMES) {
      return status?.phase === 'Bound';
    }
    if (prefix === CLASSES) {
      return false;
    }

    const pods = { storage: { group: '', version: 'v1', resource: 'pods' } };
    const stored = this.#store.backend.range({ prefix: storagePrefix(pods, namespace) });
    for (const item of stored) {
      const pod = item.shared<KubeObject>();
      const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
      if (!ended && pod.spec?.nodeName && claimsOf(pod).includes(name)) {
        stored.return();
        return true;
      }
    }

    return false;
  }
}
