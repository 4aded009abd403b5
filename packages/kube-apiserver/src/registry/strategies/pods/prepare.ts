import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Fields } from '../../defaults/types.ts';
import { timestamp } from '../../metadata.ts';
import { eachContainer } from '../../validation/pods/operating-system.ts';

/** A pod that waits at its gates says so (Kubernetes "Pod Scheduling Readiness"). */
export function gatedCondition(spec: Fields, now: Date): Fields | undefined {
  if ((spec.schedulingGates ?? []).length === 0) return undefined;
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
  if (!term.labelSelector) return;
  for (const [field, operator] of [
    ['matchLabelKeys', 'In'],
    ['mismatchLabelKeys', 'NotIn'],
  ] as const) {
    for (const key of term[field] ?? []) {
      const value = labels[key];
      if (value === undefined) continue;
      const { matchExpressions = [] } = term.labelSelector;
      term.labelSelector.matchExpressions = [...matchExpressions, { key, operator, values: [value] }];
    }
  }
}

/** `matchLabelKeys` look up the pod's own labels once, when it is created (Kubernetes "matchLabelKeys"). */
export function mergeLabelKeys({ metadata, spec }: KubeObject): void {
  const labels = metadata.labels ?? {};
  for (const name of ['podAffinity', 'podAntiAffinity']) {
    const terms = spec.affinity?.[name];
    for (const term of terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []) mergeKeys(term, labels);
    for (const { podAffinityTerm } of terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      mergeKeys(podAffinityTerm, labels);
    }
  }
  for (const constraint of spec.topologySpreadConstraints ?? []) mergeKeys(constraint, labels);
}

const appArmor = 'container.apparmor.security.beta.kubernetes.io/';

function profileOf(annotation: string): Fields {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const localhostProfile = annotation.replace(/^localhost\//, '');
  return { type: 'Localhost', localhostProfile };
}

function annotationOf({ type, localhostProfile }: Fields): string {
  if (type === 'Unconfined') return 'unconfined';
  return type === 'RuntimeDefault' ? 'runtime/default' : `localhost/${localhostProfile}`;
}

/** Keeps the old annotations of AppArmor and the fields that replaced them in step; adds a warning for the former. */
export function syncAppArmor({ metadata, spec }: KubeObject, warnings: string[]): void {
  const ofPod: Fields | undefined = spec.securityContext?.appArmorProfile;
  eachContainer(spec, 'spec', (container) => {
    const key = `${appArmor}${container.name}`;
    const annotation = metadata.annotations?.[key];
    const own: Fields | undefined = container.securityContext?.appArmorProfile;
    if (annotation === undefined) {
      const profile = own ?? ofPod;
      if (profile) metadata.annotations = { ...metadata.annotations, [key]: annotationOf(profile) };
    } else if (!own && annotation !== '') {
      warnings.push(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
      container.securityContext = { ...container.securityContext, appArmorProfile: profileOf(annotation) };
    }
  });
}
