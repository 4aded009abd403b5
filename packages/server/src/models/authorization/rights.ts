import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  type PolicyRule,
  type RuleAttributes,
  ruleAllows,
} from '@ks-apiserver/apimachinery/rbac/rules';

/** Every right there is. */
export const ALL_RIGHTS: readonly PolicyRule[] = Object.freeze([
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]);

/** Every right to resources: what the admin of a project or workspace has in it. */
export const ALL_RESOURCES: readonly PolicyRule[] = Object.freeze([
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
]);

/** The rules of a role; none for a role that does not exist. */
export function rulesOf(role: KubeObject | undefined): readonly PolicyRule[] {
  const rules: readonly PolicyRule[] | null | undefined = role?.rules;
  return Array.isArray(rules) ? rules : [];
}

/**
 * Most rights that are compared one by one: a rule gives each of its verbs on each of its resources
 * in each of its groups.
 */
export const MAX_RIGHTS = 5000;

/** Returns how many single rights rules give. */
export function countRights(rules: readonly PolicyRule[]): number {
  let count = 0;

  for (const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } of rules) {
    const objects =
      (apiGroups?.length ?? 0) * (resources?.length ?? 0) * Math.max(1, resourceNames?.length ?? 0);
    count += (verbs?.length ?? 0) * (objects + (nonResourceURLs?.length ?? 0));
  }

  return count;
}

/**
 * Yields every single right that a rule gives. A wildcard in it is covered only by the same
 * wildcard.
 */
export function* rightsOf(rule: PolicyRule): Generator<RuleAttributes> {
  const none = { isResource: true, group: '', resource: '', subresource: '', name: '', path: '' };

  for (const verb of rule.verbs ?? []) {
    for (const path of rule.nonResourceURLs ?? []) {
      yield { ...none, verb, isResource: false, path };
    }

    for (const group of rule.apiGroups ?? []) {
      for (const full of rule.resources ?? []) {
        const [resource = '', subresource = ''] = full.split('/', 2);
        const names = rule.resourceNames?.length ? rule.resourceNames : [''];
        for (const name of names) {
          yield { ...none, verb, group, resource, subresource, name };
        }
      }
    }
  }
}

/** Whether held rules give every right of a rule. */
export function isCovered(rule: PolicyRule, held: readonly PolicyRule[]): boolean {
  for (const right of rightsOf(rule)) {
    if (!held.some((own) => ruleAllows(own, right))) {
      return false;
    }
  }

  return true;
}
