import { IAM_GROUP } from '@ks-apiserver/api/groups';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { NO_REQUEST, type RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { SYSTEM_WORKSPACE } from '../../authorization/platform-namespaces.ts';
import type { Scope } from '../roles/scopes.ts';

/** Rights that somebody would give to others by binding or changing a role. */
export interface Grant {
  /** Where the rights would hold. */
  scope: Scope;
  /** Kubernetes' verb: `bind` gives a role, `escalate` changes what it allows. */
  verb: 'bind' | 'escalate';
  roleName: string;
  rules: readonly PolicyRule[];
}

/**
 * Throws Forbidden unless a caller may give rights to others (Kubernetes "Using RBAC
 * Authorization", "Privilege escalation prevention"). They may give those that they have in the
 * scope themselves. In a workspace or project, a role of a higher level that allows `bind` or
 * `escalate` there lets them give others too; on the platform and the cluster nothing does. In the
 * workspace of the platform's own namespaces only callers who may do everything give any role.
 */
export function checkGrant(
  authorizer: Authorizer,
  caller: UserInfo,
  { scope, verb, roleName, rules }: Grant,
): void {
  const { level } = scope;
  const isPlatform = level === 'workspace' && scope.key === SYSTEM_WORKSPACE;

  const isHeld = isPlatform
    ? authorizer.holdsEverything(caller)
    : authorizer.covers(caller, level, scope.key, rules);
  if (isHeld) {
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
