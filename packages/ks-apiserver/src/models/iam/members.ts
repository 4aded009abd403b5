import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Catalog } from '../resources/catalog.ts';
import { missing } from './errors.ts';
import { userSubject } from './subject.ts';
import { ROLE_BINDINGS, USER_REF_LABEL, WORKSPACE_LABEL, WORKSPACE_ROLE_BINDINGS } from './types.ts';

/** A user and the one role that he has in a workspace or namespace. */
export interface Member {
  username: string;
  roleRef: string;
}

/** Where members are: the bindings that make them, and the roles that they may have. */
interface Scope {
  resource: GroupVersionResource;
  apiVersion: string;
  kind: string;
  roleRef: { apiGroup: string; kind: string };
  /** Bindings in this scope that name the user. */
  bindings: (user: string) => Promise<KubeObject[]>;
  role: (name: string) => Entry | undefined;
  /** The kind in the words of the error for a role that is missing. */
  missing: [kind: string, group: string];
  metadata: { namespace?: string; labels?: Record<string, string> };
}

interface Subject {
  kind: string;
  name: string;
}

function names(binding: KubeObject, user: string): boolean {
  return ((binding.subjects ?? []) as Subject[]).some(({ kind, name }) => kind === 'User' && name === user);
}

/** Members of workspaces and namespaces: each has one role there. */
export class Members {
  readonly #client: KubeClient;
  readonly #catalog: Catalog;

  constructor(client: KubeClient, catalog: Catalog) {
    this.#client = client;
    this.#catalog = catalog;
  }

  #workspace(workspace: string): Scope {
    return {
      resource: WORKSPACE_ROLE_BINDINGS,
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'WorkspaceRoleBinding',
      roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'WorkspaceRole' },
      bindings: async (user) => {
        const { items } = await this.#client.list(WORKSPACE_ROLE_BINDINGS, {
          labelSelector: `${WORKSPACE_LABEL}=${workspace}`,
        });
        return items.filter((binding) => names(binding, user));
      },
      role: (name) => {
        const role = this.#catalog.row('workspaceroles').store.get(name);
        return role?.labels[WORKSPACE_LABEL] === workspace ? role : undefined;
      },
      missing: ['workspacerole', 'iam.kubesphere.io'],
      metadata: { labels: { [WORKSPACE_LABEL]: workspace } },
    };
  }

  #namespace(namespace: string): Scope {
    return {
      resource: ROLE_BINDINGS,
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role' },
      bindings: async (user) => {
        const { items } = await this.#client.list(ROLE_BINDINGS, { namespace });
        return items.filter((binding) => names(binding, user));
      },
      role: (name) => this.#catalog.row('roles').store.get(name, namespace),
      missing: ['role', 'rbac.authorization.k8s.io'],
      metadata: { namespace },
    };
  }

  /** Adds members to a workspace; every role must exist there before anything is written. */
  addToWorkspace(workspace: string, members: readonly Member[]): Promise<void> {
    return this.#add(this.#workspace(workspace), members);
  }

  /** Adds members to a namespace; every role must exist there before anything is written. */
  addToNamespace(namespace: string, members: readonly Member[]): Promise<void> {
    return this.#add(this.#namespace(namespace), members);
  }

  async #add(scope: Scope, members: readonly Member[]): Promise<void> {
    for (const { roleRef } of members) if (!scope.role(roleRef)) throw missing(...scope.missing, roleRef);
    for (const member of members) await this.#bind(scope, member);
  }

  /** Gives the user this role and takes his others; from bindings that name others too he is only taken out. */
  async #bind(scope: Scope, { username, roleRef }: Member): Promise<void> {
    const { resource, metadata, apiVersion, kind } = scope;
    let bound = false;
    for (const binding of await scope.bindings(username)) {
      if (binding.roleRef?.name === roleRef) bound = true;
      else await this.#unbind(resource, binding, username);
    }
    if (bound) return;
    await this.#client.create(resource, {
      apiVersion,
      kind,
      metadata: {
        ...metadata,
        name: `${username}-${roleRef}`,
        labels: { ...metadata.labels, [USER_REF_LABEL]: username },
      },
      subjects: [userSubject(username)],
      roleRef: { ...scope.roleRef, name: roleRef },
    });
  }

  async #unbind(resource: GroupVersionResource, binding: KubeObject, user: string): Promise<void> {
    const { name = '', namespace } = binding.metadata;
    const rest = ((binding.subjects ?? []) as Subject[]).filter(
      (subject) => !(subject.kind === 'User' && subject.name === user),
    );
    if (rest.length > 0) await this.#client.update(resource, { ...binding, subjects: rest });
    else await this.#client.delete({ resource, name, namespace });
  }
}
