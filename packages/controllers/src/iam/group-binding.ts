import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { GROUP_BINDINGS, USERS } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { withoutFinalizer } from '../runtime/ensure.ts';

/**
 * Finalizer that KubeSphere 3.1 and later set. Nothing here needs it: it is removed so that objects
 * of a 3.x cluster can be deleted.
 */
const FINALIZER = 'finalizers.kubesphere.io/groupsbindings';

/** Dependencies of the group binding controller. */
export interface GroupBindingDependencies {
  client: KubeClient;
  groupBindings: Informer;
  groups: Informer;
  users: Informer;
}

/**
 * Copies the groups of each user to `spec.groups`, which consoles of 3.1 and later read and filter
 * by. No authorization depends on that copy.
 */
export function groupBindingReconciler({
  client,
  groupBindings,
  groups,
  users,
}: GroupBindingDependencies): Reconciler {
  const usersOf = (object: unknown): string[] => {
    const { users: names } = (object ?? {}) as { users?: string[] | null };
    return Array.isArray(names) ? names : [];
  };

  function groupsOf(user: string): string[] {
    const names = [...groupBindings.store.values()].flatMap(({ object, labels }) => {
      const name = object?.groupRef?.name as string | undefined;
      const group = name === undefined ? undefined : groups.store.get(name);

      if (!object || !group || group.labels[WORKSPACE_LABEL] !== labels[WORKSPACE_LABEL]) {
        return [];
      }

      return !isTerminating(object) && usersOf(object).includes(user) ? [group.name] : [];
    });

    return [...new Set(names)].sort();
  }

  return {
    name: 'group-binding',
    about: (key) =>
      (key.startsWith('/') ? groupBindings.store.get(key.slice(1)) : users.store.get(key))?.object,
    // Keys are names of users, and `/<name>` for a binding that is being deleted.
    sources: [
      {
        informer: groupBindings,
        keys: ({ type, entry, previous }) => [
          ...new Set([...usersOf(entry.object), ...usersOf(previous?.object)]),
          ...(type !== 'DELETED' && entry.object && isTerminating(entry.object)
            ? [`/${entry.name}`]
            : []),
        ],
      },
      {
        informer: groups,
        keys: ({ entry }) =>
          [...groupBindings.store.values()]
            .filter(({ object }) => object?.groupRef?.name === entry.name)
            .flatMap(({ object }) => usersOf(object)),
      },
    ],
    async reconcile(key) {
      if (key.startsWith('/')) {
        const binding = groupBindings.store.get(key.slice(1))?.object;
        if (binding && isTerminating(binding)) {
          await withoutFinalizer(client, GROUP_BINDINGS, binding, FINALIZER);
        }

        return undefined;
      }

      const user = users.store.get(key)?.object;
      if (!user || isTerminating(user)) {
        return undefined;
      }

      const wanted = groupsOf(key);
      const now = (user.spec?.groups ?? []) as string[];
      if (!equalJson([...now].sort(), wanted)) {
        await client.patch({ resource: USERS, name: key }, 'merge', { spec: { groups: wanted } });
      }

      return undefined;
    },
  };
}
