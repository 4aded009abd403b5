import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeClient, ObjectKey, WriteOptions } from '@ks-apiserver/client/kube/client';

/** Options of a deletion. */
export type DeleteOptions = NonNullable<Parameters<KubeClient['delete']>[1]>;

/**
 * Writes objects for one caller, after a review of what each write grants. Answers hold no secrets.
 * The gate implements it; models below the gate write through it.
 */
export interface CallerWriter {
  /** Throws what `create` would throw because of what the object grants; writes nothing. */
  checkCreate(resource: GroupVersionResource, object: KubeObject): Promise<void>;
  /** Creates an object. Throws Forbidden, AlreadyExists, Invalid. */
  create<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  /** Replaces an object. Throws Forbidden, NotFound, Conflict, Invalid. */
  update<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  /** Changes what a merge patch names (RFC 7386). Throws Forbidden, NotFound, Conflict, Invalid. */
  patch<T extends KubeObject>(key: ObjectKey, patch: object, options?: WriteOptions): Promise<T>;
  /** Deletes an object. Throws Forbidden, NotFound, Conflict. */
  delete(key: ObjectKey, options?: DeleteOptions): Promise<void>;
}

/** Makes the writers of callers. */
export interface CallerWriters {
  clientFor(caller: UserInfo): CallerWriter;
}
