import { IAM_GROUP } from '@ks-apiserver/api/groups';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { SYSTEM_WORKSPACE } from '../../authorization/system-namespaces.ts';
import type { Scope } from '../roles/scopes.ts';

/**
 * Throws Forbidden unless a caller may hand on rights in a scope (Kubernetes "Using RBAC
 * Authorization", "Privilege escalation prevention"): those that they have there themselves. Who
 * manages workspaces or projects from above, by a role that lets them `bind` or `escalate` roles
 * there, may hand on others too; on the platform and the cluster there is no such exception. Into
 * the workspace of the platform, whatever the role, only who may do everything brings somebody.
 */
export function checkGrant(
  authorizer: Authorizer,
  caller: UserInfo,
  scope: Scope,
  verb: 'bind' | 'escalate',
  roleName: string,
  rules: readonly PolicyRule[],
): void {
  const { level } = scope;
  const isPlatform = level === 'workspace' && scope.key === SYSTEM_WORKSPACE;
  if (
    isPlatform
      ? authorizer.holdsEverything(caller)
      : authorizer.covers(caller, level, scope.key, rules)
  ) {
    return;
  }

  const isBelow = level === 'namespace' || (level === 'workspace' && !isPlatform);
  const mayFromAbove = (group: string) =>
    isBelow && authorizer.byRolesAbove(caller, level, roleRequest(scope, group, verb, roleName));
  if (mayFromAbove(IAM_GROUP) || mayFromAbove(scope.roleGroup)) {
    return;
  }

  throw new StatusError(
    403,
    'Forbidden',
    `${scope.roleKind.toLowerCase()}.${scope.roleGroup} "${roleName}" is forbidden: it grants more than user "${caller.name}" may do`,
  );
}

function roleRequest(scope: Scope, group: string, verb: string, name: string): RequestInfo {
  const workspace = scope.level === 'workspace' ? scope.key : '';
  const namespace = scope.level === 'namespace' ? scope.key : '';

  return {
    ...NO_REQUEST,
    isResource: true,
    verb,
    group,
    version: scope.roles.version,
    workspace,
    namespace,
    resource: scope.roles.resource,
    name,
    scope: workspace ? 'Workspace' : 'Namespace',
  };
}
