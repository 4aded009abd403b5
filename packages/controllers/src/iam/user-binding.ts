import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { USERS } from '@ks-apiserver/api/resources';
import type { GroupVersionResource, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import { objectOf } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import type { SubjectBindings } from './subject-bindings.ts';

function keyOf({ metadata }: PersistedObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/**
 * Deletes bindings of a kind once the very user for whom they were made is gone, even when another
 * user has the name by then. This catches what the deletion of the user could not see, such as a
 * binding written at the same time.
 */
export function userBindingReconciler(
  name: string,
  client: KubeClient,
  resource: GroupVersionResource,
  { bindings, informer, users }: { bindings: SubjectBindings; informer: Informer; users: Informer },
): Reconciler {
  const find = (key: string) => {
    const [namespace = '', own = ''] = key.split('/', 2);
    return informer.store.get(own, namespace)?.object;
  };

  const marked = (object: PersistedObject | undefined) =>
    object?.metadata.annotations?.[USER_UID_ANNOTATION] !== undefined;

  return {
    name,
    about: find,
    sources: [
      {
        informer,
        keys: ({ type, entry }) =>
          type !== 'DELETED' && marked(entry.object) ? [keyOf(objectOf(entry))] : [],
      },
      {
        informer: users,
        keys: ({ type, entry }) =>
          type !== 'DELETED'
            ? []
            : [...informer.store.values()]
                .filter(
                  ({ labels, object }) => labels[USER_REF_LABEL] === entry.name && marked(object),
                )
                .map((binding) => keyOf(objectOf(binding))),
      },
    ],
    async reconcile(key) {
      const binding = find(key);
      const user = binding?.metadata.labels?.[USER_REF_LABEL];
      const uid = binding?.metadata.annotations?.[USER_UID_ANNOTATION];
      if (
        !binding ||
        user === undefined ||
        uid === undefined ||
        users.store.get(user)?.uid === uid
      ) {
        return undefined;
      }

      // The informer may not have a very new user yet.
      const now = await client.find({ resource: USERS, name: user });
      if (now?.metadata.uid !== uid) {
        await bindings.removeUserFrom(resource, binding, user);
      }

      return undefined;
    },
  };
}
