import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { type PolicyRule, type RuleAttributes, ruleAllows } from '@ks-apiserver/apiserver/authorization/rules';

/** Every right there is. */
export const ALL_RIGHTS: readonly PolicyRule[] = Object.freeze([
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]);

/** The rules of a role; none for a role that does not exist. */
export function rulesOf(role: KubeObject | undefined): readonly PolicyRule[] {
  const rules = role?.rules as readonly PolicyRule[] | null | undefined;
  return Array.isArray(rules) ? rules : [];
}

/** Every single right that a rule gives; a wildcard in it is only held by who has the wildcard too. */
function* rightsOf(rule: PolicyRule): Generator<RuleAttributes> {
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

/** Whether held rules give every right of a rule. */
export function isCovered(rule: PolicyRule, held: readonly PolicyRule[]): boolean {
  for (const right of rightsOf(rule)) if (!held.some((own) => ruleAllows(own, right))) return false;
  return true;
}
