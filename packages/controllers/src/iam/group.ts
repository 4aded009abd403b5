import {
  FEDERATED_LABEL,
  GROUP_PARENT_LABEL,
  GROUP_REF_LABEL,
  WORKSPACE_LABEL,
} from '@ks-apiserver/api/labels';
import { GROUPS } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { OwnerReference, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { withoutFinalizer } from '../runtime/ensure.ts';
import type { SubjectBindings } from './subject-bindings.ts';

const FINALIZER = 'finalizers.kubesphere.io/groups';

/** Dependencies of the group controller. */
export interface GroupDependencies {
  client: KubeClient;
  groups: Informer;
  templates: Informer;
  bindings: SubjectBindings;
}

/**
 * Makes each group owned by its parent group or its workspace, and deletes its memberships and
 * roles with it.
 */
export function groupReconciler({
  client,
  groups,
  templates,
  bindings,
}: GroupDependencies): Reconciler {
  /**
   * Returns the labels and owners that a group should have; a parent in another workspace, or a
   * deleted one, does not count.
   */
  function adopted({
    metadata,
  }: PersistedObject): Pick<PersistedObject['metadata'], 'labels' | 'ownerReferences'> {
    const { [GROUP_PARENT_LABEL]: above, ...rest } = metadata.labels ?? {};
    const workspace = metadata.labels?.[WORKSPACE_LABEL];
    const found = above === undefined ? undefined : groups.store.get(above);
    const parent = found?.labels[WORKSPACE_LABEL] === workspace ? found?.object : undefined;
    const labels = parent && above !== undefined ? { ...rest, [GROUP_PARENT_LABEL]: above } : rest;
    const owner =
      parent ?? (workspace === undefined ? undefined : templates.store.get(workspace)?.object);
    if (labels[FEDERATED_LABEL] === 'true' || !owner || isTerminating(owner)) {
      return { ...metadata, labels };
    }

    const others = (metadata.ownerReferences ?? []).filter(
      ({ kind }: OwnerReference) => kind !== 'Group' && kind !== 'WorkspaceTemplate',
    );

    return { labels, ownerReferences: [...others, controllerReference(owner)] };
  }

  return {
    name: 'group',
    about: (name) => groups.store.get(name)?.object,
    sources: [
      { informer: groups, keys: ({ entry }) => [entry.name] },
      {
        informer: templates,
        keys: ({ entry }) =>
          [...groups.store.values()]
            .filter(({ labels }) => labels[WORKSPACE_LABEL] === entry.name)
            .map(({ name }) => name),
      },
    ],
    async reconcile(name) {
      const group = groups.store.get(name)?.object;
      if (!group) {
        return undefined;
      }

      if (isTerminating(group)) {
        await bindings.removeGroup(name, GROUP_REF_LABEL);
        await withoutFinalizer(client, GROUPS, group, FINALIZER);
        return undefined;
      }

      const finalizers = [...new Set([...(group.metadata.finalizers ?? []), FINALIZER])];
      const metadata = { ...group.metadata, ...adopted(group), finalizers };
      if (!equalJson(group.metadata, metadata)) {
        await client.update(GROUPS, { ...group, metadata });
      }

      return undefined;
    },
  };
}
