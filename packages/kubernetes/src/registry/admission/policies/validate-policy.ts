import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import {
  dns1035LabelErrors,
  dnsSubdomainErrors,
  pathSegmentErrors,
} from '@ks-apiserver/apimachinery/validation/names';
import type { Environment } from '@marcbachmann/cel-js';
import { compileError } from '../../extensions/cel/errors.ts';
import { checkExpression } from '../../extensions/cel/expression.ts';
import { isReservedWord } from '../../extensions/cel/values.ts';
import type { Fields } from '../../resources/defaults/types.ts';
import { Causes, each, repetition } from '../../validation/causes.ts';
import { validateLabelSelector } from '../../validation/selectors.ts';
import { conditionCauses, ruleCauses } from '../webhooks/validate-configuration.ts';
import { policyEnvironment } from './expressions.ts';

const MAX_ANNOTATIONS = 20;
const MAX_ANNOTATION_EXPRESSION = 5 * 1024;
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

function addAll(causes: readonly StatusCause[], out: Causes): void {
  for (const cause of causes) {
    out.add(cause);
  }
}

function validateMatchResources(given: Fields, at: string, out: Causes): void {
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules, excludeResourceRules } =
    given;
  if (matchPolicy === undefined) {
    out.required(`${at}.matchPolicy`);
  } else {
    out.supported(`${at}.matchPolicy`, matchPolicy, ['Equivalent', 'Exact']);
  }

  validateLabelSelector(namespaceSelector, `${at}.namespaceSelector`, out);
  validateLabelSelector(objectSelector, `${at}.objectSelector`, out);

  for (const [name, rules] of Object.entries({ resourceRules, excludeResourceRules })) {
    each<Fields>(rules, `${at}.${name}`, (rule, path) => {
      const isRepeated = repetition();
      each<string>(rule.resourceNames, `${path}.resourceNames`, (item, place) => {
        out.each(place, item, pathSegmentErrors(item));
        if (isRepeated(item)) {
          out.duplicate(place, item);
        }
      });

      addAll(ruleCauses(path, rule), out);
    });
  }
}

function validateParamKind({ apiVersion = '', kind = '' }: Fields, at: string, out: Causes): void {
  const field = `${at}.apiVersion`;
  const parts = apiVersion.split('/');
  const [version, group = ''] = parts.toReversed();

  if (apiVersion === '') {
    out.required(field);
  } else if (parts.length > 2) {
    out.invalid(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  } else {
    const faults = group === '' ? [] : dnsSubdomainErrors(group);
    if (faults.length > 0) {
      out.invalid(field, group, faults.join(','));
    }

    const errors = dns1035LabelErrors(version);

    if (version === '') {
      out.invalid(field, apiVersion, 'version must be specified');
    } else if (errors.length > 0) {
      out.invalid(field, version, errors.join(','));
    }
  }

  const errors = dns1035LabelErrors(kind.toLowerCase());

  if (kind === '') {
    out.required(`${at}.kind`);
  } else if (errors.length > 0) {
    out.invalid(
      `${at}.kind`,
      kind,
      `may have mixed case, but should otherwise match: ${errors.join(',')}`,
    );
  }
}

/** Why an expression is not of one of the wanted types; undefined when it is. */
function expressionError(
  environment: Environment,
  expression: string,
  wanted: string,
  types: string[],
) {
  const checked = checkExpression(environment, expression);
  if (!checked.valid) {
    return `compilation failed: ${compileError(expression, checked.error)}`;
  }

  const fits = checked.type.startsWith('dyn') || types.includes(checked.type);

  return fits ? undefined : `must evaluate to ${wanted} but got ${checked.type}`;
}

function validateVariables(list: readonly Fields[], environment: Environment, out: Causes): void {
  each<Fields>(list, 'spec.variables', ({ name = '', expression = '' }, path) => {
    if (name.trim() === '') {
      out.required(`${path}.name`, 'name is not specified');
    } else if (!/^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) || isReservedWord(name)) {
      out.invalid(`${path}.name`, name, 'must be a valid CEL identifier');
    }

    if (expression.trim() === '') {
      out.required(`${path}.expression`, 'expression is not specified');
      return;
    }

    const checked = checkExpression(environment, expression);
    if (checked.valid) {
      return;
    }

    const why = `compilation failed: ${compileError(expression, checked.error)}`;
    out.invalid(`${path}.expression`, expression, why);
  });
}

function validateValidation(
  given: Fields,
  environment: Environment,
  at: string,
  out: Causes,
): void {
  const { expression = '', message = '', messageExpression: text = '', reason } = given;

  const tell = (field: string, of: string, why: string | undefined) => {
    if (why) {
      out.invalid(`${at}.${field}`, of, why);
    }
  };

  if (expression.trim() === '') {
    out.required(`${at}.expression`, 'expression is not specified');
  } else {
    tell('expression', expression, expressionError(environment, expression, 'bool', ['bool']));
  }

  if (text !== '' && text.trim() === '') {
    tell('messageExpression', text, 'must be non-empty if specified');
  } else if (text !== '') {
    tell('messageExpression', text, expressionError(environment, text, 'string', ['string']));
  }

  if (message !== '' && message.trim() === '') {
    tell('message', message, 'must be non-empty if specified');
  } else if (/[\n\r]/.test(message.trim())) {
    tell('message', message, 'must not contain line breaks');
  }

  if (reason !== undefined) {
    out.supported(`${at}.reason`, reason, REASONS);
  }
}

function validateAnnotations(
  name: string,
  list: readonly Fields[],
  environment: Environment,
  out: Causes,
): void {
  const at = 'spec.auditAnnotations';

  if (list.length > MAX_ANNOTATIONS) {
    out.invalid(at, list, `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`);
  }

  const isRepeated = repetition();
  each<Fields>(list, at, ({ key = '', valueExpression = '' }, path) => {
    out.qualifiedName(`${path}.key`, `${name}/${key}`);

    const field = `${path}.valueExpression`;
    const text = valueExpression.trim();
    if (text === '') {
      out.required(field, 'valueExpression is not specified');
    } else if (text.length > MAX_ANNOTATION_EXPRESSION) {
      out.required(field, `must not exceed ${MAX_ANNOTATION_EXPRESSION} bytes in length`);
    } else {
      const why = expressionError(environment, text, 'one of [string null_type]', [
        'string',
        'null',
      ]);

      if (why) {
        out.invalid(field, valueExpression, why);
      }
    }

    if (isRepeated(key)) {
      out.duplicate(`${path}.key`, key);
    }
  });
}

/** What is wrong with a ValidatingAdmissionPolicy, in kube-apiserver's words. */
export function validatePolicy({ metadata, spec = {} }: KubeObject): StatusCause[] {
  const out = new Causes();
  out.collect(() => {
    const {
      failurePolicy,
      paramKind: kind,
      matchConstraints,
      matchConditions,
      validations = [],
    } = spec;

    const { auditAnnotations = [], variables: named = [] } = spec;

    if (failurePolicy === undefined) {
      out.required('spec.failurePolicy');
    } else {
      out.supported('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']);
    }

    if (kind) {
      validateParamKind(kind, 'spec.paramKind', out);
    }

    if (matchConstraints === undefined) {
      out.required('spec.matchConstraints');
    } else {
      validateMatchResources(matchConstraints, 'spec.matchConstraints', out);
      if (!matchConstraints.resourceRules?.length) {
        out.required('spec.matchConstraints.resourceRules');
      }
    }

    const hasParams = kind !== undefined;

    addAll(
      conditionCauses('spec.matchConditions', matchConditions, policyEnvironment({ hasParams })),
      out,
    );

    const environment = policyEnvironment({
      hasParams,
      variables: named.map(({ name = '' }: Fields) => name),
    });

    validateVariables(named, environment, out);

    if (validations.length === 0 && auditAnnotations.length === 0) {
      for (const field of ['validations', 'auditAnnotations']) {
        out.required(
          `spec.${field}`,
          'validations or auditAnnotations must contain at least one item',
        );
      }

      return;
    }

    each<Fields>(validations, 'spec.validations', (item, path) =>
      validateValidation(item, environment, path, out),
    );
    validateAnnotations(metadata.name ?? '', auditAnnotations, environment, out);
  });

  return out.list;
}

function validateParamRef(
  { name = '', selector, parameterNotFoundAction: action = '' }: Fields,
  at: string,
  out: Causes,
): void {
  const both = 'name and selector are mutually exclusive';

  if (name !== '') {
    out.each(`${at}.name`, name, pathSegmentErrors(name));
    if (selector) {
      out.forbidden(`${at}.name`, both);
    }
  }

  validateLabelSelector(selector, `${at}.selector`, out);

  if (selector && name !== '') {
    out.forbidden(`${at}.selector`, both);
  }
  if (!selector && name === '') {
    out.required(at, 'one of name or selector must be specified');
  }

  if (action === '') {
    out.required(`${at}.parameterNotFoundAction`);
  } else if (!['Deny', 'Allow'].includes(action)) {
    out.unsupported(`${at}.parameterNotFoundAction`, action, ['Deny', 'Allow']);
  }
}

/** What is wrong with a ValidatingAdmissionPolicyBinding, in kube-apiserver's words. */
export function validateBinding({ spec = {} }: KubeObject): StatusCause[] {
  const out = new Causes();
  out.collect(() => {
    const {
      policyName = '',
      paramRef: ref,
      matchResources: resources,
      validationActions = [],
    } = spec;

    if (policyName === '') {
      out.required('spec.policyName');
    } else {
      out.each('spec.policyName', policyName, dnsSubdomainErrors(policyName));
    }

    if (ref) {
      validateParamRef(ref, 'spec.paramRef', out);
    }
    if (resources) {
      validateMatchResources(resources, 'spec.matchResources', out);
    }

    const at = 'spec.validationActions';
    const isRepeated = repetition();
    each<string>(validationActions, at, (action, path) => {
      out.supported(path, action, ['Audit', 'Deny', 'Warn']);
      if (isRepeated(action)) {
        out.duplicate(path, action);
      }
    });

    if (validationActions.includes('Deny') && validationActions.includes('Warn')) {
      const why =
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)';
      out.invalid(at, validationActions, why);
    }

    if (validationActions.length === 0) {
      out.required(at, 'at least one validation action is required');
    }
  });

  return out.list;
}
