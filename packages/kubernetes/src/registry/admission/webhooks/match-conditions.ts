import { memoize } from '@ks-apiserver/apimachinery/cache/memoize';
import type { Environment } from '@marcbachmann/cel-js';
import type { Budget } from '../../extensions/cel/budget.ts';
import { declared } from '../../extensions/cel/environment.ts';
import { compileError, evaluationError } from '../../extensions/cel/errors.ts';
import { checkExpression, compileExpression } from '../../extensions/cel/expression.ts';
import { celValue } from '../../extensions/cel/values.ts';
import type { ResourceType } from '../../resources/resource-type.ts';
import { type Attributes, aggregate, refusalError } from '../attributes.ts';
import type { Webhook } from './configuration.ts';
import { kindOf } from './review.ts';

/** Variables of conditions; `authorizer` is not supported. */
const conditions = declared
  .clone()
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable('request', 'map');

const MAX_COMPILED = 1_000;
const compile = memoize(MAX_COMPILED, compileExpression);

/** Evaluation steps that the conditions of one webhook may take. */
const MAX_STEPS = 1_000_000;

/** Why a match condition is invalid, in cel-go's words; undefined when it is valid. */
export function conditionError(
  expression: string,
  environment: Environment = conditions,
): string | undefined {
  const result = checkExpression(environment, expression);
  if (!result.valid) {
    return `compilation failed: ${compileError(expression, result.error)}`;
  }

  const { type } = result;

  return type === 'bool' || type.startsWith('dyn')
    ? undefined
    : `must evaluate to bool but got ${type}`;
}

/** The variable `request` of expressions (admission/v1 AdmissionRequest without the objects). */
export function requestVariable(attributes: Attributes, as: ResourceType): Record<string, unknown> {
  const { type, subresource, name, namespace, operation, context } = attributes;

  const kind = (of: ResourceType) => {
    const { group, version, kind } = kindOf(of, subresource);
    return { group, version, kind };
  };

  const resource = ({ group, version, resource }: ResourceType) => ({ group, version, resource });
  const { user } = context;

  return {
    kind: kind(as),
    resource: resource(as),
    subResource: subresource,
    requestKind: kind(type),
    requestResource: resource(type),
    requestSubResource: subresource,
    name,
    namespace,
    operation,
    userInfo: {
      username: user.name,
      uid: user.uid ?? '',
      groups: user.groups,
      extra: user.extra ?? {},
    },
    dryRun: context.dryRun,
    options: context.requestOptions ?? null,
  };
}

/**
 * Whether all match conditions of a webhook hold. Where one cannot be evaluated and none is false,
 * failurePolicy decides: the webhook is skipped, or the write is refused with a StatusError 403.
 */
export function conditionsMatch(hook: Webhook, as: ResourceType, attributes: Attributes): boolean {
  const variables = {
    object: attributes.object ? celValue(attributes.object, undefined) : null,
    oldObject: attributes.old ? celValue(attributes.old, undefined) : null,
    request: requestVariable(attributes, as),
  };

  const budget: Budget = { left: MAX_STEPS };
  const errors: string[] = [];

  for (const { expression } of hook.matchConditions) {
    try {
      if (compile(expression)(variables, budget) === false) {
        return false;
      }
    } catch (error) {
      errors.push(`expression '${expression}' resulted in error: ${evaluationError(error)}`);
    }
  }

  if (errors.length === 0) {
    return true;
  }
  if (hook.failurePolicy === 'Ignore') {
    return false;
  }

  throw refusalError(attributes, aggregate(errors));
}
