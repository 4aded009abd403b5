import { aggregatedNames } from '@ks-apiserver/api/aggregation';
import { AGGREGATION_ROLES } from '@ks-apiserver/api/annotations';
import { IAM_GROUP, RBAC_GROUP } from '@ks-apiserver/api/groups';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { PolicyRule } from '@ks-apiserver/apimachinery/rbac/rules';
import type { Authorizer } from '../../../authorization/authorizer.ts';
import { overrideOf } from '../../../authorization/opa/overrides.ts';
import { ALL_RIGHTS, rulesOf } from '../../../authorization/rights.ts';
import { checkGrant } from '../../../iam/grants/grants.ts';
import type { Scope, Scopes } from '../../../iam/roles/scopes.ts';
import { nameOf, type Rule, type WriteAttempt } from '../../attempt.ts';
import { isLeftToKubernetes, scopesOfGrant } from './scopes-of-grant.ts';

const ROLES: ReadonlySet<string> = new Set([
  `${RBAC_GROUP}/roles`,
  `${RBAC_GROUP}/clusterroles`,
  `${IAM_GROUP}/globalroles`,
  `${IAM_GROUP}/workspaceroles`,
  `${IAM_GROUP}/rolebases`,
]);

/** Returns the object that holds the rules: of a RoleBase, the role in it. */
function holderOf(object: KubeObject): KubeObject {
  return object.kind === 'RoleBase' ? ((object.role ?? {}) as KubeObject) : object;
}

function aggregationOf(object: KubeObject): string | undefined {
  return holderOf(object).metadata?.annotations?.[AGGREGATION_ROLES];
}

/** Returns all of a role that gives rights: to its holders, or to roles aggregated from it. */
function grantOf(object: KubeObject): unknown[] {
  const { rules, role, aggregationRule, metadata } = object;

  return [
    overrideOf(object),
    rules ?? [],
    role,
    aggregationRule,
    metadata.labels ?? {},
    aggregationOf(object),
  ];
}

/** Reviews roles of all levels and their templates: none may give more than its author may do. */
export function roleRule(authorizer: Authorizer, scopes: Scopes): Rule {
  return {
    resources: ROLES,

    async review(attempt: WriteAttempt): Promise<undefined> {
      const { stored, proposed } = attempt;
      if (!proposed || (stored && equalJson(grantOf(stored), grantOf(proposed)))) {
        return;
      }

      for (const scope of scopesOfGrant(scopes, attempt)) {
        checkGrant(authorizer, attempt.caller, {
          scope,
          verb: 'escalate',
          roleName: nameOf(attempt),
          rules: possibleRules(scopes, attempt, scope, proposed),
        });
      }
    },
  };
}

/** Returns the most that a role may come to allow in a scope. */
function possibleRules(
  scopes: Scopes,
  attempt: WriteAttempt,
  scope: Scope,
  proposed: KubeObject,
): readonly PolicyRule[] {
  const { stored } = attempt;
  const { role, metadata } = proposed;
  const module = overrideOf(proposed);

  const isSameModule =
    stored !== undefined &&
    module === overrideOf(stored) &&
    equalJson(stored.metadata.labels ?? {}, metadata.labels ?? {});

  // What a new module allows is not known, nor what one allows in another workspace.
  if (module !== undefined && !isSameModule) {
    return ALL_RIGHTS;
  }

  const ofTemplates =
    aggregationOf(proposed) === (stored && aggregationOf(stored))
      ? []
      : templateRules(scopes, scope, proposed);

  // A controller replaces the rules by those of all roles with the right labels.
  if (proposed.aggregationRule) {
    return ALL_RIGHTS;
  }

  const isLabelled = !equalJson(stored?.metadata.labels ?? {}, metadata.labels ?? {});
  if (isLeftToKubernetes(attempt, scope) && !isLabelled) {
    return ofTemplates;
  }

  return [
    ...rulesOf(holderOf(role === undefined ? proposed : { ...proposed, kind: 'RoleBase' })),
    ...ofTemplates,
  ];
}

/**
 * Returns the rules of the roles that a role's annotation names. One that does not exist, or
 * belongs to another workspace, may come to allow anything.
 */
function templateRules(scopes: Scopes, scope: Scope, proposed: KubeObject): readonly PolicyRule[] {
  const rules: PolicyRule[] = [];

  for (const name of aggregatedNames(aggregationOf(proposed))) {
    const template = scopes.template(scope, name);
    const workspace = template?.labels[WORKSPACE_LABEL];
    if (
      !template ||
      (scope.level === 'workspace' && workspace !== undefined && workspace !== scope.key)
    ) {
      return ALL_RIGHTS;
    }

    rules.push(...rulesOf(template.object));
  }

  return rules;
}
