import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyMergePatch } from '@ks-apiserver/apimachinery/patch/merge-patch';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import {
  type KubeClient,
  type ObjectKey,
  resourcePath,
  type WriteOptions,
} from '@ks-apiserver/client/kube/client';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Verdict } from './attempt.ts';
import { secretFieldsOf, withoutSecrets } from './redaction.ts';
import type { WriteReview } from './write-review.ts';

/** How often a patch is made anew when the object changes meanwhile. */
const PATCH_ATTEMPTS = 5;

type DeleteOptions = NonNullable<Parameters<KubeClient['delete']>[1]>;

/**
 * Writes objects for a caller, after a review of what each write grants. Answers hold no secrets.
 */
export class CallerClient {
  readonly #client: KubeClient;
  readonly #review: WriteReview;
  readonly #caller: UserInfo;

  constructor(client: KubeClient, review: WriteReview, caller: UserInfo) {
    this.#client = client;
    this.#review = review;
    this.#caller = caller;
  }

  /** Throws what `create` would throw because of what the object grants; nothing is written. */
  async checkCreate(resource: GroupVersionResource, object: KubeObject): Promise<void> {
    const info = infoOf('POST', { resource, name: '', namespace: object.metadata.namespace });
    const verdict = await this.#reviewed(info, undefined, object, true);
    await verdict.settle?.(false);
  }

  /** Creates an object. Throws Forbidden, AlreadyExists, Invalid. */
  async create<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const info = infoOf('POST', { resource, name: '', namespace: object.metadata.namespace });
    const verdict = await this.#reviewed(info, undefined, object, options.dryRun === true);
    const made = await settled(verdict, () =>
      this.#client.create(resource, verdict.object ?? object, options),
    );

    return this.#shown(resource, made) as T;
  }

  /** Replaces an object. Throws Forbidden, NotFound, Conflict, Invalid. */
  async update<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { name = '', namespace } = object.metadata;
    const key = { resource, name, namespace };
    const info = infoOf('PUT', key);
    if (!this.#review.concerns(this.#caller, info)) {
      return this.#shown(resource, await this.#client.update(resource, object, options)) as T;
    }

    const stored = await this.#client.get(key);

    return this.#replace(info, stored, object, options) as Promise<T>;
  }

  /** Changes what a merge patch names (RFC 7386). Throws Forbidden, NotFound, Conflict, Invalid. */
  async patch<T extends KubeObject>(
    key: ObjectKey,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    const info = infoOf('PATCH', key);
    if (!this.#review.concerns(this.#caller, info)) {
      return this.#shown(key.resource, await this.#client.patch(key, 'merge', patch, options)) as T;
    }

    const { resourceVersion } =
      (patch as { metadata?: { resourceVersion?: string } }).metadata ?? {};
    for (let attempt = 1; ; attempt += 1) {
      const stored = await this.#client.get(key);
      const wished = applyMergePatch(stored as never, patch as never) as unknown as KubeObject;

      try {
        return (await this.#replace(info, stored, wished, options)) as T;
      } catch (error) {
        const hasChanged = error instanceof StatusError && error.reason === 'Conflict';
        if (!hasChanged || resourceVersion !== undefined || attempt === PATCH_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  /** Deletes an object. Throws Forbidden, NotFound, Conflict. */
  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const info = infoOf('DELETE', key);
    if (!this.#review.concerns(this.#caller, info)) {
      return this.#client.delete(key, options);
    }

    const verdict = await this.#reviewed(
      info,
      await this.#client.get(key),
      undefined,
      options.dryRun === true,
    );

    await settled(verdict, () => this.#client.delete(key, options));
  }

  #reviewed(
    info: RequestInfo,
    stored: KubeObject | undefined,
    wished: KubeObject | undefined,
    dryRun: boolean,
  ): Promise<Verdict> {
    return this.#review.review({
      caller: this.#caller,
      info,
      stored,
      wished,
      dryRun,
      checkedByKubernetes: false,
    });
  }

  /** Stores an object in place of the very version that was looked at. */
  async #replace(
    info: RequestInfo,
    stored: KubeObject,
    wished: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject> {
    const verdict = await this.#reviewed(info, stored, wished, options.dryRun === true);
    const object = verdict.object ?? wished;
    const resourceVersion =
      wished.metadata.resourceVersion ??
      (isBuiltIn(info) ? stored.metadata.resourceVersion : undefined);

    const metadata = {
      ...object.metadata,
      ...(resourceVersion !== undefined && { resourceVersion }),
    };

    const resource = { group: info.group, version: info.version, resource: info.resource };
    const written = await settled(verdict, () =>
      this.#client.update(resource, { ...object, metadata }, options),
    );

    return this.#shown(resource, written);
  }

  #shown(resource: GroupVersionResource, object: KubeObject): KubeObject {
    const fields = secretFieldsOf(resource);
    return fields ? withoutSecrets(object, fields) : object;
  }
}

/**
 * Whether the Kubernetes API replaces objects of a kind also without a resourceVersion, which
 * custom resources need.
 */
function isBuiltIn({ group }: RequestInfo): boolean {
  return group === '' || group.endsWith('.k8s.io');
}

function infoOf(method: string, { resource, namespace, name }: ObjectKey): RequestInfo {
  return parseRequestInfo(
    method,
    resourcePath(resource, namespace, name === '' ? undefined : name),
  );
}

/** Makes a reviewed write and tells its verdict whether it is stored. */
async function settled<T>(verdict: Verdict, write: () => Promise<T>): Promise<T> {
  let isStored = false;

  try {
    const result = await write();
    isStored = true;
    return result;
  } finally {
    await verdict.settle?.(isStored);
  }
}
