import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { GroupVersionResource, PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';

/**
 * Makes workspace roles or their bindings owned by the WorkspaceTemplate that their label names, so
 * that they are deleted with it.
 */
export function workspaceMemberReconciler(
  name: string,
  client: KubeClient,
  resource: GroupVersionResource,
  members: Informer,
  templates: Informer,
): Reconciler {
  return {
    name,
    about: (key) => members.store.get(key)?.object,
    sources: [{ informer: members, keys: ({ entry }) => [entry.name] }],
    async reconcile(key) {
      const object = members.store.get(key)?.object;
      const template = templates.store.get(
        object?.metadata.labels?.[WORKSPACE_LABEL] ?? '',
      )?.object;

      if (!object || !template || isTerminating(object) || isOwned(object, template)) {
        return undefined;
      }

      await client.update(resource, {
        ...object,
        metadata: { ...object.metadata, ownerReferences: [controllerReference(template)] },
      });

      return undefined;
    },
  };
}

function isOwned(object: PersistedObject, template: PersistedObject): boolean {
  return (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === template.metadata.uid);
}
