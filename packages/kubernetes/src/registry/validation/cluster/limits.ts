import { parseQuantity, quantityToNumber } from '@ks-apiserver/apimachinery/quantity/quantity';
import { qualifiedNameErrors } from '@ks-apiserver/apimachinery/validation/names';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, compareAmounts, each } from '../causes.ts';
import {
  isOvercommittable,
  validateAmount,
  validateContainerResourceName,
  validateQuotaResourceName,
  validateResourceName,
} from '../resources.ts';
import type { Validator } from '../validator.ts';

function validateLimitType(type: string, at: string, out: Causes): void {
  const errors = qualifiedNameErrors(type);
  out.each(at, type, errors);

  if (
    errors.length > 0 ||
    type.includes('/') ||
    ['Pod', 'Container', 'PersistentVolumeClaim'].includes(type)
  ) {
    return;
  }

  out.invalid(at, type, 'must be a standard limit type or fully qualified');
}

/** Validates the amounts of one resource against each other. */
function validateAmounts(item: Fields, name: string, at: string, out: Causes): void {
  const {
    min,
    max,
    default: limit,
    defaultRequest: request,
    maxLimitRequestRatio: ratio,
  } = Object.fromEntries(
    ['min', 'max', 'default', 'defaultRequest', 'maxLimitRequestRatio'].map((field) => [
      field,
      item[field]?.[name],
    ]),
  );

  const above = (a: unknown, b: unknown) =>
    a !== undefined && b !== undefined && compareAmounts(a, b) > 0;

  const [mins, requests, limits] = [
    `${at}.min[${name}]`,
    `${at}.defaultRequest[${name}]`,
    `${at}.default[${name}]`,
  ];

  if (above(min, max)) {
    out.invalid(mins, min, `min value ${min} is greater than max value ${max}`);
  }

  if (above(min, request)) {
    out.invalid(
      requests,
      request,
      `min value ${min} is greater than default request value ${request}`,
    );
  }

  if (above(request, max)) {
    out.invalid(
      requests,
      request,
      `default request value ${request} is greater than max value ${max}`,
    );
  }

  if (above(request, limit)) {
    out.invalid(
      requests,
      request,
      `default request value ${request} is greater than default limit value ${limit}`,
    );
  }

  if (above(min, limit)) {
    out.invalid(limits, min, `min value ${min} is greater than default value ${limit}`);
  }
  if (above(limit, max)) {
    out.invalid(limits, max, `default value ${limit} is greater than max value ${max}`);
  }

  const field = `${at}.maxLimitRequestRatio[${name}]`;

  if (ratio !== undefined && compareAmounts(ratio, 1) < 0) {
    out.invalid(field, ratio, `ratio ${ratio} is less than 1`);
  }

  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const numberOf = (amount: unknown) => quantityToNumber(parseQuantity(String(amount)));
    const quotient = numberOf(max) / numberOf(min);
    if (numberOf(ratio) > quotient) {
      out.invalid(field, ratio, `ratio ${ratio} is greater than max/min = ${quotient.toFixed(6)}`);
    }
  }

  if (isOvercommittable(name) || limit === undefined || request === undefined) {
    return;
  }
  if (compareAmounts(limit, request) === 0) {
    return;
  }

  out.invalid(
    requests,
    request,
    `default value ${limit} must equal to defaultRequest value ${request} in ${name}`,
  );
}

/** LimitRanges. */
export const limitRanges: Validator = ({ spec = {} }, _old, out) => {
  const types = new Set<string>();
  each(spec.limits, 'spec.limits', (item, path) => {
    const { type = '' } = item;
    validateLimitType(type, `${path}.type`, out);

    if (types.has(type)) {
      out.duplicate(`${path}.type`, type);
    }

    types.add(type);

    const names = new Set<string>();

    const check = (field: string) => {
      for (const name of Object.keys(item[field] ?? {})) {
        const rule =
          type === 'Pod' || type === 'Container'
            ? validateContainerResourceName
            : validateResourceName;

        rule(name, `${path}.${field}[${name}]`, out);
        names.add(name);
      }
    };

    check('max');
    check('min');

    for (const field of ['default', 'defaultRequest']) {
      if (type !== 'Pod') {
        check(field);
      } else if (Object.keys(item[field] ?? {}).length > 0) {
        out.forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'");
      }
    }

    if (
      type === 'PersistentVolumeClaim' &&
      item.min?.storage === undefined &&
      item.max?.storage === undefined
    ) {
      const why = 'either minimum or maximum storage value is required, but neither was provided';
      out.required(`${path}.limits`, why);
    }

    check('maxLimitRequestRatio');

    for (const name of names) {
      validateAmounts(
        type === 'Pod' ? { ...item, default: {}, defaultRequest: {} } : item,
        name,
        path,
        out,
      );
    }
  });
};

const ofPods = [
  'Terminating',
  'NotTerminating',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
];

const ofClaims = 'VolumeAttributesClass';
const scopes = [...ofPods, 'BestEffort', ofClaims];

const podResources = [
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
];

/** Whether a scope applies to a standard resource. */
function scopeApplies(scope: string, resource: string): boolean {
  if (ofPods.includes(scope)) {
    return podResources.includes(resource);
  }
  if (scope === 'BestEffort') {
    return resource === 'pods';
  }

  return scope !== ofClaims || ['persistentvolumeclaims', 'requests.storage'].includes(resource);
}

const isStandard = (name: string) => !name.includes('/');

function validateConflicting(
  names: readonly string[],
  shown: unknown,
  at: string,
  out: Causes,
): void {
  for (const pair of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ]) {
    if (pair.every((name) => names.includes(name))) {
      out.invalid(at, shown, 'conflicting scopes');
    }
  }
}

function validateScopeSelector(spec: Fields, at: string, out: Causes): void {
  const expressions: Fields[] = spec.scopeSelector?.matchExpressions ?? [];
  const resources = Object.keys(spec.hard ?? {}).sort();

  const existing = new Set([
    'BestEffort',
    'NotBestEffort',
    'Terminating',
    'NotTerminating',
    'CrossNamespacePodAffinity',
  ]);

  for (const { scopeName = '', operator = '', values = [] } of expressions) {
    if (!scopes.includes(scopeName)) {
      out.invalid(`${at}.scopeName`, scopeName, 'unsupported scope');
    }

    for (const resource of resources) {
      if (isStandard(resource) && !scopeApplies(scopeName, resource)) {
        const shown = {
          MatchExpressions: expressions.map((one) => ({
            ScopeName: one.scopeName,
            Operator: one.operator,
            Values: one.values ?? null,
          })),
        };

        out.invalid(at, shown, 'unsupported scope applied to resource');
      }
    }

    if (existing.has(scopeName) && operator !== 'Exists') {
      const list =
        'ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
      out.invalid(`${at}.operator`, operator, `must be 'Exists' when scope is any of ${list}`);
    }

    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) {
        const why =
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
        out.required(`${at}.values`, why);
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) {
        const why =
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
        out.invalid(`${at}.values`, values, why);
      }
    } else {
      out.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    }
  }

  validateConflicting(
    expressions.map(({ scopeName }) => scopeName),
    spec.scopes ?? null,
    at,
    out,
  );
}

/** ResourceQuotas. */
export const resourceQuotas: Validator = ({ spec = {} }, old, out) => {
  const { hard = {}, scopes: wished = [] } = spec;
  for (const [name, amount] of Object.entries(hard)) {
    const field = `spec.hard[${name}]`;
    validateQuotaResourceName(name, field, out);
    validateAmount(name, amount, field, out);
  }

  for (const scope of wished) {
    if (!scopes.includes(scope)) {
      out.invalid('spec.scopes', wished, 'unsupported scope');
    }

    for (const resource of Object.keys(hard).sort()) {
      if (isStandard(resource) && !scopeApplies(scope, resource)) {
        out.invalid('spec.scopes', wished, 'unsupported scope applied to resource');
      }
    }
  }

  validateConflicting(wished, wished, 'spec.scopes', out);

  if (spec.scopeSelector) {
    validateScopeSelector(spec, 'spec.scopeSelector.matchExpressions', out);
  }
  if (!old) {
    return;
  }

  const before: string[] = old.spec?.scopes ?? [];
  if (
    new Set([...before, ...wished]).size !== new Set(before).size ||
    new Set(wished).size !== new Set(before).size
  ) {
    out.invalid('spec.scopes', spec.scopes ?? null, 'field is immutable');
  }
};
