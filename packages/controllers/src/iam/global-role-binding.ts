import { CLUSTER_ROLE_BINDINGS } from '@ks-apiserver/api/resources';
import { userSubject } from '@ks-apiserver/api/subject';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import type { Reconciler } from '../runtime/controller.ts';

interface Subject {
  kind: string;
  name: string;
}

/** Makes platform admins cluster admins of the Kubernetes API too. */
export function globalRoleBindingReconciler(client: KubeClient, bindings: Informer): Reconciler {
  return {
    name: 'global-role-binding',
    about: (key) => bindings.store.get(key)?.object,
    sources: [{ informer: bindings, keys: ({ entry }) => [entry.name] }],
    async reconcile(key) {
      const binding = bindings.store.get(key)?.object as
        | (PersistedObject & { subjects?: Subject[]; roleRef?: { name?: string } })
        | undefined;

      if (!binding || isTerminating(binding) || binding.roleRef?.name !== 'platform-admin') {
        return undefined;
      }

      for (const { kind, name } of binding.subjects ?? []) {
        if (kind !== 'User') {
          continue;
        }

        await ensureCreated(client, CLUSTER_ROLE_BINDINGS, {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: {
            name: `${name}-cluster-admin`,
            ownerReferences: [controllerReference(binding)],
          },
          subjects: [userSubject(name)],
          roleRef: {
            apiGroup: 'rbac.authorization.k8s.io',
            kind: 'ClusterRole',
            name: 'cluster-admin',
          },
        });
      }

      return undefined;
    },
  };
}
