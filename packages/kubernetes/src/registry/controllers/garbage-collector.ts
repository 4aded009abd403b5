import { yieldToEventLoop } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { WorkQueue } from '@ks-apiserver/apimachinery/concurrency/work-queue';
import type { KubeObject, OwnerReference } from '@ks-apiserver/apimachinery/meta/types';
import type { StorageEvent } from '../../storage/backend.ts';
import type { ResourceCatalog } from '../resources/resource-catalog.ts';
import { type ResourceType, storageKey, storagePrefix } from '../resources/resource-type.ts';
import { type StoredMetadata, storedMetadata } from '../resources/stored-metadata.ts';
import type { WriteOptions } from '../resources/strategy.ts';
import type { RegistryStore } from '../store/registry-store.ts';
import { scan } from '../store/scan.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../store/writes/delete.ts';
import { handleFailure } from './failures.ts';
import { OwnerIndex } from './owner-index.ts';

/** Objects that are processed at the same time. */
const WORKERS = 16;

/**
 * Objects that the first scan examines at once: few, because requests arrive right after the start.
 */
const SCAN_STEP = 50;

const MANAGED_FIELDS = Buffer.from('"managedFields":[');
const FINALIZERS = [FOREGROUND_FINALIZER, ORPHAN_FINALIZER].map((name) => Buffer.from(`"${name}"`));

/**
 * Whether the JSON of an object may have one of the garbage collector's finalizers; searches the
 * bytes before managedFields.
 */
function waitsForCollection(bytes: Buffer): boolean {
  const end = bytes.indexOf(MANAGED_FIELDS);
  const head = end < 0 ? bytes : bytes.subarray(0, end);
  return FINALIZERS.some((finalizer) => head.includes(finalizer));
}

/**
 * Deletes objects whose owners are gone, and ends foreground and orphaning deletions (Kubernetes
 * "Garbage Collection").
 */
export class GarbageCollector {
  readonly #catalog: ResourceCatalog;
  readonly #store: RegistryStore;
  readonly #options: () => WriteOptions;
  readonly #owners = new OwnerIndex();
  readonly #queue = new WorkQueue((key) => this.#process(key), {
    workers: WORKERS,
    onFailure: handleFailure,
  });
  #types = new Map<string, ResourceType>();
  #generation = -1;
  #stop: (() => void) | undefined;
  #closed = false;
  #scanning: Promise<void> | undefined;

  constructor(catalog: ResourceCatalog, store: RegistryStore, options: () => WriteOptions) {
    this.#catalog = catalog;
    this.#store = store;
    this.#options = options;
  }

  /** Follows events from now on, and scans the stored objects in small steps. */
  start(): void {
    this.#stop = this.#store.backend.onCommit((events) => {
      for (const event of events) {
        this.#follow(event);
      }
    });

    this.#scanning = this.#scan();
  }

  settled(): Promise<void> {
    return this.#queue.settled();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop?.();
    await this.#scanning;
    await this.#queue.stop();
  }

  async #scan(): Promise<void> {
    const objects = this.#store.backend.range({ prefix: '/registry/' });
    for (const object of scan(objects, ({ index }) => index.owners !== undefined, SCAN_STEP)) {
      if (object) {
        this.#owners.add(object);
        this.#queue.add(object.key);
      } else {
        await yieldToEventLoop();
        if (this.#closed) {
          break;
        }
      }
    }
  }

  #follow(event: StorageEvent): void {
    this.#owners.apply(event);

    const { type, object, key } = event;
    if (type === 'DELETED') {
      if (this.#owners.empty && !object.index.owners) {
        return;
      }

      const metadata = storedMetadata(object.shared<KubeObject>());
      for (const dependent of this.#owners.of(metadata.uid)) {
        this.#queue.add(dependent);
      }

      for (const owner of metadata.ownerReferences ?? []) {
        const ownerKey = this.#keyOf(owner, metadata.namespace);
        if (ownerKey) {
          this.#queue.add(ownerKey);
        }
      }
    } else if (object.index.owners || waitsForCollection(object.bytes)) {
      this.#queue.add(key);
    }
  }

  #typeOf(key: string): ResourceType | undefined {
    if (this.#generation !== this.#catalog.generation) {
      this.#types = new Map(this.#catalog.stored().map((type) => [storagePrefix(type), type]));
      this.#generation = this.#catalog.generation;
    }

    return this.#types.get(key.slice(0, key.indexOf('/', key.indexOf('/', 10) + 1) + 1));
  }

  #keyOf(owner: OwnerReference, namespace: string | undefined): string | undefined {
    const type = this.#catalog.findKind(owner.apiVersion, owner.kind);
    return type && storageKey(type, type.namespaced ? (namespace ?? '') : '', owner.name);
  }

  /** `absent`: does not exist; `deleting`: waits in the foreground for its dependents. */
  #stateOf(owner: OwnerReference, namespace: string | undefined): 'there' | 'absent' | 'deleting' {
    const key = this.#keyOf(owner, namespace);

    // An unknown kind may be served again: its objects count as present.
    if (!key) {
      return 'there';
    }

    const metadata = this.#store.backend.get(key)?.shared<KubeObject>().metadata;
    if (metadata?.uid !== owner.uid) {
      return 'absent';
    }

    const foreground =
      metadata.deletionTimestamp && metadata.finalizers?.includes(FOREGROUND_FINALIZER);

    return foreground ? 'deleting' : 'there';
  }

  async #process(key: string): Promise<void> {
    // Dependents are known only after the first scan.
    await this.#scanning;

    const type = this.#typeOf(key);
    const stored = this.#store.backend.get(key);
    if (!type || !stored) {
      return;
    }

    const object = stored.shared<KubeObject>();
    const { metadata } = object;
    if (metadata.deletionTimestamp) {
      if (metadata.finalizers?.includes(ORPHAN_FINALIZER)) {
        await this.#orphan(type, object);
      } else if (metadata.finalizers?.includes(FOREGROUND_FINALIZER)) {
        await this.#deleteDependents(type, object);
      }

      return;
    }

    await this.#checkOwners(type, object);
  }

  async #checkOwners(type: ResourceType, object: KubeObject): Promise<void> {
    const metadata = storedMetadata(object);
    const owners = metadata.ownerReferences ?? [];
    if (owners.length === 0) {
      return;
    }

    const states = owners.map((owner) => this.#stateOf(owner, metadata.namespace));
    if (states.includes('there')) {
      const gone = new Set(
        owners.filter((_, index) => states[index] === 'absent').map(({ uid }) => uid),
      );

      if (gone.size > 0) {
        await this.#dropOwners(type, metadata, gone);
      }

      return;
    }

    const foreground = states.includes('deleting') && this.#owners.of(metadata.uid).length > 0;
    await this.#store.delete(type, metadata.namespace ?? '', metadata.name, {
      ...this.#options(),
      preconditions: { uid: metadata.uid },
      propagationPolicy: foreground ? 'Foreground' : 'Background',
    });
  }

  async #dropOwners(
    type: ResourceType,
    { namespace = '', name }: StoredMetadata,
    uids: ReadonlySet<string>,
  ): Promise<void> {
    await this.#store.update(type, namespace, name, {
      subresource: '',
      change: (object) => {
        const kept = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid));
        if (kept.length > 0) {
          object.metadata.ownerReferences = kept;
        } else {
          delete object.metadata.ownerReferences;
        }

        return object;
      },
      options: this.#options(),
    });
  }

  async #orphan(type: ResourceType, object: KubeObject): Promise<void> {
    const metadata = storedMetadata(object);

    for (const key of this.#owners.of(metadata.uid)) {
      const dependent = this.#store.backend.get(key)?.shared<KubeObject>();
      const dependentType = this.#typeOf(key);
      if (dependent && dependentType) {
        await this.#dropOwners(dependentType, storedMetadata(dependent), new Set([metadata.uid]));
      }
    }

    await this.#dropFinalizer(type, metadata, ORPHAN_FINALIZER);
  }

  async #deleteDependents(type: ResourceType, object: KubeObject): Promise<void> {
    const metadata = storedMetadata(object);
    let blocked = false;

    for (const key of this.#owners.of(metadata.uid)) {
      const dependent = this.#store.backend.get(key)?.shared<KubeObject>();
      if (!dependent) {
        continue;
      }

      const reference = dependent.metadata.ownerReferences?.find(({ uid }) => uid === metadata.uid);
      if (reference?.blockOwnerDeletion) {
        blocked = true;
      }

      this.#queue.add(key);
    }

    if (!blocked) {
      await this.#dropFinalizer(type, metadata, FOREGROUND_FINALIZER);
    }
  }

  async #dropFinalizer(
    type: ResourceType,
    { namespace = '', name }: StoredMetadata,
    finalizer: string,
  ): Promise<void> {
    await this.#store.update(type, namespace, name, {
      subresource: '',
      change: (object) => {
        object.metadata.finalizers = (object.metadata.finalizers ?? []).filter(
          (item) => item !== finalizer,
        );
        return object;
      },
      options: this.#options(),
    });
  }
}
