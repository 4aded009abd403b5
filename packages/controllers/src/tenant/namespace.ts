import { CREATOR_ANNOTATION, USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import {
  DEVOPS_LABEL,
  FEDERATED_LABEL,
  NAMESPACE_LABEL,
  USER_REF_LABEL,
  WORKSPACE_LABEL,
} from '@ks-apiserver/api/labels';
import { NAMESPACES, ROLE_BINDINGS, ROLES, USERS } from '@ks-apiserver/api/resources';
import { userSubject } from '@ks-apiserver/api/subject';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import { controllerReference, isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Reconciler } from '../runtime/controller.ts';
import { ensureCreated, ensureEqual, withoutFinalizer } from '../runtime/ensure.ts';

const FINALIZER = 'finalizers.kubesphere.io/namespaces';

const SCOPE = {
  namespace: 'scope.kubesphere.io/namespace',
  devops: 'scope.kubesphere.io/devops',
} as const;

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

  async function ensureRoles(name: string, scope: string): Promise<void> {
    for (const base of roleBases.store.values()) {
      const role = base.object?.role as PersistedObject | undefined;
      if (role?.kind !== 'Role' || base.labels[scope] !== '') {
        continue;
      }

      const { name: roleName, labels, annotations } = role.metadata;

      const metadata = {
        name: roleName,
        namespace: name,
        ...(labels && { labels }),
        ...(annotations && { annotations }),
      };

      const wanted = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata,
        rules: role.rules,
      };

      await ensureEqual(
        client,
        ROLES,
        wanted,
        ['rules'],
        roles.store.get(metadata.name, name)?.object,
      );
    }
  }

  /**
   * Makes the creator admin of a new namespace. Later changes of the annotation have no effect:
   * users who may edit a namespace could name anybody.
   */
  async function ensureCreator(namespace: PersistedObject): Promise<void> {
    const creator = namespace.metadata.annotations?.[CREATOR_ANNOTATION];
    if (!creator || isAdopted(namespace)) {
      return;
    }

    // The informer may not have a very new user yet.
    const user =
      users.store.get(creator)?.object ?? (await client.find({ resource: USERS, name: creator }));
    if (!user || isTerminating(user)) {
      return;
    }

    await ensureCreated(client, ROLE_BINDINGS, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: {
        name: `${creator}-admin`,
        namespace: namespace.metadata.name,
        labels: { [USER_REF_LABEL]: creator },
        annotations: { [USER_UID_ANNOTATION]: user.metadata.uid },
      },
      subjects: [userSubject(creator)],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'admin' },
    });
  }

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

      await ensureRoles(
        name,
        DEVOPS_LABEL in (namespace.metadata.labels ?? {}) ? SCOPE.devops : SCOPE.namespace,
      );

      await ensureCreator(namespace);

      // The finalizer is removed last: what is not done yet is done again.
      await adopt(namespace);

      return undefined;
    },
  };
}
