import { CREATOR_ANNOTATION, USER_UID_ANNOTATION } from '@ks-apiserver/api/annotations';
import { DEVOPS_LABEL, USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { ROLE_BINDINGS, ROLES, USERS } from '@ks-apiserver/api/resources';
import { userSubject } from '@ks-apiserver/api/subject';
import { isTerminating } from '@ks-apiserver/apimachinery/meta/object-meta';
import type { PersistedObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import { ensureEqual } from '../runtime/ensure.ts';

const SCOPE = {
  namespace: 'scope.kubesphere.io/namespace',
  devops: 'scope.kubesphere.io/devops',
} as const;

/** Dependencies of `ProjectRoles`. */
export interface ProjectRolesDependencies {
  /** Writes to the cluster that has the namespaces, and reads users. */
  client: KubeClient;
  /** Roles of that cluster; their informer keeps objects. */
  roles: Informer;
  roleBases: Informer;
  users: Informer;
}

/** The roles that every project has, and the binding of its creator. */
export class ProjectRoles {
  readonly #dependencies: ProjectRolesDependencies;

  constructor(dependencies: ProjectRolesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Creates the roles of a namespace, and gives them the rules of their role bases. */
  async ensureRoles({ metadata: { name, labels } }: PersistedObject): Promise<void> {
    const { client, roles, roleBases } = this.#dependencies;
    const scope = DEVOPS_LABEL in (labels ?? {}) ? SCOPE.devops : SCOPE.namespace;

    for (const base of roleBases.store.values()) {
      const role = base.object?.role as PersistedObject | undefined;
      if (role?.kind !== 'Role' || base.labels[scope] !== '') {
        continue;
      }

      const { name: roleName, labels: roleLabels, annotations } = role.metadata;

      const metadata = {
        name: roleName,
        namespace: name,
        ...(roleLabels && { labels: roleLabels }),
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

  /** Makes the creator whom a namespace names its admin; to be called for new namespaces alone. */
  async ensureCreator({ metadata }: PersistedObject): Promise<void> {
    const { client, users } = this.#dependencies;
    const creator = metadata.annotations?.[CREATOR_ANNOTATION];
    if (!creator) {
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
        namespace: metadata.name,
        labels: { [USER_REF_LABEL]: creator },
        annotations: { [USER_UID_ANNOTATION]: user.metadata.uid },
      },
      subjects: [userSubject(creator)],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'admin' },
    });
  }
}
