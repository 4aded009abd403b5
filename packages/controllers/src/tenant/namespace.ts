import { FEDERATED_LABEL, NAMESPACE_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { NAMESPACES } from '@ks-apiserver/api/resources';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { withoutFinalizer } from '../runtime/ensure.ts';
import { ProjectRoles } from './project-roles.ts';

const FINALIZER = 'finalizers.kubesphere.io/namespaces';

/** Whether this controller has adopted a namespace before. */
function isAdopted({ metadata }: PersistedObject): boolean {
  return metadata.finalizers?.includes(FINALIZER) === true;
}

/** Dependencies of the namespace controller. */
export interface NamespaceDependencies {
  client: KubeClient;
  namespaces: Informer;
  workspaces: Informer;
  roles: Informer;
  roleBases: Informer;
  users: Informer;
  /** Deletes the ingress controller of a deleted project. */
  removeRouter: (project: string) => Promise<void>;
}

/**
 * Gives namespaces KubeSphere's label and owner, the roles of a project from the role bases, and
 * their creator's binding.
 */
export function namespaceReconciler({
  client,
  namespaces,
  workspaces,
  roles,
  roleBases,
  users,
  removeRouter,
}: NamespaceDependencies): Reconciler {
  /** Returns the namespace with finalizer, label and owner as they should be. */
  async function adopt(namespace: PersistedObject): Promise<void> {
    const { metadata } = namespace;
    const labels = { ...metadata.labels, [NAMESPACE_LABEL]: metadata.name };
    const kept = metadata.finalizers ?? [];
    const finalizers = isAdopted(namespace) ? kept : [...kept, FINALIZER];
    const workspace = workspaces.store.get(metadata.labels?.[WORKSPACE_LABEL] ?? '')?.object;
    let ownerReferences = metadata.ownerReferences ?? [];

    if (metadata.labels?.[FEDERATED_LABEL] !== 'true') {
      const owner = workspace && !isTerminating(workspace) ? [controllerReference(workspace)] : [];
      const others = ownerReferences.filter(({ kind }) => kind !== 'Workspace');
      ownerReferences = [...others, ...owner];
    }

    const wanted = {
      ...metadata,
      labels,
      finalizers,
      ...((ownerReferences.length > 0 || metadata.ownerReferences) && { ownerReferences }),
    };

    if (!equalJson(metadata, wanted)) {
      await client.update(NAMESPACES, { ...namespace, metadata: wanted });
    }
  }

  const projects = new ProjectRoles({ client, roles, roleBases, users });

  const all = () => [...namespaces.store.values()].map((entry) => entry.name);

  return {
    name: 'namespace',
    about: (name) => namespaces.store.get(name)?.object,
    sources: [
      { informer: namespaces, keys: ({ entry }) => [entry.name] },
      { informer: roleBases, keys: all },
      {
        informer: workspaces,
        keys: ({ entry }) =>
          [...namespaces.store.values()]
            .filter((namespace) => namespace.labels[WORKSPACE_LABEL] === entry.name)
            .map((namespace) => namespace.name),
      },
    ],
    async reconcile(name) {
      const namespace = namespaces.store.get(name)?.object;
      if (!namespace) {
        return undefined;
      }

      if (isTerminating(namespace)) {
        if (isAdopted(namespace)) {
          await removeRouter(name);
        }

        await withoutFinalizer(client, NAMESPACES, namespace, FINALIZER);
        return undefined;
      }

      await projects.ensureRoles(namespace);

      // Later changes of the annotation have no effect: users who may edit a namespace could name
      // anybody.
      if (!isAdopted(namespace)) {
        await projects.ensureCreator(namespace);
      }

      // The finalizer is removed last: what is not done yet is done again.
      await adopt(namespace);

      return undefined;
    },
  };
}
