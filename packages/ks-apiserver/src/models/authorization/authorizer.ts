import { forbidden, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type PolicyRule, type RuleAttributes, ruleAllows } from '@ks-apiserver/apiserver/authorization/rules';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import { WORKSPACE_LABEL } from '../iam/types.ts';
import type { Bindings } from './bindings.ts';
import { isPublicPath, selfService } from './policy.ts';

/** The live copies that authorization decides by. */
export interface AuthorizationInformers {
  globalRoles: Informer;
  workspaceRoles: Informer;
  roles: Informer;
  clusterRoles: Informer;
  namespaces: Informer;
  devopsProjects: Informer;
}

export type AuthorizationMode = 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny';

/** Decides who may do what: KubeSphere's global, workspace, namespace and cluster roles, in 3.0's order; denies by default. */
export class Authorizer {
  readonly #mode: AuthorizationMode;
  readonly #informers: AuthorizationInformers;
  readonly #bindings: Bindings;

  constructor(mode: AuthorizationMode, informers: AuthorizationInformers, bindings: Bindings) {
    this.#mode = mode;
    this.#informers = informers;
    this.#bindings = bindings;
  }

  /** Throws Forbidden unless the caller may make this call. */
  authorize(user: UserInfo, info: RequestInfo): void {
    if (this.#mode === 'AlwaysAllow') return;
    if (this.#mode === 'AlwaysDeny') throw this.#denial(user, info, ': Everything is forbidden.');
    if (!this.allows(user, info)) throw this.#denial(user, info, '');
  }

  /** Whether `authorize` would let a call pass. */
  permits(user: UserInfo, info: RequestInfo): boolean {
    return this.#mode === 'AlwaysAllow' || this.allows(user, info);
  }

  /** Whether the caller may make this call, by public paths, built-in policy or roles. */
  allows(user: UserInfo, info: RequestInfo): boolean {
    if (this.#mode !== 'RBAC') return this.#mode === 'AlwaysAllow';
    if (isPublicPath(info.path) || selfService(user, info)) return true;
    return this.byRoles(user, info);
  }

  /** Whether one of the caller's roles allows it. */
  byRoles(user: UserInfo, info: RequestInfo): boolean {
    const attributes: RuleAttributes = info;
    const { globalRoles, workspaceRoles } = this.#informers;
    for (const { roleRef } of this.#bindings.global.rolesOf(user, '')) {
      if (roleAllows(globalRoles.store.get(roleRef.name)?.object, attributes)) return true;
    }
    if (info.scope !== 'Cluster') {
      const workspace = this.#workspaceOf(info);
      // A namespace or project of no workspace is nobody's: 3.0 counts the bindings of every workspace here.
      if (workspace !== '') {
        for (const { roleRef } of this.#bindings.workspace.rolesOf(user, workspace)) {
          const role = workspaceRoles.store.get(roleRef.name);
          if (role?.labels[WORKSPACE_LABEL] === workspace && roleAllows(role.object, attributes)) return true;
        }
      }
    }
    const namespace = this.#namespaceOf(info);
    if (namespace !== '') {
      for (const { roleRef } of this.#bindings.namespace.rolesOf(user, namespace)) {
        if (roleAllows(this.#role(roleRef.kind, roleRef.name, namespace), attributes)) return true;
      }
    }
    for (const { roleRef } of this.#bindings.cluster.rolesOf(user, '')) {
      if (roleAllows(this.#role('ClusterRole', roleRef.name, ''), attributes)) return true;
    }
    return false;
  }

  /** Whether one of the caller's global roles allows a verb on a resource, on all of the platform. */
  allowsGlobally(user: UserInfo, verb: string, group: string, resource: string): boolean {
    if (this.#mode !== 'RBAC') return this.#mode === 'AlwaysAllow';
    const attributes = { verb, isResource: true, group, resource, subresource: '', name: '', path: '' };
    for (const { roleRef } of this.#bindings.global.rolesOf(user, '')) {
      if (roleAllows(this.#informers.globalRoles.store.get(roleRef.name)?.object, attributes)) return true;
    }
    return false;
  }

  /** Whether one of the caller's roles allows a verb on a resource of a workspace, or of the cluster without one. */
  allowsIn(user: UserInfo, workspace: string, verb: string, group: string, resource: string): boolean {
    const scope = workspace === '' ? 'Cluster' : 'Workspace';
    return this.byRoles(user, { ...NO_REQUEST, isResource: true, verb, group, resource, workspace, scope });
  }

  /** Whether the caller's own rights in a scope hold every right of these rules: who grants may not give more than he has. */
  covers(
    user: UserInfo,
    level: 'global' | 'cluster' | 'workspace' | 'namespace',
    key: string,
    rules: readonly PolicyRule[],
  ): boolean {
    if (this.#mode === 'AlwaysAllow') return true;
    const held = [...this.#heldRules(user, level, key)];
    return rules.every((rule) => rightsOf(rule).every((right) => held.some((own) => ruleAllows(own, right))));
  }

  /** All rules that a caller has in a scope, from the platform down to it. */
  *#heldRules(user: UserInfo, level: string, key: string): Generator<PolicyRule> {
    const { globalRoles, workspaceRoles, namespaces } = this.#informers;
    for (const { roleRef } of this.#bindings.global.rolesOf(user, ''))
      yield* rulesOf(globalRoles.store.get(roleRef.name)?.object);
    for (const { roleRef } of this.#bindings.cluster.rolesOf(user, ''))
      yield* rulesOf(this.#role('ClusterRole', roleRef.name, ''));
    const workspace =
      level === 'workspace'
        ? key
        : level === 'namespace'
          ? (namespaces.store.get(key)?.labels[WORKSPACE_LABEL] ?? '')
          : '';
    if (workspace !== '') {
      for (const { roleRef } of this.#bindings.workspace.rolesOf(user, workspace)) {
        const role = workspaceRoles.store.get(roleRef.name);
        if (role?.labels[WORKSPACE_LABEL] === workspace) yield* rulesOf(role.object);
      }
    }
    if (level !== 'namespace') return;
    for (const { roleRef } of this.#bindings.namespace.rolesOf(user, key))
      yield* rulesOf(this.#role(roleRef.kind, roleRef.name, key));
  }

  #role(kind: string, name: string, namespace: string): KubeObject | undefined {
    const { roles, clusterRoles } = this.#informers;
    return (kind === 'ClusterRole' ? clusterRoles.store.get(name) : roles.store.get(name, namespace))?.object;
  }

  /** The workspace whose roles count: that of the namespace or project itself, whatever the URL says of one. */
  #workspaceOf(info: RequestInfo): string {
    const { namespaces, devopsProjects } = this.#informers;
    if (info.scope === 'Workspace') return info.workspace;
    const holder =
      info.scope === 'Namespace' ? namespaces.store.get(info.namespace) : devopsProjects.store.get(info.devops);
    const workspace = holder?.labels[WORKSPACE_LABEL] ?? '';
    // What does not exist yet is judged by the workspace of the URL, under which it would be made.
    return holder ? workspace : info.workspace;
  }

  #namespaceOf(info: RequestInfo): string {
    if (info.scope === 'Namespace') return info.namespace;
    if (info.scope !== 'DevOps') return '';
    const status = this.#informers.devopsProjects.store.get(info.devops)?.object?.status as
      | { adminNamespace?: string }
      | undefined;
    return status?.adminNamespace ?? '';
  }

  #denial(user: UserInfo, info: RequestInfo, suffix: string): StatusError {
    if (!info.isResource) {
      return new StatusError(
        403,
        'Forbidden',
        `forbidden: User "${user.name}" cannot ${info.verb} path "${info.path}"${suffix}`,
        {},
      );
    }
    const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
    const where = info.namespace === '' ? 'at the cluster scope' : `in the namespace "${info.namespace}"`;
    return forbidden(
      { group: info.group, resource: info.resource, ...(info.name !== '' && { name: info.name }) },
      `User "${user.name}" cannot ${info.verb} resource "${resource}" in API group "${info.group}" ${where}${suffix}`,
    );
  }
}

function rulesOf(role: KubeObject | undefined): readonly PolicyRule[] {
  const rules = role?.rules as readonly PolicyRule[] | null | undefined;
  return Array.isArray(rules) ? rules : [];
}

/** Every single right that a rule gives; a wildcard in it is only held by who has the wildcard too. */
function* combinations(rule: PolicyRule): Generator<RuleAttributes> {
  const none = { isResource: true, group: '', resource: '', subresource: '', name: '', path: '' };
  for (const verb of rule.verbs ?? []) {
    for (const path of rule.nonResourceURLs ?? []) yield { ...none, verb, isResource: false, path };
    for (const group of rule.apiGroups ?? []) {
      for (const full of rule.resources ?? []) {
        const [resource = '', subresource = ''] = full.split('/', 2);
        const names = rule.resourceNames?.length ? rule.resourceNames : [''];
        for (const name of names) yield { ...none, verb, group, resource, subresource, name };
      }
    }
  }
}

function rightsOf(rule: PolicyRule): RuleAttributes[] {
  return [...combinations(rule)];
}

function roleAllows(role: KubeObject | undefined, attributes: RuleAttributes): boolean {
  return rulesOf(role).some((rule) => ruleAllows(rule, attributes));
}
