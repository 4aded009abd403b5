import { QUOTA_GROUP } from '@ks-apiserver/api/groups';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { parseQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import { resourceOfLimit } from '@ks-apiserver/apimachinery/quota/usage';
import { wholeObject } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { WriteOptions } from '@ks-apiserver/client/kube/client';
import type { CallerWriter } from '../authorization/caller-writer.ts';
import { missing, requireName } from '../iam/errors.ts';

/** The resource of workspaces' quotas. */
export const WORKSPACE_QUOTAS = {
  group: QUOTA_GROUP,
  version: 'v1alpha2',
  resource: 'resourcequotas',
};

/** Quotas of workspaces (KubeSphere 3.1): limits for all their namespaces together. */
export class WorkspaceQuotas {
  readonly #quotas: Informer;

  constructor(quotas: Informer) {
    this.#quotas = quotas;
  }

  #requireOwn(workspace: string, name: string): KubeObject {
    const found = this.#quotas.store.get(name);
    if (found?.labels[WORKSPACE_LABEL] !== workspace) {
      throw missing('resourcequota', QUOTA_GROUP, name);
    }

    return wholeObject(found);
  }

  /**
   * Makes the object to store: label and selector are the workspace's. Throws BadRequest for a
   * limit of something that cannot be limited.
   */
  #toStore(workspace: string, given: KubeObject): KubeObject {
    const own = { [WORKSPACE_LABEL]: workspace };

    for (const [name, value] of Object.entries(given.spec?.quota?.hard ?? {})) {
      if (!resourceOfLimit(name)) {
        throw badRequest(`spec.quota.hard: ${name} is not a resource that can be limited`);
      }

      try {
        parseQuantity(String(value));
      } catch (error) {
        throw badRequest(`spec.quota.hard.${name}: ${messageOf(error)}`);
      }
    }

    return {
      ...given,
      apiVersion: `${QUOTA_GROUP}/v1alpha2`,
      kind: 'ResourceQuota',
      metadata: { ...given.metadata, labels: { ...given.metadata.labels, ...own } },
      spec: { ...given.spec, selector: own },
    };
  }

  /** Returns a quota of a workspace. Throws NotFound. */
  get(workspace: string, name: string): KubeObject {
    return this.#requireOwn(workspace, name);
  }

  /** Creates a quota of a workspace. Throws BadRequest, AlreadyExists. */
  async create(
    workspace: string,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    return caller.create(WORKSPACE_QUOTAS, this.#toStore(workspace, given), options);
  }

  /** Replaces a quota of a workspace. Throws NotFound, BadRequest, Conflict. */
  async update(
    workspace: string,
    name: string,
    given: KubeObject,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<KubeObject> {
    requireName(given, name);
    this.#requireOwn(workspace, name);
    return caller.update(WORKSPACE_QUOTAS, this.#toStore(workspace, given), options);
  }

  /** Deletes a quota of a workspace. Throws NotFound. */
  async delete(
    workspace: string,
    name: string,
    caller: CallerWriter,
    options: WriteOptions,
  ): Promise<void> {
    this.#requireOwn(workspace, name);
    await caller.delete({ resource: WORKSPACE_QUOTAS, name }, options);
  }
}
