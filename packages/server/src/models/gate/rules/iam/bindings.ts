import { IAM_GROUP, RBAC_GROUP } from '@ks-apiserver/api/groups';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { ALL_RIGHTS } from '../../../authorization/rights.ts';
import { checkGrant } from '../../../iam/grants/grants.ts';
import type { GroupRoles } from '../../../iam/roles/group-roles.ts';
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

/** What a binding gives, and to whom. */
function givenBy({ roleRef, subjects, metadata }: KubeObject): unknown[] {
  return [roleRef, subjects ?? [], metadata.labels ?? {}];
}

/** Bindings of all levels: nobody gives a role that allows more than they may do themselves. */
export class BindingRule implements Rule {
  readonly resources = BINDINGS;
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review(attempt: WriteAttempt): undefined {
    const { stored, wished, caller, info } = attempt;
    if (!wished) {
      return;
    }

    if (stored && equalJson(givenBy(stored), givenBy(wished))) {
      return;
    }

    const { name = '' } = (wished.roleRef ?? {}) as { name?: string };

    for (const scope of scopesOfGrant(this.#scopes, attempt)) {
      if (!isLeftToKubernetes(attempt, scope)) {
        checkGrant(
          this.#authorizer,
          caller,
          scope,
          'bind',
          name,
          this.#rulesOf(scope, info, wished),
        );
      }
    }
  }

  #rulesOf(scope: Scope, info: RequestInfo, wished: KubeObject) {
    const { kind = '', name = '' } = (wished.roleRef ?? {}) as { kind?: string; name?: string };

    const holder =
      kind === 'ClusterRole'
        ? this.#scopes.cluster()
        : info.resource === 'workspacerolebindings'
          ? this.#scopes.workspace('')
          : scope;

    const role = kind === holder.roleKind ? this.#scopes.template(holder, name) : undefined;

    // Nobody knows what a role will give that is not there yet.
    return role?.object ? this.#authorizer.rightsOf(role.object) : ALL_RIGHTS;
  }
}

/**
 * Groups and their members: who brings somebody into a group, or a group into a workspace, gives
 * the roles that the group has there.
 */
export class GroupRule implements Rule {
  readonly resources = GROUPS;
  readonly #groupRoles: GroupRoles;

  constructor(groupRoles: GroupRoles) {
    this.#groupRoles = groupRoles;
  }

  review({ caller, info, stored, wished }: WriteAttempt): undefined {
    if (!wished) {
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

    if (stored && equalJson(given(stored), given(wished))) {
      return;
    }

    this.#groupRoles.checkMembership(caller, workspaceOf(wished), groupOf(wished));
  }
}
