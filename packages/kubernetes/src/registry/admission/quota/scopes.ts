import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { listOf } from '../../resources/core-types.ts';
import { qosClass } from '../../resources/strategies/pods/quality.ts';

/** One scope of a ResourceQuota (core/v1 ScopedResourceSelectorRequirement). */
export interface ScopeRequirement {
  scopeName: string;
  operator?: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  values?: readonly string[];
}

/** All scopes of a ResourceQuota. */
export function scopesOf({ spec }: KubeObject): ScopeRequirement[] {
  const names: string[] = spec?.scopes ?? [];
  return [
    ...names.map((scopeName) => ({ scopeName, operator: 'Exists' as const })),
    ...listOf<ScopeRequirement>(spec?.scopeSelector?.matchExpressions),
  ];
}

function selects({ operator, values = [] }: ScopeRequirement, names: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return names.some((name) => values.includes(name));
    case 'NotIn':
      return names.length === 0 || names.some((name) => !values.includes(name));
    case 'DoesNotExist':
      return names.length === 0;
    default:
      return names.length > 0;
  }
}

/** Whether a pod has a deadline (scope Terminating). */
export function isTerminating({ spec }: KubeObject): boolean {
  return typeof spec?.activeDeadlineSeconds === 'number' && spec.activeDeadlineSeconds >= 0;
}

interface AffinityTerm {
  namespaces?: string[];
  namespaceSelector?: object;
  podAffinityTerm?: AffinityTerm;
}

function crossesNamespaces({ spec }: KubeObject): boolean {
  return [spec?.affinity?.podAffinity, spec?.affinity?.podAntiAffinity].some((affinity) => {
    const terms: AffinityTerm[] = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
    ];

    return terms.some((item) => {
      const term = item.podAffinityTerm ?? item;
      return (term.namespaces?.length ?? 0) > 0 || term.namespaceSelector !== undefined;
    });
  });
}

function podMatches(scope: ScopeRequirement, pod: KubeObject): boolean {
  switch (scope.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return qosClass(pod) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(pod) !== 'BestEffort';
    case 'PriorityClass':
      return selects(scope, pod.spec?.priorityClassName ? [pod.spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(pod);
    default:
      return false;
  }
}

function claimMatches(scope: ScopeRequirement, { spec, status }: KubeObject): boolean {
  if (scope.scopeName !== 'VolumeAttributesClass') {
    return false;
  }

  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].filter((name) => typeof name === 'string' && name !== '');

  return selects(scope, names);
}

/**
 * Whether an object of a core resource (others never match) has all scopes (Kubernetes "Resource
 * Quotas", Quota scopes).
 */
export function inScopes(
  resource: string,
  scopes: readonly ScopeRequirement[],
  object: KubeObject,
): boolean {
  if (scopes.length === 0) {
    return true;
  }
  if (resource === 'pods') {
    return scopes.every((scope) => podMatches(scope, object));
  }

  return (
    resource === 'persistentvolumeclaims' && scopes.every((scope) => claimMatches(scope, object))
  );
}
