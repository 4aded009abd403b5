import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { patchObject } from '@ks-apiserver/apimachinery/patch/merge-patch';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { KubeClient, ObjectKey, WriteOptions } from '@ks-apiserver/client/kube/client';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { parseRequestInfo, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { CallerWriter, DeleteOptions } from '../authorization/caller-writer.ts';
import { secretFieldsOf, withoutSecrets } from '../redaction/redaction.ts';
import type { Verdict, WriteAttempt } from './attempt.ts';
import type { WriteReview } from './write-review.ts';

/** How often a patch is tried while the object keeps changing. */
const PATCH_ATTEMPTS = 5;

/** Reviews and makes the writes of one caller. */
export class CallerClient implements CallerWriter {
  readonly #client: KubeClient;
  readonly #review: WriteReview;
  readonly #caller: UserInfo;

  constructor(client: KubeClient, review: WriteReview, caller: UserInfo) {
    this.#client = client;
    this.#review = review;
    this.#caller = caller;
  }

  async checkCreate(resource: GroupVersionResource, object: KubeObject): Promise<void> {
    const info = infoOf('POST', { resource, name: '', namespace: object.metadata.namespace });
    const verdict = await this.#reviewOf({
      info,
      stored: undefined,
      proposed: object,
      dryRun: true,
    });
    await verdict.settle?.(false);
  }

  async create<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const info = infoOf('POST', { resource, name: '', namespace: object.metadata.namespace });
    const verdict = await this.#reviewOf({
      info,
      stored: undefined,
      proposed: object,
      dryRun: options.dryRun === true,
    });

    const made = await settleAfter(verdict, () =>
      this.#client.create(resource, verdict.object ?? object, options),
    );

    return this.#hideSecrets(resource, made);
  }

  async update<T extends KubeObject>(
    resource: GroupVersionResource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { name = '', namespace } = object.metadata;
    const key = { resource, name, namespace };
    const info = infoOf('PUT', key);
    if (!this.#review.concerns(this.#caller, info)) {
      return this.#hideSecrets(resource, await this.#client.update(resource, object, options));
    }

    const stored = await this.#client.get(key);

    return this.#replace(info, stored, object, options);
  }

  async patch<T extends KubeObject>(
    key: ObjectKey,
    patch: object,
    options: WriteOptions = {},
  ): Promise<T> {
    const info = infoOf('PATCH', key);
    if (!this.#review.concerns(this.#caller, info)) {
      return this.#hideSecrets(
        key.resource,
        await this.#client.patch(key, 'merge', patch, options),
      );
    }

    const { metadata }: { metadata?: { resourceVersion?: string } } = patch;
    const isOfVersion = metadata?.resourceVersion !== undefined;

    for (let attempt = 1; ; attempt += 1) {
      const stored = await this.#client.get<T>(key);
      // A patch may break the shape of the object: the review answers 400 then.
      const proposed = patchObject(stored, patch);

      try {
        return await this.#replace(info, stored, proposed, options);
      } catch (error) {
        const hasChanged = error instanceof StatusError && error.reason === 'Conflict';
        if (!hasChanged || isOfVersion || attempt === PATCH_ATTEMPTS) {
          throw error;
        }
      }
    }
  }

  async delete(key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    const info = infoOf('DELETE', key);
    if (!this.#review.concerns(this.#caller, info)) {
      return this.#client.delete(key, options);
    }

    const verdict = await this.#reviewOf({
      info,
      stored: await this.#client.get(key),
      proposed: undefined,
      dryRun: options.dryRun === true,
    });

    await settleAfter(verdict, () => this.#client.delete(key, options));
  }

  #reviewOf(
    attempt: Pick<WriteAttempt, 'info' | 'stored' | 'proposed' | 'dryRun'>,
  ): Promise<Verdict> {
    return this.#review.review({ ...attempt, caller: this.#caller, checkedByKubernetes: false });
  }

  /** Replaces exactly the version of an object that was reviewed. */
  async #replace<T extends KubeObject>(
    info: RequestInfo,
    stored: KubeObject,
    proposed: T,
    options: WriteOptions,
  ): Promise<T> {
    const verdict = await this.#reviewOf({
      info,
      stored,
      proposed,
      dryRun: options.dryRun === true,
    });

    const object = verdict.object ?? proposed;
    const resourceVersion =
      proposed.metadata.resourceVersion ??
      (isBuiltIn(info) ? stored.metadata.resourceVersion : undefined);

    const metadata = {
      ...object.metadata,
      ...(resourceVersion !== undefined && { resourceVersion }),
    };

    const resource = { group: info.group, version: info.version, resource: info.resource };
    const written = await settleAfter(verdict, () =>
      this.#client.update(resource, { ...object, metadata }, options),
    );

    return this.#hideSecrets(resource, written);
  }

  /** Removes secrets; objects of kinds with secrets have only optional ones. */
  #hideSecrets<T extends KubeObject>(resource: GroupVersionResource, object: KubeObject): T {
    const fields = secretFieldsOf(resource);
    return (fields ? withoutSecrets(object, fields) : object) as T;
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

/** Makes a reviewed write and settles its verdict. */
async function settleAfter<T>(verdict: Verdict, write: () => Promise<T>): Promise<T> {
  let isStored = false;

  try {
    const result = await write();
    isStored = true;
    return result;
  } finally {
    await verdict.settle?.(isStored);
  }
}
