import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { WORKSPACE_QUOTAS } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { formatQuantity } from '@ks-apiserver/apimachinery/quantity/quantity';
import { addUsage, type Usage } from '@ks-apiserver/apimachinery/quota/usage';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';

/** How often usage is counted, in milliseconds: counting reads informers only. */
const COUNT_AGAIN_MS = 10_000;

/** Dependencies of the workspace quota controller. */
export interface WorkspaceQuotaDependencies {
  client: KubeClient;
  quotas: Informer;
  workspaces: Informer;
  namespaces: Informer;
  namespacesOf: (quota: Entry) => string[];
  usage: (namespace: string, limits: readonly string[]) => Promise<Usage>;
}

function written(usage: Usage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(usage).map(([name, quantity]) => [name, formatQuantity(quantity)]),
  );
}

/**
 * Makes quotas owned by their workspace, and keeps in their status what the namespaces use, one by
 * one and together.
 */
export function workspaceQuotaReconciler(dependencies: WorkspaceQuotaDependencies): Reconciler {
  const { client, quotas, workspaces, namespaces, namespacesOf, usage } = dependencies;
  const all = () => [...quotas.store.values()].map(({ name }) => name);

  async function adopt(quota: PersistedObject): Promise<PersistedObject> {
    const workspace = workspaces.store.get(quota.metadata.labels?.[WORKSPACE_LABEL] ?? '')?.object;
    if (!workspace || isTerminating(workspace)) {
      return quota;
    }
    if (quota.metadata.ownerReferences?.some(({ uid }) => uid === workspace.metadata.uid)) {
      return quota;
    }

    const ownerReferences = [controllerReference(workspace)];

    return client.update(WORKSPACE_QUOTAS, {
      ...quota,
      metadata: { ...quota.metadata, ownerReferences },
    });
  }

  return {
    name: 'workspace-quota',
    about: (name) => quotas.store.get(name)?.object,
    sources: [
      { informer: quotas, keys: ({ entry }) => [entry.name] },
      { informer: workspaces, keys: all },
      { informer: namespaces, keys: all },
    ],
    async reconcile(name) {
      const entry = quotas.store.get(name);
      if (!entry?.object || isTerminating(entry.object)) {
        return undefined;
      }

      const quota = await adopt(entry.object);
      const hard = (quota.spec?.quota?.hard ?? {}) as Record<string, string>;
      const limits = Object.keys(hard);
      const total: Usage = {};

      const each: {
        namespace: string;
        hard: Record<string, string>;
        used: Record<string, string>;
      }[] = [];

      for (const namespace of namespacesOf(entry).sort()) {
        const used = await usage(namespace, limits);
        addUsage(total, used);
        each.push({ namespace, hard, used: written(used) });
      }

      const status = { total: { hard, used: written(total) }, namespaces: each };
      if (!equalJson(quota.status, status)) {
        await client.update(WORKSPACE_QUOTAS, { ...quota, status }, { subresource: 'status' });
      }

      return COUNT_AGAIN_MS;
    },
  };
}
