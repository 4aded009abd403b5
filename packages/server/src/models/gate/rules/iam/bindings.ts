import { IAM_GROUP, RBAC_GROUP } from '@ks-apiserver/api/groups';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { ALL_RIGHTS } from '../../../authorization/rights.ts';
import { checkGrant } from '../../../iam/grants/grants.ts';
import type { GroupRoles } from '../../../iam/grants/group-roles.ts';
import type { Scope, Scopes } from '../../../iam/roles/scopes.ts';
import type { Rule, WriteAttempt } from '../../attempt.ts';
import { isLeftToKubernetes, scopesOfGrant, workspaceOf } from './scopes-of-grant.ts';

const BINDINGS: ReadonlySet<string> = new Set([
  `${RBAC_GROUP}/rolebindings`,
  `${RBAC_GROUP}/clusterrolebindings`,
  `${IAM_GROUP}/globalrolebindings`,
  `${IAM_GROUP}/workspacerolebindings`,
]);

const GROUPS: ReadonlySet<string> = new Set([`${IAM_GROUP}/groups`, `${IAM_GROUP}/groupbindings`]);

/** Returns the scope whose role a binding in a scope refers to. */
function scopeOfRole(scopes: Scopes, scope: Scope, kind: string, info: RequestInfo): Scope {
  if (kind === 'ClusterRole') {
    return scopes.cluster();
  }

  return info.resource === 'workspacerolebindings' ? scopes.workspace('') : scope;
}

/** Returns what a binding gives, and to whom. */
function grantOf({ roleRef, subjects, metadata }: KubeObject): unknown[] {
  return [roleRef, subjects ?? [], metadata.labels ?? {}];
}

/** Reviews bindings of all levels: nobody gives a role that allows more than they may do. */
export function bindingRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: BINDINGS,

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { stored, proposed, caller, info } = attempt;
      if (!proposed) {
        return;
      }

      if (stored && equalJson(grantOf(stored), grantOf(proposed))) {
        return;
      }

      const { kind = '', name: roleName = '' } = proposed.roleRef ?? {};

      for (const scope of scopesOfGrant(scopes, attempt)) {
        if (isLeftToKubernetes(attempt, scope)) {
          continue;
        }

        const holder = scopeOfRole(scopes, scope, kind, info);
        const role =
          kind === holder.roleKind ? scopes.template(holder, roleName)?.object : undefined;
        // A role that does not exist yet may come to allow anything.
        const rules = role ? authorizer.rightsOf(role) : ALL_RIGHTS;

        checkGrant(authorizer, caller, { scope, verb: 'bind', roleName, rules });
      }
    },
  };
}

/**
 * Reviews groups and their members: adding a user to a group, or a group to a workspace, gives the
 * roles that the group has there.
 */
export function groupRule(groupRoles: GroupRoles): Rule {
  return {
    resources: GROUPS,

    async review({ caller, info, stored, proposed }: WriteAttempt): Promise<undefined> {
      if (!proposed) {
        return;
      }

      const isGroup = info.resource === 'groups';
      const groupOf = ({ groupRef, metadata }: KubeObject) =>
        String((isGroup ? metadata.name : groupRef?.name) ?? '');

      const given = (object: KubeObject) => [
        groupOf(object),
        isGroup ? [] : (object.users ?? []),
        workspaceOf(object),
      ];

      if (stored && equalJson(given(stored), given(proposed))) {
        return;
      }

      groupRoles.checkMembership(caller, workspaceOf(proposed), groupOf(proposed));
    },
  };
}
