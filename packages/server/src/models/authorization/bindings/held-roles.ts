import { DEVOPS_LABEL, WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import { SYSTEM_NAMESPACES } from '../system-namespaces.ts';
import type { Binding } from './binding-index.ts';
import type { Bindings } from './bindings.ts';

/** The live copies that authorization decides by. */
export interface AuthorizationInformers {
  globalRoles: Informer;
  workspaceRoles: Informer;
  roles: Informer;
  clusterRoles: Informer;
  namespaces: Informer;
  devopsProjects: Informer;
}

/** Where roles are given. */
export type Level = 'global' | 'workspace' | 'namespace' | 'cluster';

/**
 * Where a request is: the workspace and the namespace whose roles count, each '' for none. Roles of
 * the platform and the cluster always count.
 */
export interface Place {
  workspace: string;
  namespace: string;
}

/**
 * A role that a caller has, and by which binding; `role` is undefined while there is none of that
 * name.
 */
export interface HeldRole {
  level: Level;
  binding: Binding;
  role: KubeObject | undefined;
}

/** Everywhere but in workspaces and namespaces. */
export const PLATFORM: Place = Object.freeze({ workspace: '', namespace: '' });

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

  /** Roles on all of the platform. */
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
   * All roles that count at a place. Groups of a workspace count in it and its namespaces alone.
   */
  *at(user: UserInfo, { workspace, namespace }: Place): Generator<HeldRole> {
    yield* this.global(user);

    const groups = workspace === '' ? [] : this.#bindings.groups.groupsOf(user.name, workspace);

    // A namespace or project of no workspace is nobody's: 3.0 counts the bindings of every
    // workspace here.
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

  /** A Role of a namespace, or a ClusterRole. */
  role(kind: string, name: string, namespace: string): KubeObject | undefined {
    const { roles, clusterRoles } = this.#informers;
    return (
      kind === 'ClusterRole' ? clusterRoles.store.get(name) : roles.store.get(name, namespace)
    )?.object;
  }

  /** The workspace that a namespace belongs to; '' for none. */
  workspaceOf(namespace: string): string {
    return this.#informers.namespaces.store.get(namespace)?.labels[WORKSPACE_LABEL] ?? '';
  }

  /**
   * Where a request is: the workspace is that of the namespace or project itself, whatever the URL
   * says of one.
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

    // What does not exist yet is judged by the workspace of the URL, under which it would be made.
    const workspace = holder ? (holder.labels[WORKSPACE_LABEL] ?? '') : info.workspace;

    if (info.scope === 'Namespace') {
      return { workspace, namespace: info.namespace };
    }

    return { workspace, namespace: this.adminNamespaceOf(info.devops) };
  }

  /**
   * The namespace of a DevOps project, whose roles are the project's; '' for none. The project's
   * own word does not count unless the namespace carries its label: else whoever may write the
   * project would choose any namespace.
   */
  adminNamespaceOf(project: string): string {
    const status = this.#informers.devopsProjects.store.get(project)?.object?.status;
    const namespace = (status as { adminNamespace?: unknown } | undefined)?.adminNamespace;
    if (typeof namespace !== 'string' || SYSTEM_NAMESPACES.has(namespace)) {
      return '';
    }

    return this.#informers.namespaces.store.get(namespace)?.labels[DEVOPS_LABEL] === project
      ? namespace
      : '';
  }
}
