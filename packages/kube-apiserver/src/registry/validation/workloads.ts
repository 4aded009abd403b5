import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { equalJson } from '@ks-apiserver/apimachinery/schema/own';
import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import { forbiddenField, invalidValue, notSupported, required } from '@ks-apiserver/apimachinery/validation/field';
import type { Fields } from '../defaults/types.ts';
import { validateLabels } from './metadata.ts';
import { oneOf, validatePodSpec } from './pods.ts';

/** A cause where a number is negative. */
export function notNegative(field: string, value: unknown): StatusCause[] {
  return typeof value === 'number' && value < 0
    ? [invalidValue(field, value, 'must be greater than or equal to 0')]
    : [];
}

/** A cause where a field differs from what it was. */
export function immutable(field: string, value: unknown, old: unknown): StatusCause[] {
  return equalJson(value, old) ? [] : [invalidValue(field, value, 'field is immutable')];
}

function validateSelector(selector: Fields | undefined, kind: string): StatusCause[] {
  const field = 'spec.selector';
  if (selector === undefined) return [required(field)];
  const causes: StatusCause[] = [];
  for (const [index, { operator }] of (selector.matchExpressions ?? []).entries()) {
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
      causes.push(
        invalidValue(`${field}.matchExpressions[${index}].operator`, operator, 'not a valid selector operator'),
      );
    }
  }
  causes.push(...validateLabels(selector.matchLabels, `${field}.matchLabels`));
  if (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0) {
    causes.push(invalidValue(field, selector, `empty selector is invalid for ${kind}`));
  } else if (causes.length > 0) {
    causes.push(invalidValue(field, selector, 'invalid label selector'));
  }
  return causes;
}

function validateTemplate(spec: Fields, selectorIsValid: boolean, volumes: readonly string[]): StatusCause[] {
  const labels = spec.template?.metadata?.labels;
  const causes: StatusCause[] = [];
  if (spec.selector === undefined || (selectorIsValid && !labelSelectorFrom(spec.selector).matches(labels))) {
    const why = '`selector` does not match template `labels`';
    causes.push(invalidValue('spec.template.metadata.labels', labels ?? null, why));
  }
  causes.push(...validateLabels(labels, 'spec.template.metadata.labels'));
  causes.push(...validatePodSpec(spec.template?.spec, 'spec.template.spec', volumes));
  const policy = spec.template?.spec?.restartPolicy;
  if (policy !== undefined && policy !== 'Always' && ['OnFailure', 'Never'].includes(policy)) {
    causes.push(notSupported('spec.template.spec.restartPolicy', policy, ['Always']));
  }
  return causes;
}

function validateReplicated(kind: string, spec: Fields, volumes: readonly string[] = []): StatusCause[] {
  const replicas = notNegative('spec.replicas', spec.replicas);
  const selector = validateSelector(spec.selector, kind);
  return [...replicas, ...selector, ...validateTemplate(spec, selector.length === 0, volumes)];
}

function validateStrategy(field: string, strategy: Fields | undefined, types: readonly string[]): StatusCause[] {
  if (strategy?.type === undefined || types.includes(strategy.type)) return [];
  return [notSupported(field, { Type: strategy.type, RollingUpdate: strategy.rollingUpdate ?? null }, types)];
}

function jobTemplate(spec: Fields | undefined, path: string): StatusCause[] {
  const field = `${path}.template.spec`;
  const causes = validatePodSpec(spec?.template?.spec, field);
  if (spec?.template?.spec?.restartPolicy === 'Always') {
    causes.push(required(`${field}.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  }
  for (const name of [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ]) {
    causes.push(...notNegative(`${path}.${name}`, spec?.[name]));
  }
  return causes;
}

function validateSchedule(schedule: string | undefined): StatusCause[] {
  const field = 'spec.schedule';
  if (!schedule) return [required(field)];
  if (schedule.startsWith('@')) {
    if (/^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(schedule)) return [];
    return [invalidValue(field, schedule, `unrecognized descriptor: ${schedule}`)];
  }
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== 5) {
    const why = `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`;
    return [invalidValue(field, schedule, why)];
  }
  const bad = parts.find((part) => !/^[\dA-Za-z*?/,-]+$/.test(part));
  return bad === undefined ? [] : [invalidValue(field, schedule, `failed to parse int from ${bad}`)];
}

const mutableOfPod = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
];

/** A pod's spec less what may change: what people may, and what binding, resizing and debugging do. */
function fixedPart(spec: Fields, old: Fields): Fields {
  const { activeDeadlineSeconds, tolerations, terminationGracePeriodSeconds, ephemeralContainers, ...rest } = spec;
  const withoutImages = (containers: Fields[] | undefined) =>
    containers?.map(({ image, resources, ...container }) => container);
  return {
    ...rest,
    containers: withoutImages(spec.containers),
    initContainers: withoutImages(spec.initContainers),
    nodeName: old.nodeName ? spec.nodeName : undefined,
    schedulingGates: undefined,
  };
}

function podUpdate(spec: Fields, old: Fields): StatusCause[] {
  const [now, before] = [fixedPart(spec, old), fixedPart(old, old)].map((part) => JSON.parse(JSON.stringify(part)));
  if (equalJson(now, before)) return [];
  return [forbiddenField('spec', `pod updates may not change fields other than ${mutableOfPod.join(',')}`)];
}

const mutableOfStatefulSet = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function statefulSetUpdate(spec: Fields, old: Fields): StatusCause[] {
  const rest = (value: Fields) =>
    Object.fromEntries(Object.entries(value).filter(([key]) => !mutableOfStatefulSet.includes(key)));
  if (equalJson(rest(spec), rest(old))) return [];
  const names = `${mutableOfStatefulSet
    .slice(0, -1)
    .map((name) => `'${name}'`)
    .join(', ')} and 'minReadySeconds'`;
  return [forbiddenField('spec', `updates to statefulset spec for fields other than ${names} are forbidden`)];
}

function validateScaler(spec: Fields, old: Fields | undefined): StatusCause[] {
  const { maxReplicas, minReplicas = 1, scaleTargetRef = {} } = spec;
  const causes: StatusCause[] = [];
  if (!maxReplicas) causes.push(required('spec.maxReplicas', 'must be set and greater than 0'));
  if (minReplicas < 1) causes.push(invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'));
  if ((maxReplicas ?? 0) < minReplicas) {
    causes.push(invalidValue('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`'));
  }
  if (!scaleTargetRef.kind) causes.push(required('spec.scaleTargetRef.kind'));
  if (!scaleTargetRef.name) causes.push(required('spec.scaleTargetRef.name'));
  const { apiVersion = '' } = scaleTargetRef;
  const lacksGroup = (version: string | undefined) => !version?.includes('/');
  if (lacksGroup(apiVersion) && (old === undefined || !lacksGroup(old.scaleTargetRef?.apiVersion))) {
    causes.push(invalidValue('spec.scaleTargetRef.apiVersion', apiVersion, 'apiVersion must specify API group'));
  }
  return causes;
}

/** Checks a kind's object, and what changed against the old one. */
export type Validator = (object: KubeObject, old: KubeObject | undefined) => StatusCause[];

/** Rules of kinds that make or scale pods, by `group/Kind`. */
export const workloadRules: Readonly<Record<string, Validator>> = {
  '/Pod': ({ spec = {} }, old) => [...validatePodSpec(spec, 'spec'), ...(old ? podUpdate(spec, old.spec ?? {}) : [])],
  'apps/Deployment': ({ spec = {} }, old) => [
    ...validateReplicated('deployment', spec),
    ...validateStrategy('spec.strategy', spec.strategy, ['Recreate', 'RollingUpdate']),
    ...(old ? immutable('spec.selector', spec.selector, old.spec?.selector) : []),
  ],
  'apps/ReplicaSet': ({ spec = {} }, old) => [
    ...validateReplicated('deployment', spec),
    ...(old ? immutable('spec.selector', spec.selector, old.spec?.selector) : []),
  ],
  'apps/DaemonSet': ({ spec = {} }, old) => [
    ...validateReplicated('daemonset', spec),
    ...(old ? immutable('spec.selector', spec.selector, old.spec?.selector) : []),
  ],
  'apps/StatefulSet': ({ spec = {} }, old) => [
    ...validateReplicated(
      'statefulset',
      spec,
      (spec.volumeClaimTemplates ?? []).map((claim: Fields) => claim.metadata?.name),
    ),
    ...(old ? statefulSetUpdate(spec, old.spec ?? {}) : []),
  ],
  'batch/Job': ({ spec = {} }, old) => [
    ...jobTemplate(spec, 'spec'),
    ...(old ? ['completions', 'selector', 'template', 'completionMode'] : []).flatMap((name) =>
      old?.spec?.suspend && name === 'template' ? [] : immutable(`spec.${name}`, spec[name], old?.spec?.[name]),
    ),
  ],
  'batch/CronJob': ({ spec = {} }) => [
    ...validateSchedule(spec.schedule),
    ...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...jobTemplate(spec.jobTemplate?.spec, 'spec.jobTemplate.spec'),
  ],
  'autoscaling/HorizontalPodAutoscaler': ({ spec = {} }, old) => validateScaler(spec, old?.spec),
};
