import { IAM_GROUP } from '@ks-apiserver/api/groups';
import { WORKSPACE_LABEL } from '@ks-apiserver/api/labels';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { RequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Scope, Scopes } from '../roles/scopes.ts';
import { type Effect, type EffectList, type Effects, mergeEffects } from './effects.ts';

const LEVELS: Readonly<Record<string, 'global' | 'cluster' | 'workspace' | 'namespace'>> = {
  [`${IAM_GROUP}/globalrole`]: 'global',
  [`${IAM_GROUP}/workspacerole`]: 'workspace',
  'rbac.authorization.k8s.io/clusterrole': 'cluster',
  'rbac.authorization.k8s.io/role': 'namespace',
};

/** Longest warning, in characters: clients print it on one line. */
const WARNING_LIMIT = 1000;
const NAMED = 5;

/** Returns the level of a resource's roles or bindings; undefined for other resources. */
function levelOf({ group, resource }: RequestInfo) {
  const [, word = ''] = /^(\w*?role)(binding)?s$/.exec(resource) ?? [];
  return LEVELS[`${group}/${word}`];
}

/** Whether objects of a resource give rights, so that dry runs say what changes. */
export function givesRights(info: RequestInfo): boolean {
  const isGroup = info.resource === 'groups' || info.resource === 'groupbindings';
  return (info.group === IAM_GROUP && isGroup) || levelOf(info) !== undefined;
}

/**
 * Returns the effects of a write through the Kubernetes API; undefined for writes that give no
 * rights.
 */
export function effectsOfWrite(
  { effects, scopes }: { effects: Effects; scopes: Scopes },
  info: RequestInfo,
  stored: KubeObject | undefined,
  proposed: KubeObject | undefined,
): EffectList | undefined {
  const { group, resource, namespace } = info;
  if (group === IAM_GROUP && resource === 'groupbindings') {
    return effects.ofMembership(stored, proposed);
  }

  if (group === IAM_GROUP && resource === 'groups') {
    return stored && !proposed
      ? effects.ofGroupDeletion(
          stored.metadata.labels?.[WORKSPACE_LABEL] ?? '',
          stored.metadata.name ?? '',
        )
      : undefined;
  }

  const level = levelOf(info);
  const isBinding = resource.endsWith('bindings');

  if (!level) {
    return undefined;
  }

  const scopeOf = (object: KubeObject | undefined): Scope => {
    if (level === 'workspace') {
      return scopes.workspace(object?.metadata.labels?.[WORKSPACE_LABEL] ?? '');
    }
    if (level === 'namespace') {
      return scopes.namespace(object?.metadata.namespace ?? namespace);
    }

    return level === 'global' ? scopes.global() : scopes.cluster();
  };

  const of = (scope: Scope, before: KubeObject | undefined, after: KubeObject | undefined) =>
    isBinding
      ? effects.ofBinding(scope, before, after)
      : effects.ofRole(scope, (after ?? before)?.metadata.name ?? '', before, after);

  const [from, to] = [scopeOf(stored), scopeOf(proposed)];
  if (!stored || !proposed || from.key === to.key) {
    return of(proposed ? to : from, stored, proposed);
  }

  // A changed label moves the object from one workspace to another.
  return mergeEffects([of(from, stored, undefined), of(to, undefined, proposed)]);
}

function sentence(word: string, { subject, scope, rules }: Effect): string {
  const texts = rules.slice(0, NAMED).map(({ verbs, resources, nonResourceURLs }) => {
    const what = [...(resources ?? []), ...(nonResourceURLs ?? [])].join(',');
    return `${(verbs ?? []).join(',')} on ${what}`;
  });

  const more = rules.length > NAMED ? ` and ${rules.length - NAMED} more rules` : '';

  return `${subject.kind} ${subject.name} ${word} in ${scope}: ${texts.join('; ')}${more}`;
}

/**
 * Returns warnings that summarise the effects of a write: a few lines of printable ASCII of limited
 * length.
 */
export function warningsOf({ gains, loses, truncated }: EffectList): string[] {
  const all = [
    ...gains.map((effect) => sentence('gains', effect)),
    ...loses.map((effect) => sentence('loses', effect)),
  ];

  const texts = all.length === 0 ? ['nobody gains or loses anything'] : all.slice(0, NAMED);
  const left = all.length - texts.length;
  if (left > 0 || truncated) {
    texts.push(`${left > 0 ? left : 'some'} more changes are not listed here`);
  }

  return texts.map((text) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, WARNING_LIMIT));
}

/**
 * Returns a value of the header Warning with code 299 (Kubernetes "Warning: Helpful Warnings
 * Ahead"; RFC 7234, 5.5).
 */
export function warningHeader(texts: readonly string[]): string {
  return texts.map((text) => `299 - "${text.replace(/["\\]/g, '\\$&')}"`).join(', ');
}
