import { pathSegmentErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, compareAmounts, each } from '../causes.ts';
import { validateLabelSelector } from '../selectors.ts';
import type { Validator } from '../validator.ts';
import { validateAtMostWhole, validateIntOrPercent } from '../workloads/templates.ts';

/** A reference to an object, whose apiVersion may leave out the group. */
function validateReference(ref: Fields, at: string, out: Causes): void {
  for (const field of ['kind', 'name']) {
    const value: string = ref[field] ?? '';
    if (value === '') {
      out.required(`${at}.${field}`);
    } else {
      out.each(`${at}.${field}`, value, pathSegmentErrors(value));
    }
  }

  const { apiVersion = '' } = ref;
  const slashes = apiVersion.split('/').length - 1;
  if (slashes > 1) {
    out.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  }
}

/** A reference to an object of a group that is named. */
function validateGroupedReference(ref: Fields, at: string, out: Causes): void {
  validateReference(ref, at, out);

  const { apiVersion = '' } = ref;
  if (!apiVersion.includes('/')) {
    out.invalid(`${at}.apiVersion`, apiVersion, 'apiVersion must specify API group');
  }
}

function validateIdentifier(metric: Fields | undefined, at: string, out: Causes): void {
  const { name = '' } = metric ?? {};
  if (name === '') {
    out.required(`${at}.name`, 'must specify a metric name');
  } else {
    out.each(`${at}.name`, name, pathSegmentErrors(name));
  }
}

function target(value: Fields, at: string, out: Causes): void {
  const { type = '', averageUtilization: utilization } = value;
  if (type === '') {
    out.required(`${at}.type`, 'must specify a metric target type');
  }
  if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    out.invalid(`${at}.type`, type, 'must be either Utilization, Value, or AverageValue');
  }

  for (const field of ['value', 'averageValue']) {
    if (value[field] !== undefined && compareAmounts(value[field], 0) <= 0) {
      out.invalid(`${at}.${field}`, value[field], 'must be positive');
    }
  }

  if (utilization !== undefined && utilization < 1) {
    out.invalid(`${at}.averageUtilization`, utilization, 'must be greater than 0');
  }
}

function validateMetricSource(kind: string, source: Fields, at: string, out: Causes): void {
  const { target: goal = {} } = source;
  const { value, averageValue, averageUtilization } = goal;
  const field = `${at}.target`;

  if (kind === 'resource' || kind === 'containerResource') {
    if (!source.name) {
      out.required(`${at}.name`, 'must specify a resource name');
    }
    if (kind === 'containerResource' && !source.container) {
      out.required(`${at}.container`, 'must specify a container');
    }

    target(goal, field, out);

    if (averageUtilization === undefined && averageValue === undefined) {
      out.required(
        `${field}.averageUtilization`,
        'must set either a target raw value or a target utilization',
      );
    }

    if (averageUtilization !== undefined && averageValue !== undefined) {
      out.forbidden(
        `${field}.averageValue`,
        'may not set both a target raw value and a target utilization',
      );
    }

    return;
  }

  if (kind === 'object') {
    validateReference(source.describedObject ?? {}, `${at}.describedObject`, out);
  }

  validateIdentifier(source.metric, `${at}.metric`, out);
  target(goal, field, out);

  if (kind === 'pods') {
    if (averageValue === undefined || compareAmounts(averageValue, 0) <= 0) {
      out.required(`${field}.averageValue`, 'must specify a positive target averageValue');
    }
    return;
  }

  if (value === undefined && averageValue === undefined) {
    const each =
      kind === 'object' ? 'value or averageValue' : 'value for metric or a per-pod target';
    out.required(`${field}.averageValue`, `must set either a target ${each}`);
  }

  if (kind === 'external' && value !== undefined && averageValue !== undefined) {
    out.forbidden(
      `${field}.value`,
      'may not set both a target value for metric and a per-pod target',
    );
  }
}

const sources = ['object', 'external', 'pods', 'resource', 'containerResource'];
const types = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];

function validateMetric(spec: Fields, at: string, out: Causes): void {
  const { type = '' } = spec;
  if (type === '') {
    out.required(`${at}.type`, 'must specify a metric source type');
  }

  out.supported(`${at}.type`, type, types);

  const present = sources.filter((name) => spec[name] !== undefined);
  const [first] = present;
  if (first !== undefined) {
    validateMetricSource(first, spec[first], `${at}.${first}`, out);
  }

  const expected = types.includes(type) ? type[0].toLowerCase() + type.slice(1) : undefined;
  if (expected === undefined) {
    out.unsupported(`${at}.type`, type, types);
  } else if (spec[expected] === undefined) {
    out.required(`${at}.${expected}`, 'must populate information for the given metric source');
  }

  if (present.length === 1) {
    return;
  }

  for (const name of present) {
    if (name !== expected) {
      out.forbidden(`${at}.${name}`, 'must populate the given metric source only');
    }
  }
}

function validateScalingRules(rules: Fields | undefined, at: string, out: Causes): void {
  if (rules === undefined) {
    return;
  }

  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  if (window < 0) {
    out.invalid(
      `${at}.stabilizationWindowSeconds`,
      window,
      'must be greater than or equal to zero',
    );
  }

  if (window > 3600) {
    out.invalid(`${at}.stabilizationWindowSeconds`, window, 'must be less than or equal to 3600');
  }
  if (selectPolicy !== undefined) {
    out.supported(`${at}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']);
  }
  if (policies.length === 0) {
    out.required(`${at}.policies`, 'must specify at least one Policy');
  }

  each<Fields>(policies, `${at}.policies`, ({ type, value = 0, periodSeconds = 0 }, path) => {
    out.supported(`${path}.type`, type, ['Percent', 'Pods']);
    out.positive(`${path}.value`, value);
    out.positive(`${path}.periodSeconds`, periodSeconds);

    if (periodSeconds > 1800) {
      out.invalid(`${path}.periodSeconds`, periodSeconds, 'must be less than or equal to 1800');
    }
  });

  if (tolerance !== undefined && compareAmounts(tolerance, 0) < 0) {
    out.invalid(`${at}.tolerance`, tolerance, 'must be greater than or equal to 0');
  }
}

const scaler: Validator = ({ spec = {} }, old, out) => {
  const { maxReplicas = 0, minReplicas, scaleTargetRef = {}, metrics, behavior } = spec;
  if (minReplicas < 1) {
    out.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1');
  }

  if (maxReplicas === 0) {
    out.required('spec.maxReplicas', 'must be set and greater than 0');
  } else if (maxReplicas < 0) {
    out.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1');
  }

  if (maxReplicas < minReplicas) {
    out.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`');
  }

  const before: string | undefined = old && (old.spec?.scaleTargetRef?.apiVersion ?? '');
  const isGrouped = before === undefined || before.includes('/');
  const validateTarget = isGrouped ? validateGroupedReference : validateReference;
  validateTarget(scaleTargetRef, 'spec.scaleTargetRef', out);

  each<Fields>(metrics, 'spec.metrics', (one, path) => validateMetric(one, path, out));

  if (
    minReplicas === 0 &&
    !metrics?.some(({ type }: Fields) => type === 'Object' || type === 'External')
  ) {
    const why =
      'must specify at least one Object or External metric to support scaling to zero replicas';
    out.forbidden('spec.metrics', why);
  }

  // autoscaling/v1 has one metric, which is validated as the metric of v2 that it becomes.
  const { targetCPUUtilizationPercentage: cpu } = spec;
  if (cpu < 1) {
    out.invalid(
      'spec.metrics[0].resource.target.averageUtilization',
      cpu,
      'must be greater than 0',
    );
  }

  for (const name of ['scaleUp', 'scaleDown']) {
    validateScalingRules(behavior?.[name], `spec.behavior.${name}`, out);
  }
};

const budget: Validator = ({ spec = {} }, _old, out) => {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: policy ?? null,
    };

    out.invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set');
  }

  for (const name of ['minAvailable', 'maxUnavailable']) {
    if (spec[name] === undefined) {
      continue;
    }

    validateIntOrPercent(spec[name], `spec.${name}`, out);
    validateAtMostWhole(spec[name], `spec.${name}`, out);
  }

  validateLabelSelector(selector, 'spec.selector', out);

  if (policy !== undefined) {
    out.supported('spec.unhealthyPodEvictionPolicy', policy, ['AlwaysAllow', 'IfHealthyBudget']);
  }
};

/** Rules of autoscaling and policy, by `group/Kind`. */
export const scalingRulesOf: Readonly<Record<string, Validator>> = {
  'autoscaling/HorizontalPodAutoscaler': scaler,
  'policy/PodDisruptionBudget': budget,
};
