import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { eachOldAppArmor, oldAppArmor } from '../../../validation/pods/app-armor.ts';
import type { Fields } from '../../defaults/types.ts';

/** Sets the condition of a pod with scheduling gates (Kubernetes "Pod Scheduling Readiness"). */
export function gatedCondition(spec: Fields, now: Date): Fields | undefined {
  if ((spec.schedulingGates ?? []).length === 0) {
    return undefined;
  }

  return {
    type: 'PodScheduled',
    status: 'False',
    lastProbeTime: null,
    lastTransitionTime: timestamp(now),
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
}

function mergeKeys(term: Fields, labels: Fields): void {
  if (!term.labelSelector) {
    return;
  }

  for (const [field, operator] of [
    ['matchLabelKeys', 'In'],
    ['mismatchLabelKeys', 'NotIn'],
  ] as const) {
    for (const key of term[field] ?? []) {
      const value = labels[key];
      if (value === undefined) {
        continue;
      }

      const { matchExpressions = [] } = term.labelSelector;
      term.labelSelector.matchExpressions = [
        ...matchExpressions,
        { key, operator, values: [value] },
      ];
    }
  }
}

/** Resolves `matchLabelKeys` by the labels of a new pod (Kubernetes "matchLabelKeys"). */
export function mergeLabelKeys({ metadata, spec }: KubeObject): void {
  const labels = metadata.labels ?? {};

  for (const name of ['podAffinity', 'podAntiAffinity']) {
    const terms = spec.affinity?.[name];
    for (const term of terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      mergeKeys(term, labels);
    }

    for (const { podAffinityTerm } of terms?.preferredDuringSchedulingIgnoredDuringExecution ??
      []) {
      mergeKeys(podAffinityTerm, labels);
    }
  }

  for (const constraint of spec.topologySpreadConstraints ?? []) {
    mergeKeys(constraint, labels);
  }
}

/**
 * Copies the deprecated AppArmor annotations into the fields that replaced them, and warns about
 * them.
 */
export function copyAppArmor({ metadata, spec }: KubeObject, warnings: string[]): void {
  if (spec.os?.name === 'windows') {
    return;
  }

  eachOldAppArmor(metadata.annotations, spec, (container, profile, key) => {
    warnings.push(oldAppArmor('metadata.annotations', key));
    if (profile) {
      container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    }
  });
}
