import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import {
  apiVersionOf,
  type KubeObject,
  type OwnerReference,
  type PersistedObject,
} from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureDeleted, ensureEqual } from '../runtime/ensure.ts';

/** A Service as it owns other objects. */
export type OwningService = PersistedObject;

function isReference({ uid, controller }: OwnerReference, { metadata }: OwningService): boolean {
  return controller === true && uid === metadata.uid;
}

/** Returns the owners of an object, a Service among them. */
function withOwner(object: KubeObject | undefined, service: OwningService): OwnerReference[] {
  const owners = object?.metadata.ownerReferences ?? [];

  return owners.some((owner) => isReference(owner, service))
    ? owners
    : [...owners, controllerReference(service)];
}

/** The objects of one of Istio's kinds that are made for Services. */
export class OwnObjects {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  /** Whether an object without an owner is one that KubeSphere 3.0 has made for a Service. */
  readonly #isOfOldServer: (object: KubeObject, service: OwningService) => boolean;

  /** The informer keeps objects. */
  constructor(
    client: KubeClient,
    informer: Informer,
    isOfOldServer: (object: KubeObject, service: OwningService) => boolean,
  ) {
    this.#client = client;
    this.#informer = informer;
    this.#isOfOldServer = isOfOldServer;
  }

  /** Returns an object, whoever has made it. */
  find(name: string, namespace: string): PersistedObject | undefined {
    return this.#informer.store.get(name, namespace)?.object;
  }

  /** Whether an object was made for a Service, here or by KubeSphere 3.0. */
  #isOwn(object: KubeObject, service: OwningService): boolean {
    const owners = object.metadata.ownerReferences ?? [];

    return (
      owners.some((owner) => isReference(owner, service)) ||
      (owners.every(({ controller }) => !controller) &&
        equalJson(object.metadata.labels ?? {}, service.metadata.labels ?? {}) &&
        this.#isOfOldServer(object, service))
    );
  }

  /**
   * Writes the object of a Service, which is deleted with it. One of that name that somebody else
   * has made stays as it is.
   */
  async ensure(name: string, spec: unknown, service: OwningService): Promise<void> {
    const { namespace = '', labels } = service.metadata;
    const existing = this.find(name, namespace);

    if (existing && (isTerminating(existing) || !this.#isOwn(existing, service))) {
      return;
    }

    const { resource, kind } = this.#informer.options;

    const object = {
      apiVersion: apiVersionOf(resource),
      kind,
      metadata: {
        name,
        namespace,
        ...(labels && { labels }),
        ownerReferences: withOwner(existing, service),
      },
      spec,
    };

    await ensureEqual(this.#client, resource, object, ['spec'], existing);
  }

  /** Deletes what was made here for a Service, except the object of one name. */
  async removeAll(service: OwningService, except: string | undefined): Promise<void> {
    const { namespace = '', uid } = service.metadata;
    const { resource } = this.#informer.options;

    for (const { name, owners, object } of [...this.#informer.store.list('name', namespace)]) {
      const isOthers = name === except || !owners.some((owner) => owner.uid === uid);

      if (!isOthers && object?.metadata.ownerReferences?.some((one) => isReference(one, service))) {
        await ensureDeleted(this.#client, { resource, namespace, name });
      }
    }
  }
}
