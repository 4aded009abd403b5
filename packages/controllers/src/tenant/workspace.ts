import { WORKSPACES } from '@ks-apiserver/api/resources';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { withFinalizer, withoutFinalizer } from '../runtime/ensure.ts';

const FINALIZER = 'finalizers.tenant.kubesphere.io';

/** Gives Workspaces the finalizer that they have in 3.x, and removes it when they are deleted. */
export function workspaceReconciler(client: KubeClient, workspaces: Informer): Reconciler {
  return {
    name: 'workspace',
    about: (name) => workspaces.store.get(name)?.object,
    sources: [{ informer: workspaces, keys: ({ entry }) => [entry.name] }],
    async reconcile(name) {
      const workspace = workspaces.store.get(name)?.object;
      if (!workspace) {
        return undefined;
      }

      if (isTerminating(workspace)) {
        await withoutFinalizer(client, WORKSPACES, workspace, FINALIZER);
      } else {
        await withFinalizer(client, WORKSPACES, workspace, FINALIZER);
      }

      return undefined;
    },
  };
}
