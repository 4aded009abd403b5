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
import { aggregatedNames } from '../../../iam/roles/aggregation.ts';
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

/** The object that holds the rules: of a RoleBase the role in it. */
function holderOf(object: KubeObject): KubeObject {
  return object.kind === 'RoleBase' ? ((object.role ?? {}) as KubeObject) : object;
}

function aggregationOf(object: KubeObject): string | undefined {
  return holderOf(object).metadata?.annotations?.[AGGREGATION_ROLES];
}

/**
 * Everything of a role by which it gives rights, to whoever has it or to roles that are put
 * together from it.
 */
function givenBy(object: KubeObject): unknown[] {
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

/**
 * Roles of all levels and their templates: nobody makes one that gives more than they may do
 * themselves.
 */
export class RoleRule implements Rule {
  readonly resources = ROLES;
  readonly #authorizer: Authorizer;
  readonly #scopes: Scopes;

  constructor(authorizer: Authorizer, scopes: Scopes) {
    this.#authorizer = authorizer;
    this.#scopes = scopes;
  }

  review(attempt: WriteAttempt): undefined {
    const { stored, wished } = attempt;
    if (!wished || (stored && equalJson(givenBy(stored), givenBy(wished)))) {
      return;
    }

    for (const scope of scopesOfGrant(this.#scopes, attempt)) {
      const rules = this.#rulesOf(attempt, scope, wished);
      checkGrant(this.#authorizer, attempt.caller, scope, 'escalate', nameOf(attempt), rules);
    }
  }

  /** The most that a role may come to allow. */
  #rulesOf(attempt: WriteAttempt, scope: Scope, wished: KubeObject): readonly PolicyRule[] {
    const { stored } = attempt;
    const { role, metadata } = wished;
    const module = overrideOf(wished);

    const isSameModule =
      stored !== undefined &&
      module === overrideOf(stored) &&
      equalJson(stored.metadata.labels ?? {}, metadata.labels ?? {});

    // What a new module will allow nobody knows, nor what one allows in another workspace.
    if (module !== undefined && !isSameModule) {
      return ALL_RIGHTS;
    }

    const ofTemplates =
      aggregationOf(wished) === (stored && aggregationOf(stored))
        ? []
        : this.#templates(scope, wished);

    // A controller replaces the rules by those of all roles with the right labels.
    if (wished.aggregationRule) {
      return ALL_RIGHTS;
    }

    const isLabelled = !equalJson(stored?.metadata.labels ?? {}, metadata.labels ?? {});
    if (isLeftToKubernetes(attempt, scope) && !isLabelled) {
      return ofTemplates;
    }

    return [
      ...rulesOf(holderOf(role === undefined ? wished : { ...wished, kind: 'RoleBase' })),
      ...ofTemplates,
    ];
  }

  /**
   * Rules of the roles that an annotation names. One that is not there, or is another workspace's,
   * may come to allow anything.
   */
  #templates(scope: Scope, wished: KubeObject): readonly PolicyRule[] {
    const rules: PolicyRule[] = [];

    for (const name of aggregatedNames(aggregationOf(wished))) {
      const template = this.#scopes.template(scope, name);
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
}
