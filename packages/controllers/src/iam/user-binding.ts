import { USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { USERS } from '@ks-apiserver/api/resources';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import type { SubjectBindings } from './subject-bindings.ts';

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/**
 * Bindings of one kind that say for which user they were made: they go when that very user is gone,
 * also when another one has his name by now. This finishes what the user's own deletion could not
 * see, such as a binding written while he went.
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

  const marked = (object: KubeObject | undefined) =>
    object?.metadata.annotations?.[USER_UID_ANNOTATION] !== undefined;

  return {
    name,
    about: find,
    sources: [
      {
        informer,
        keys: ({ type, entry }) =>
          type !== 'DELETED' && marked(entry.object) ? [keyOf(entry.object!)] : [],
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
                .map(({ object }) => keyOf(object!)),
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

      // The copy may be a moment behind of a user who is quite new.
      const now = await client.find({ resource: USERS, name: user });
      if (now?.metadata.uid !== uid) {
        await bindings.removeUserFrom(resource, binding, user);
      }

      return undefined;
    },
  };
}
