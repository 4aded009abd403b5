import { IAM_GROUP, RBAC_GROUP } from '@ks-apiserver/api/groups';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  GLOBAL_ROLE_BINDINGS,
  GLOBAL_ROLES,
  ROLE_BINDINGS,
  ROLES,
  WORKSPACE_ROLE_BINDINGS,
  WORKSPACE_ROLES,
} from '@ks-apiserver/api/resources';
import type { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { BindingIndex } from '../../authorization/bindings/binding-index.ts';
import type { Bindings } from '../../authorization/bindings/bindings.ts';
import type { Catalog } from '../../resources/catalog/catalog.ts';
import { missing } from '../errors.ts';

/** A place where users have roles: the platform, the cluster, a workspace, or a namespace. */
export interface Scope {
  level: 'global' | 'cluster' | 'workspace' | 'namespace';
  /** Kind of the roles here, and the group and version of the roles and their bindings. */
  roleKind: string;
  apiVersion: string;
  roleGroup: string;
  roles: GroupVersionResource;
  bindings: GroupVersionResource;
  bindingKind: string;
  /** Bindings of the level by scope, and the key of this scope. */
  index: BindingIndex;
  key: string;
  /** Annotation that names a member's role here, and the filter of lists by it. */
  annotation: string;
  roleFilter: string;
  /** Metadata of every object in this scope. */
  metadata: { namespace?: string; labels?: Record<string, string> };
}

const GLOBAL = { roleKind: 'GlobalRole', roles: GLOBAL_ROLES, bindings: GLOBAL_ROLE_BINDINGS };
const CLUSTER = { roleKind: 'ClusterRole', roles: CLUSTER_ROLES, bindings: CLUSTER_ROLE_BINDINGS };
const WORKSPACE = {
  roleKind: 'WorkspaceRole',
  roles: WORKSPACE_ROLES,
  bindings: WORKSPACE_ROLE_BINDINGS,
};
const NAMESPACE = { roleKind: 'Role', roles: ROLES, bindings: ROLE_BINDINGS };

/** Makes scopes from the parameters of a path. */
export class Scopes {
  readonly #catalog: Catalog;
  readonly #bindings: Bindings;
  readonly #adminNamespaceOf: (project: string) => string;

  /** `adminNamespaceOf` returns the namespace of a DevOps project, '' for none. */
  constructor(catalog: Catalog, bindings: Bindings, adminNamespaceOf: (project: string) => string) {
    this.#catalog = catalog;
    this.#bindings = bindings;
    this.#adminNamespaceOf = adminNamespaceOf;
  }

  #of(
    level: Scope['level'],
    { roleKind, roles, bindings }: Pick<Scope, 'roleKind' | 'roles' | 'bindings'>,
    key = '',
    metadata: Scope['metadata'] = {},
  ): Scope {
    const own = roles.group === IAM_GROUP;
    const word = roleKind.toLowerCase();

    return {
      level,
      roleKind,
      apiVersion: `${roles.group}/${roles.version}`,
      roleGroup: own ? IAM_GROUP : RBAC_GROUP,
      roles,
      bindings,
      bindingKind: `${roleKind}Binding`,
      index: this.#bindings[level],
      key,
      annotation: `iam.kubesphere.io/${word}`,
      roleFilter: word,
      metadata,
    };
  }

  global(): Scope {
    return this.#of('global', GLOBAL);
  }

  cluster(): Scope {
    return this.#of('cluster', CLUSTER);
  }

  workspace(workspace: string): Scope {
    return this.#of('workspace', WORKSPACE, workspace, {
      labels: { [WORKSPACE_LABEL]: workspace },
    });
  }

  namespace(namespace: string): Scope {
    return this.#of('namespace', NAMESPACE, namespace, { namespace });
  }

  /** All scopes with bindings that name a user directly. */
  ofUser(name: string): Scope[] {
    return this.ofSubject('User', name);
  }

  /** All scopes with bindings that name a user or a group. */
  ofSubject(kind: 'User' | 'Group', name: string): Scope[] {
    const keys = (level: Scope['level']) => this.#bindings[level].scopesOf(name, kind);

    return [
      ...keys('global').map(() => this.global()),
      ...keys('cluster').map(() => this.cluster()),
      ...keys('workspace').map((workspace) => this.workspace(workspace)),
      ...keys('namespace').map((namespace) => this.namespace(namespace)),
    ];
  }

  /**
   * Returns the scope of a DevOps project: its admin namespace. Throws NotFound for an unknown
   * project and for one without a namespace.
   */
  devops(project: string): Scope {
    const namespace = this.#adminNamespaceOf(project);
    if (namespace === '') {
      throw missing('devopsproject', 'devops.kubesphere.io', project);
    }

    return this.namespace(namespace);
  }

  /** Returns the scope that a path's parameters name. */
  ofPath(
    params: Readonly<Record<string, string>>,
    level: 'global' | 'cluster' | 'workspace' | 'namespace' | 'devops',
  ): Scope {
    if (level === 'global') {
      return this.global();
    }
    if (level === 'cluster') {
      return this.cluster();
    }
    if (level === 'workspace') {
      return this.workspace(params.workspace ?? '');
    }

    return level === 'devops'
      ? this.devops(params.devops ?? '')
      : this.namespace(params.namespace ?? '');
  }

  /** Returns a role of a scope; undefined if there is none of that name. */
  role(scope: Scope, name: string): Entry | undefined {
    const entry = this.#catalog
      .informerOf(scope.roles.resource)
      .store.get(name, scope.metadata.namespace ?? '');

    return scope.level === 'workspace' && entry?.labels[WORKSPACE_LABEL] !== scope.key
      ? undefined
      : entry;
  }

  /** Returns the role that a binding of a scope gives; undefined for one that does not exist. */
  roleOfBinding(scope: Scope, binding: KubeObject | undefined): KubeObject | undefined {
    const { kind = '', name = '' } = binding?.roleRef ?? {};
    if (kind === 'ClusterRole') {
      return this.role(this.cluster(), name)?.object;
    }

    return kind === scope.roleKind ? this.role(scope, name)?.object : undefined;
  }

  /**
   * Returns a role that others may be aggregated from: for workspaces the shared templates too.
   */
  template(scope: Scope, name: string): Entry | undefined {
    return this.#catalog
      .informerOf(scope.roles.resource)
      .store.get(name, scope.metadata.namespace ?? '');
  }
}

/** 404 for a role, in 3.0's words. */
export function missingRole(scope: Scope, name: string): StatusError {
  return missing(scope.roleKind.toLowerCase(), scope.roleGroup, name);
}
