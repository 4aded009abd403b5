import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  duplicate,
  invalidValue,
  notSupported,
  required,
} from '@ks-apiserver/apimachinery/validation/field';
import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
  qualifiedNameErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import type { Environment } from '@marcbachmann/cel-js';
import { Causes, repetition } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/selectors.ts';
import { clientConfigCauses } from '../../webhook-client/validate-client-config.ts';
import { conditionError } from './match-conditions.ts';

// biome-ignore lint/suspicious/noExplicitAny: the fields are those of the API, and may be missing.
type Fields = any;

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const MAX_CONDITIONS = 64;

function oneOf(field: string, value: unknown, allowed: readonly string[]): StatusCause[] {
  return value === undefined || allowed.includes(String(value))
    ? []
    : [notSupported(field, value, allowed)];
}

function qualifiedName(field: string, name: string | undefined): StatusCause[] {
  if (!name) {
    return [required(field)];
  }

  const errors = dnsSubdomainErrors(name);
  if (errors.length > 0) {
    return errors.map((error) => invalidValue(field, name, error));
  }
  if (name.split('.').length >= 3) {
    return [];
  }

  return [
    invalidValue(field, name, 'should be a domain with at least three segments separated by dots'),
  ];
}

function resources(field: string, items: readonly string[] = []): StatusCause[] {
  if (items.length === 0) {
    return [required(field)];
  }

  const causes: StatusCause[] = [];
  const wholeResources = new Set<string>();
  const wholeSubresources = new Set<string>();
  let plain = false;

  for (const [index, item] of items.entries()) {
    const at = `${field}[${index}]`;

    if (item === '') {
      causes.push(required(at));
      continue;
    }

    const [resource = '', sub] = item.split(/\/(.*)/s);
    if (sub === undefined) {
      plain = item !== '*';
      continue;
    }

    if (wholeResources.has(resource)) {
      causes.push(
        invalidValue(at, item, `if '${resource}/*' is present, must not specify ${item}`),
      );
    }

    if (wholeSubresources.has(sub)) {
      causes.push(invalidValue(at, item, `if '*/${sub}' is present, must not specify ${item}`));
    }
    if (sub === '*') {
      wholeResources.add(resource);
    }
    if (resource === '*') {
      wholeSubresources.add(sub);
    }
  }

  if (items.length > 1 && items.includes('*/*')) {
    causes.push(
      invalidValue(field, items, "if '*/*' is present, must not specify other resources"),
    );
  }

  if (items.includes('*') && plain) {
    causes.push(
      invalidValue(
        field,
        items,
        "if '*' is present, must not specify other resources without subresources",
      ),
    );
  }

  return causes;
}

function wildcards(field: string, items: readonly string[] = [], what: string): StatusCause[] {
  if (items.length === 0) {
    return [required(field)];
  }
  if (items.length === 1 || !items.includes('*')) {
    return [];
  }

  return [invalidValue(field, items, `if '*' is present, must not specify other ${what}`)];
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** What is wrong with a rule of a webhook. */
export function ruleCauses(field: string, rule: Fields): StatusCause[] {
  const operations: string[] = rule.operations ?? [];
  const causes = wildcards(`${field}.operations`, operations, 'operations');

  operations.forEach((operation, index) => {
    causes.push(...oneOf(`${field}.operations[${index}]`, operation, OPERATIONS));
  });
  causes.push(...wildcards(`${field}.apiGroups`, rule.apiGroups, 'API groups'));
  causes.push(...wildcards(`${field}.apiVersions`, rule.apiVersions, 'API versions'));

  (rule.apiVersions ?? []).forEach((version: string, index: number) => {
    if (version === '') {
      causes.push(required(`${field}.apiVersions[${index}]`));
    }
  });

  causes.push(...resources(`${field}.resources`, rule.resources));

  return [...causes, ...oneOf(`${field}.scope`, rule.scope, ['*', 'Cluster', 'Namespaced'])];
}

function selectorCauses(field: string, selector: Fields): StatusCause[] {
  const out = new Causes();
  out.collect(() => validateLabelSelector(selector, field, out));
  return out.list;
}

/**
 * What is wrong with match conditions, in the environment of webhooks' conditions or in another
 * one.
 */
export function conditionCauses(
  field: string,
  conditions: readonly Fields[] = [],
  environment?: Environment,
): StatusCause[] {
  if (conditions.length > MAX_CONDITIONS) {
    const message = `Too many: ${conditions.length}: must have at most ${MAX_CONDITIONS} items`;
    return [{ reason: 'FieldValueTooMany', message, field }];
  }

  const names = new Set<string>();

  return conditions.flatMap(({ name, expression = '' }, index) => {
    const at = `${field}[${index}]`;
    const causes: StatusCause[] = [];

    if (expression.trim() === '') {
      causes.push(required(`${at}.expression`));
    } else {
      const error = conditionError(expression.trim(), environment);
      if (error) {
        causes.push(invalidValue(`${at}.expression`, expression.trim(), error));
      }
    }

    if (!name) {
      causes.push(required(`${at}.name`));
    } else {
      for (const error of qualifiedNameErrors(name)) {
        causes.push(invalidValue(`${at}.name`, name, error));
      }

      if (names.has(name)) {
        causes.push(duplicate(`${at}.name`, name));
      }

      names.add(name);
    }

    return causes;
  });
}

function versionCauses(field: string, versions: readonly string[] = []): StatusCause[] {
  if (versions.length === 0) {
    return [required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  }

  const isRepeated = repetition();

  const causes = versions.flatMap((version, index) => {
    const at = `${field}[${index}]`;

    if (isRepeated(version)) {
      return [invalidValue(at, version, 'duplicate version')];
    }

    return dns1035LabelErrors(version).map((error) => invalidValue(at, version, error));
  });

  if (versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    return causes;
  }

  return [
    ...causes,
    invalidValue(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`),
  ];
}

function hookCauses(hook: Fields, field: string): StatusCause[] {
  const { timeoutSeconds, sideEffects } = hook;
  const late = timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1);

  return [
    ...qualifiedName(`${field}.name`, hook.name),
    ...(hook.rules ?? []).flatMap((rule: Fields, index: number) =>
      ruleCauses(`${field}.rules[${index}]`, rule),
    ),
    ...oneOf(`${field}.failurePolicy`, hook.failurePolicy, ['Fail', 'Ignore']),
    ...oneOf(`${field}.matchPolicy`, hook.matchPolicy, ['Equivalent', 'Exact']),
    ...(sideEffects === undefined
      ? [required(`${field}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : oneOf(`${field}.sideEffects`, sideEffects, ['None', 'NoneOnDryRun'])),
    ...(late
      ? [
          invalidValue(
            `${field}.timeoutSeconds`,
            timeoutSeconds,
            'the timeout value must be between 1 and 30 seconds',
          ),
        ]
      : []),
    ...selectorCauses(`${field}.namespaceSelector`, hook.namespaceSelector),
    ...selectorCauses(`${field}.objectSelector`, hook.objectSelector),
    ...oneOf(`${field}.reinvocationPolicy`, hook.reinvocationPolicy, ['IfNeeded', 'Never']),
    ...clientConfigCauses(hook.clientConfig ?? {}, `${field}.clientConfig`),
    ...conditionCauses(`${field}.matchConditions`, hook.matchConditions),
    ...versionCauses(`${field}.admissionReviewVersions`, hook.admissionReviewVersions),
  ];
}

/**
 * What is wrong with a MutatingWebhookConfiguration or ValidatingWebhookConfiguration, in
 * kube-apiserver's words.
 */
export function validateConfiguration(configuration: KubeObject): StatusCause[] {
  const names = new Set<string>();

  return (configuration.webhooks ?? []).flatMap((hook: Fields, index: number) => {
    const field = `webhooks[${index}]`;
    const again = hook.name && names.has(hook.name);
    names.add(hook.name);
    return [...hookCauses(hook, field), ...(again ? [duplicate(`${field}.name`, hook.name)] : [])];
  });
}
