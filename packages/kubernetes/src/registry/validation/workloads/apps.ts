import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, each } from '../causes.ts';
import { validatePodTemplate } from '../pods/pod.ts';
import { validateLabelSelector } from '../selectors.ts';
import { validateClaimSpec } from '../storage/claims.ts';
import type { Validator } from '../validator.ts';
import {
  amountOf,
  validateAtMostWhole,
  validateEndless,
  validateIntOrPercent,
  validateReplicatedTemplate,
  validateSelector,
  validateTemplateLabels,
  validateUnlessSelectorIsEmpty,
} from './templates.ts';

/** A strategy as messages print it: with the names of Kubernetes' internal types. */
function toGoStrategy(strategy: Fields): Fields {
  const { type = '', rollingUpdate } = strategy;

  const inner =
    rollingUpdate &&
    Object.fromEntries(
      Object.entries(rollingUpdate).map(([key, value]) => [
        key.charAt(0).toUpperCase() + key.slice(1),
        value,
      ]),
    );

  return { Type: type, RollingUpdate: inner ?? null };
}

function validateDeploymentStrategy(strategy: Fields, at: string, out: Causes): void {
  const { type, rollingUpdate } = strategy;
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) {
      out.forbidden(
        `${at}.rollingUpdate`,
        "may not be specified when strategy `type` is 'Recreate'",
      );
    }
  } else if (type === 'RollingUpdate') {
    const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
    const field = `${at}.rollingUpdate.maxUnavailable`;

    validateIntOrPercent(maxUnavailable, field, out);
    validateIntOrPercent(maxSurge, `${at}.rollingUpdate.maxSurge`, out);

    if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
      out.invalid(field, maxUnavailable, 'may not be 0 when `maxSurge` is 0');
    }

    validateAtMostWhole(maxUnavailable, field, out);
  } else {
    out.unsupported(at, toGoStrategy(strategy), ['Recreate', 'RollingUpdate']);
  }
}

const deployment: Validator = ({ spec = {} }, old, out) => {
  out.notNegative('spec.replicas', spec.replicas);

  if (validateSelector(spec, 'deployment', 'invalid label selector', out)) {
    validateReplicatedTemplate(spec, out);
  }

  validateDeploymentStrategy(spec.strategy ?? {}, 'spec.strategy', out);

  const { minReadySeconds, progressDeadlineSeconds: deadline } = spec;
  out.notNegative('spec.minReadySeconds', minReadySeconds);
  out.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  out.notNegative('spec.progressDeadlineSeconds', deadline);

  if (deadline !== undefined && deadline <= (minReadySeconds ?? 0)) {
    out.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
  if (old) {
    out.immutable('spec.selector', spec.selector, old.spec?.selector);
  }
};

const replicaSet: Validator = ({ spec = {} }, old, out) => {
  out.notNegative('spec.replicas', spec.replicas);
  out.notNegative('spec.minReadySeconds', spec.minReadySeconds);

  if (validateSelector(spec, 'deployment', 'invalid label selector', out)) {
    validateReplicatedTemplate(spec, out);
  }
  if (old) {
    out.immutable('spec.selector', spec.selector, old.spec?.selector);
  }
};

function validateDaemonStrategy(strategy: Fields, at: string, out: Causes): void {
  const { type, rollingUpdate } = strategy;
  if (type === 'OnDelete') {
    return;
  }

  if (type !== 'RollingUpdate') {
    out.unsupported(at, toGoStrategy(strategy), ['RollingUpdate', 'OnDelete']);
    return;
  }

  const { maxUnavailable, maxSurge } = rollingUpdate ?? {};

  const [unavailable, surge] = [
    `${at}.rollingUpdate.maxUnavailable`,
    `${at}.rollingUpdate.maxSurge`,
  ];

  validateIntOrPercent(maxUnavailable, unavailable, out);
  validateIntOrPercent(maxSurge, surge, out);
  validateAtMostWhole(maxUnavailable, unavailable, out);
  validateAtMostWhole(maxSurge, surge, out);

  const has = amountOf(maxUnavailable) !== 0;
  if (has && amountOf(maxSurge) !== 0) {
    out.invalid(surge, maxSurge, 'may not be set when maxUnavailable is non-zero');
  } else if (!has && amountOf(maxSurge) === 0) {
    out.required(unavailable, 'cannot be 0 when maxSurge is 0');
  }
}

const daemonSet: Validator = ({ spec = {} }, old, out) => {
  const { selector, template = {} } = spec;

  if (old) {
    out.immutable('spec.selector', selector, old.spec?.selector);
  }

  const before = out.list.length;

  validateLabelSelector(selector, 'spec.selector', out);

  if (out.list.length === before) {
    validateTemplateLabels(spec, out);
  }

  if (
    selector &&
    !Object.keys(selector.matchLabels ?? {}).length &&
    !selector.matchExpressions?.length
  ) {
    out.invalid('spec.selector', selector, 'empty selector is invalid for daemonset');
  }

  validatePodTemplate(template, 'spec.template', out);
  validateEndless(template, 'spec.template', 'DaemonSet', out);
  out.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  validateDaemonStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy', out);
  out.notNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit);
};

function validateStatefulStrategy(strategy: Fields, at: string, out: Causes): void {
  const { type = '', rollingUpdate } = strategy;
  if (type === '') {
    out.required(at);
    return;
  }

  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) {
      return;
    }

    const shown = {
      Partition: rollingUpdate.partition ?? 0,
      MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
    };

    out.invalid(`${at}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'");

    return;
  }

  if (type !== 'RollingUpdate') {
    out.invalid(at, toGoStrategy(strategy), "must be 'RollingUpdate' or 'OnDelete'");
    return;
  }

  out.notNegative(`${at}.rollingUpdate.partition`, rollingUpdate?.partition);

  const { maxUnavailable } = rollingUpdate ?? {};
  if (maxUnavailable === undefined) {
    return;
  }

  const field = `${at}.rollingUpdate.maxUnavailable`;
  validateIntOrPercent(maxUnavailable, field, out);

  if (amountOf(maxUnavailable) === 0) {
    out.invalid(field, maxUnavailable, 'cannot be 0');
  }

  validateAtMostWhole(maxUnavailable, field, out);
}

function validateStatefulTemplate(spec: Fields, out: Causes): void {
  const template = structuredClone(spec.template ?? {});
  const claims: string[] = (spec.volumeClaimTemplates ?? []).map(
    (claim: Fields) => claim.metadata?.name ?? '',
  );

  if (template.spec) {
    delete template.spec.subdomain;
    delete template.spec.hostname;
    template.spec.volumes = template.spec.volumes?.filter(
      ({ name }: Fields) => !claims.includes(name),
    );
  }

  validateUnlessSelectorIsEmpty(spec, out);
  validatePodTemplate(template, 'spec.template', out, claims);
  out.labels('spec.template.labels', template.metadata?.labels);
}

const mutable = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

function pickImmutableFields(spec: Fields): Fields {
  const rest = Object.entries(spec).filter(([key]) => !mutable.includes(key));
  return JSON.parse(JSON.stringify(Object.fromEntries(rest)));
}

const statefulSet: Validator = ({ spec = {} }, old, out) => {
  const {
    podManagementPolicy: policy = '',
    template = {},
    persistentVolumeClaimRetentionPolicy: retention,
  } = spec;

  if (policy === '') {
    out.required('spec.podManagementPolicy');
  } else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    out.invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'");
  }

  validateStatefulStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy', out);

  for (const name of retention ? ['whenDeleted', 'whenScaled'] : []) {
    out.supported(`spec.persistentVolumeClaimRetentionPolicy.${name}`, retention[name], [
      'Retain',
      'Delete',
    ]);
  }

  if (!old) {
    each(spec.volumeClaimTemplates, 'spec.volumeClaimTemplates', (claim, path) =>
      validateClaimSpec(claim.spec ?? {}, `${path}.spec`, out),
    );
  }

  out.notNegative('spec.replicas', spec.replicas);
  out.notNegative('spec.minReadySeconds', spec.minReadySeconds);
  out.notNegative('spec.ordinals.start', spec.ordinals?.start);

  if (!old && spec.serviceName) {
    out.dnsLabel('spec.serviceName', spec.serviceName);
  }
  if (validateSelector(spec, 'statefulset', '', out)) {
    validateStatefulTemplate(spec, out);
  }

  validateEndless(template, 'spec.template', 'StatefulSet', out);

  if (old && !equalJson(pickImmutableFields(spec), pickImmutableFields(old.spec ?? {}))) {
    const names = mutable.map((name) => `'${name}'`);
    const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    out.forbidden(
      'spec',
      `updates to statefulset spec for fields other than ${list} are forbidden`,
    );
  }
};

const controllerRevision: Validator = (object, old, out) => {
  out.notNegative('revision', object.revision);

  if (old) {
    out.immutable('data', object.data, old.data);
  } else if (object.data === undefined || object.data === null) {
    out.required('data', 'data is mandatory');
  }
};

const replicationController: Validator = ({ spec = {} }, _old, out) => {
  const { selector = {}, template } = spec;

  out.notNegative('spec.minReadySeconds', spec.minReadySeconds);

  const isEmpty = Object.keys(selector).length === 0;
  if (isEmpty) {
    out.required('spec.selector');
  }

  out.notNegative('spec.replicas', spec.replicas);

  if (template === undefined) {
    return out.required('spec.template');
  }

  const labels = template.metadata?.labels ?? {};
  if (!isEmpty && Object.entries(selector).some(([key, value]) => labels[key] !== value)) {
    const why = '`selector` does not match template `labels`';
    out.invalid('spec.template.metadata.labels', template.metadata?.labels ?? null, why);
  }

  validatePodTemplate(template, 'spec.template', out);
  validateEndless(template, 'spec.template', 'ReplicationController', out);
};

/** Rules of the kinds of apps, by `group/Kind`. */
export const appRules: Readonly<Record<string, Validator>> = {
  'apps/Deployment': deployment,
  'apps/ReplicaSet': replicaSet,
  'apps/DaemonSet': daemonSet,
  'apps/StatefulSet': statefulSet,
  'apps/ControllerRevision': controllerRevision,
  '/ReplicationController': replicationController,
  '/PodTemplate': ({ template = {} }, _old, out) => validatePodTemplate(template, 'template', out),
};
