import { DEVOPS_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { SYSTEM_NAMESPACES } from '../platform-namespaces.ts';
import type { Binding } from './binding-index.ts';
import type { Bindings } from './bindings.ts';

/** Informers of the resources that authorization decides by. */
export interface AuthorizationInformers {
  globalRoles: Informer;
  workspaceRoles: Informer;
  roles: Informer;
  clusterRoles: Informer;
  namespaces: Informer;
  devopsProjects: Informer;
}

/** Where a role is bound. */
export type Level = 'global' | 'workspace' | 'namespace' | 'cluster';

/**
 * The workspace and the namespace whose roles count for a request, '' for none. Roles of the
 * platform and the cluster always count.
 */
export interface Place {
  workspace: string;
  namespace: string;
}

/**
 * A role that a caller has, and the binding that gives it; `role` is undefined if no role of that
 * name exists.
 */
export interface HeldRole {
  level: Level;
  binding: Binding;
  role: KubeObject | undefined;
}

/** The place of requests outside workspaces and namespaces. */
export const PLATFORM: Place = Object.freeze({ workspace: '', namespace: '' });

/** Roles that the namespace controller keeps in every project as their RoleBases say. */
export const ROLES_OF_PROJECTS: ReadonlySet<string> = new Set(['admin', 'operator', 'viewer']);

/**
 * Finds the roles of callers: KubeSphere's global, workspace, namespace and cluster roles, in 3.0's
 * order.
 */
export class HeldRoles {
  readonly #informers: AuthorizationInformers;
  readonly #bindings: Bindings;

  constructor(informers: AuthorizationInformers, bindings: Bindings) {
    this.#informers = informers;
    this.#bindings = bindings;
  }

  /** Yields roles on the whole platform. */
  *global(user: UserInfo): Generator<HeldRole> {
    for (const binding of this.#bindings.global.rolesOf(user, '')) {
      yield {
        level: 'global',
        binding,
        role: this.#informers.globalRoles.store.get(binding.roleRef.name)?.object,
      };
    }
  }

  /**
   * Yields all roles that count at a place. Groups of a workspace count only in it and its
   * namespaces.
   */
  *at(user: UserInfo, { workspace, namespace }: Place): Generator<HeldRole> {
    yield* this.global(user);

    const groups = workspace === '' ? [] : this.#bindings.groups.groupsOf(user.name, workspace);

    // A namespace or project without a workspace belongs to nobody: 3.0 would count the bindings of
    // every workspace here.
    if (workspace !== '') {
      for (const binding of this.#bindings.workspace.rolesOf(user, workspace, groups)) {
        const role = this.#informers.workspaceRoles.store.get(binding.roleRef.name);
        const own = role?.labels[WORKSPACE_LABEL] === workspace;
        yield { level: 'workspace', binding, role: own ? role.object : undefined };
      }
    }

    if (namespace !== '') {
      for (const binding of this.#bindings.namespace.rolesOf(user, namespace, groups)) {
        const { kind, name } = binding.roleRef;
        yield { level: 'namespace', binding, role: this.role(kind, name, namespace) };
      }
    }

    for (const binding of this.#bindings.cluster.rolesOf(user, '')) {
      yield { level: 'cluster', binding, role: this.role('ClusterRole', binding.roleRef.name, '') };
    }
  }

  /** Returns a Role of a namespace, or a ClusterRole. */
  role(kind: string, name: string, namespace: string): KubeObject | undefined {
    const { roles, clusterRoles } = this.#informers;
    return (
      kind === 'ClusterRole' ? clusterRoles.store.get(name) : roles.store.get(name, namespace)
    )?.object;
  }

  /** Returns the workspace of a namespace; '' for none. */
  workspaceOf(namespace: string): string {
    return this.#informers.namespaces.store.get(namespace)?.labels[WORKSPACE_LABEL] ?? '';
  }

  /**
   * Returns the place of a request. The workspace is that of the namespace or project itself,
   * whatever the URL names.
   */
  placeOf(info: RequestInfo): Place {
    const { namespaces, devopsProjects } = this.#informers;

    if (info.scope === 'Cluster') {
      return PLATFORM;
    }
    if (info.scope === 'Workspace') {
      return { workspace: info.workspace, namespace: '' };
    }

    const holder =
      info.scope === 'Namespace'
        ? namespaces.store.get(info.namespace)
        : devopsProjects.store.get(info.devops);

    // A namespace that does not exist yet has the workspace of the URL, in which it would be
    // created.
    const workspace = holder ? (holder.labels[WORKSPACE_LABEL] ?? '') : info.workspace;

    if (info.scope === 'Namespace') {
      return { workspace, namespace: info.namespace };
    }

    return { workspace, namespace: this.adminNamespaceOf(info.devops) };
  }

  /**
   * Returns the namespace of a DevOps project, whose roles are the project's; '' for none. The
   * namespace must carry the project's label: otherwise whoever may write the project could choose
   * any namespace.
   */
  adminNamespaceOf(project: string): string {
    const holder = this.#informers.devopsProjects.store.get(project)?.object;
    const namespace: unknown = holder?.status?.adminNamespace;
    if (typeof namespace !== 'string' || SYSTEM_NAMESPACES.has(namespace)) {
      return '';
    }

    return this.#informers.namespaces.store.get(namespace)?.labels[DEVOPS_LABEL] === project
      ? namespace
      : '';
  }
}
