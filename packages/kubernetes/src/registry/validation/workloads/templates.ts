import { labelSelectorFrom } from '@ks-apiserver/apimachinery/selectors/labels';
import { percentErrors } from '@ks-apiserver/apimachinery/validation/values';
import type { Fields } from '../../resources/defaults/types.ts';
import { type Causes, sortedMap } from '../causes.ts';
import { validatePodTemplate } from '../pods/pod.ts';
import { validateLabelSelector } from '../selectors.ts';

const isEmpty = (selector: Fields) =>
  Object.keys(selector.matchLabels ?? {}).length === 0 &&
  (selector.matchExpressions ?? []).length === 0;

/** Validates a workload's selector; returns whether templates can be matched against it. */
export function validateSelector(
  spec: Fields,
  kind: string,
  invalid: string,
  out: Causes,
): boolean {
  const { selector } = spec;
  if (selector === undefined) {
    out.required('spec.selector');
    return true;
  }

  const found = out.part((part) => validateLabelSelector(selector, 'spec.selector', part));

  if (isEmpty(selector)) {
    out.invalid('spec.selector', selector, `empty selector is invalid for ${kind}`);
  }
  if (found === 0) {
    return true;
  }

  out.invalid('spec.selector', selector, invalid);

  return false;
}

/** Requires a template's labels to match the selector, unless that is empty. */
export function validateUnlessSelectorIsEmpty(spec: Fields, out: Causes): void {
  if (spec.selector === undefined || !isEmpty(spec.selector)) {
    validateTemplateLabels(spec, out);
  }
}

/** Requires a template's labels to match the selector. */
export function validateTemplateLabels(spec: Fields, out: Causes): void {
  const { selector } = spec;
  const labels = spec.template?.metadata?.labels;

  if (selector !== undefined && labelSelectorFrom(selector).matches(labels)) {
    return;
  }

  out.invalid(
    'spec.template.metadata.labels',
    sortedMap(labels) ?? null,
    '`selector` does not match template `labels`',
  );
}

/** Long-running pods must always be restarted and have no deadline. */
export function validateEndless(template: Fields, at: string, kind: string, out: Causes): void {
  const { restartPolicy = '', activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== 'Always') {
    out.unsupported(`${at}.spec.restartPolicy`, restartPolicy, ['Always']);
  }

  if (activeDeadlineSeconds !== undefined) {
    out.forbidden(
      `${at}.spec.activeDeadlineSeconds`,
      `activeDeadlineSeconds in ${kind} is not Supported`,
    );
  }
}

/** The template of a workload with long-running pods. */
export function validateReplicatedTemplate(spec: Fields, out: Causes): void {
  const { template = {} } = spec;
  validateUnlessSelectorIsEmpty(spec, out);
  validatePodTemplate(template, 'spec.template', out);
  validateEndless(template, 'spec.template', 'ReplicaSet', out);
}

/** A number of pods or a percentage of them. */
export function validateIntOrPercent(value: Fields[string], at: string, out: Causes): void {
  if (typeof value === 'string') {
    out.each(at, value, percentErrors(value));
  } else {
    out.notNegative(at, value);
  }
}

/** A percentage of at most 100%. */
export function validateAtMostWhole(value: unknown, at: string, out: Causes): void {
  if (percentOf(value) > 100) {
    out.invalid(at, value, 'must not be greater than 100%');
  }
}

function percentOf(value: unknown): number {
  return typeof value === 'string' && percentErrors(value).length === 0
    ? Number.parseInt(value, 10)
    : 0;
}

/** The number in a number or percentage; 0 for other values. */
export function amountOf(value: unknown): number {
  return typeof value === 'number'
    ? value
    : percentOf(value) || Number.parseInt(String(value), 10) || 0;
}
