import { isDeepStrictEqual } from 'node:util';
import { forbidden, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apiserver/authorization/rules';
import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Authorizer } from '../authorization/authorizer.ts';
import { overrideOf } from '../authorization/overrides.ts';
import { ALL_RIGHTS, rulesOf } from '../authorization/rights.ts';
import { checkGrant } from './grants.ts';
import type { GroupRoles } from './group-roles.ts';
import type { Scope, Scopes } from './scopes.ts';
import { WORKSPACE_LABEL } from './types.ts';

const IAM = 'iam.kubesphere.io';
const RBAC = 'rbac.authorization.k8s.io';
const ROLES = new Set([
  `${RBAC}/roles`,
  `${RBAC}/clusterroles`,
  `${IAM}/globalroles`,
  `${IAM}/workspaceroles`,
  `${IAM}/rolebases`,
]);
const BINDINGS = new Set([
  `${RBAC}/rolebindings`,
  `${RBAC}/clusterrolebindings`,
  `${IAM}/globalrolebindings`,
  `${IAM}/workspacerolebindings`,
]);
const GROUP_BINDINGS = `${IAM}/groupbindings`;
const CSR = 'certificates.k8s.io/certificatesigningrequests';

function keyOf({ group, resource }: RequestInfo): string {
  return `${group}/${resource}`;
}

/** Rules of a role; of a RoleBase those of the role that it holds. */
function roleRules(object: KubeObject): readonly PolicyRule[] {
  return rulesOf(object.kind === 'RoleBase' ? (object.role as KubeObject | undefined) : object);
}

function workspaceOf(object: KubeObject | undefined): string {
  return object?.metadata.labels?.[WORKSPACE_LABEL] ?? '';
}

/** True when nothing of what a role or binding gives, to whom and where, is another than before. */
function givesTheSame(stored: KubeObject | undefined, wished: KubeObject): boolean {
  if (!stored) return false;
  return isDeepStrictEqual(givenBy(stored), givenBy(wished));
}

function givenBy(object: KubeObject): unknown[] {
  const { rules, role, aggregationRule, roleRef, subjects, metadata } = object;
  return [overrideOf(object), rules ?? [], role, aggregationRule, roleRef, subjects ?? [], metadata.labels ?? {}];
}

/**
 * Checks of writes through the Kubernetes API, which are made with this server's rights there: Kubernetes' own protection
 * ("Privilege escalation prevention") would ask for the server's rights instead of the caller's.
 */
export class WriteChecks {
  readonly #scopes: Scopes;
  readonly #authorizer: Authorizer;
  readonly #groupRoles: GroupRoles;

  constructor(scopes: Scopes, authorizer: Authorizer, groupRoles: GroupRoles) {
    this.#scopes = scopes;
    this.#authorizer = authorizer;
    this.#groupRoles = groupRoles;
  }

  /** Whether writes of a resource can hand on rights, so that `check` must see them. */
  concern(info: RequestInfo): boolean {
    const key = keyOf(info);
    return ROLES.has(key) || BINDINGS.has(key) || key === '/namespaces' || key === GROUP_BINDINGS || key === CSR;
  }

  /** Whether objects of a resource give rights, so that deleting them takes rights away. */
  gives(info: RequestInfo): boolean {
    const key = keyOf(info);
    return ROLES.has(key) || BINDINGS.has(key) || key === GROUP_BINDINGS || key === `${IAM}/groups`;
  }

  /** Checks an object as it would be stored, `stored` being what it replaces. Throws Forbidden. */
  check(caller: UserInfo, info: RequestInfo, stored: KubeObject | undefined, wished: KubeObject): void {
    const key = keyOf(info);
    if (key === '/namespaces') this.#namespace(caller, stored, wished);
    else if (key === CSR) this.#signingRequest(caller, info, wished);
    else if (key === GROUP_BINDINGS) this.#membership(caller, stored, wished);
    else if (!givesTheSame(stored, wished)) this.#grant(caller, info, stored, wished);
  }

  #grant(caller: UserInfo, info: RequestInfo, stored: KubeObject | undefined, wished: KubeObject): void {
    for (const scope of this.#scopesOf(info, stored, wished)) {
      if (ROLES.has(keyOf(info))) this.#role(caller, scope, stored, wished);
      else this.#binding(caller, scope, info, wished);
    }
  }

  /** Where an object gives rights: its own scope, and that from which a changed label takes it. */
  #scopesOf(info: RequestInfo, stored: KubeObject | undefined, wished: KubeObject): Scope[] {
    if (info.group === RBAC) {
      const namespaced = info.resource === 'roles' || info.resource === 'rolebindings';
      const namespace = wished.metadata.namespace ?? info.namespace;
      return [namespaced && namespace !== '' ? this.#scopes.namespace(namespace) : this.#scopes.cluster()];
    }
    if (!info.resource.startsWith('workspacerole')) return [this.#scopes.global()];
    const workspaces = new Set(stored ? [workspaceOf(stored), workspaceOf(wished)] : [workspaceOf(wished)]);
    // One without a workspace is a template of all of them.
    return [...workspaces].map((name) => (name === '' ? this.#scopes.global() : this.#scopes.workspace(name)));
  }

  #role(caller: UserInfo, scope: Scope, stored: KubeObject | undefined, wished: KubeObject): void {
    const module = overrideOf(wished);
    const labels = ({ metadata }: KubeObject) => metadata.labels ?? {};
    // What a new module will allow nobody knows, nor what one allows in another workspace.
    const hasNewModule =
      module !== undefined &&
      !(stored && module === overrideOf(stored) && isDeepStrictEqual(labels(stored), labels(wished)));
    const rules = wished.aggregationRule || hasNewModule ? ALL_RIGHTS : roleRules(wished);
    checkGrant(this.#authorizer, caller, scope, 'escalate', wished.metadata.name ?? '', rules);
  }

  #binding(caller: UserInfo, scope: Scope, info: RequestInfo, wished: KubeObject): void {
    const { kind = '', name = '' } = (wished.roleRef ?? {}) as { kind?: string; name?: string };
    const holder =
      kind === 'ClusterRole'
        ? this.#scopes.cluster()
        : info.resource === 'workspacerolebindings'
          ? this.#scopes.workspace('')
          : scope;
    const fits = kind === holder.roleKind;
    const role = fits ? this.#scopes.template(holder, name) : undefined;
    // Of a role that is not there yet nobody knows what it will give.
    const rules = role?.object ? this.#authorizer.rightsOf(role.object) : ALL_RIGHTS;
    checkGrant(this.#authorizer, caller, scope, 'bind', name, rules);
  }

  /** Who makes somebody a member of a group gives him the group's roles. */
  #membership(caller: UserInfo, stored: KubeObject | undefined, wished: KubeObject): void {
    const given = ({ groupRef, users, metadata }: KubeObject) => [
      groupRef?.name,
      users ?? [],
      metadata.labels?.[WORKSPACE_LABEL],
    ];
    if (stored && isDeepStrictEqual(given(stored), given(wished))) return;
    const workspace = workspaceOf(wished);
    this.#groupRoles.checkMembership(caller, workspace, String(wished.groupRef?.name ?? ''));
  }

  #namespace(caller: UserInfo, stored: KubeObject | undefined, wished: KubeObject): void {
    const [from, to] = [workspaceOf(stored), workspaceOf(wished)];
    if (stored && from === to) return;
    const name = wished.metadata.name ?? '';
    const may = (workspace: string, verb: string) =>
      this.#authorizer.allowsIn(caller, workspace, verb, '', 'namespaces') ||
      this.#authorizer.covers(caller, 'cluster', '', ALL_RIGHTS);
    const refuse = (verb: string, workspace: string) =>
      forbidden(
        { group: '', resource: 'namespaces', name },
        `User "${caller.name}" cannot ${verb} resource "namespaces" in API group "" ${workspace === '' ? 'at the cluster scope' : `in the workspace "${workspace}"`}`,
      );
    if (stored && !may(from, 'delete')) throw refuse('delete', from);
    if (!may(to, 'create')) throw refuse('create', to);
  }

  /** Who approves a certificate makes whom it names: only who may do everything may do that by hand. */
  #signingRequest(caller: UserInfo, info: RequestInfo, wished: KubeObject): void {
    if (info.subresource === '' || this.#authorizer.covers(caller, 'cluster', '', ALL_RIGHTS)) return;
    throw new StatusError(
      403,
      'Forbidden',
      `certificatesigningrequests.certificates.k8s.io "${wished.metadata.name}" is forbidden: user "${caller.name}" may not decide about certificates`,
    );
  }
}
