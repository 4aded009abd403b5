import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { invalidValue, notSupported, required } from '@ks-apiserver/apimachinery/validation/field';
import { compileError } from '../cel/errors.ts';
import { checkExpression } from '../cel/expression.ts';
import { environmentOf } from '../cel/schema-types.ts';
import { type Rule, usesOldSelf } from './rules.ts';

const REASONS = [
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueDuplicate',
];

/** A rule as Go prints it in a message. */
function toGoRule({
  rule,
  message = '',
  messageExpression = '',
  reason,
  fieldPath = '',
  optionalOldSelf,
}: Rule): object {
  return {
    Rule: rule,
    Message: message,
    MessageExpression: messageExpression,
    Reason: reason ?? null,
    FieldPath: fieldPath,
    OptionalOldSelf: optionalOldSelf ?? null,
  };
}

/** Whether a rule's fieldPath leads to a field of the schema. */
function leads(schema: Schema, path: string): boolean {
  let at: Schema | undefined = schema;
  let rest = path;
  while (rest !== '') {
    const step = /^(?:\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)*)'\])/.exec(rest);
    if (!step) {
      return false;
    }

    const name = step[1] ?? step[2] ?? '';
    const properties: Record<string, Schema> = at.properties ?? {};
    const { additionalProperties }: Schema = at;
    const other: Schema | undefined =
      typeof additionalProperties === 'object' ? additionalProperties : undefined;
    at = Object.hasOwn(properties, name) ? properties[name] : other;

    if (!at) {
      return false;
    }

    rest = rest.slice(step[0].length);
  }

  return true;
}

/** The position of a schema in the schema of whole objects. */
interface SchemaPlace {
  isRoot: boolean;
}

function formCauses(rule: Rule, at: string, schema: Schema): StatusCause[] {
  const { message, messageExpression, fieldPath, reason } = rule;
  const causes: StatusCause[] = [];
  const text = rule.rule.trim();
  if (text === '') {
    causes.push(required(`${at}.rule`, 'rule is not specified'));
  } else if (message !== undefined && message !== '' && message.trim() === '') {
    causes.push(invalidValue(`${at}.message`, message, 'must be non-empty if specified'));
  } else if (message?.trim().match(/[\n\r]/)) {
    causes.push(invalidValue(`${at}.message`, message, 'must not contain line breaks'));
  } else if (/[\n\r]/.test(text) && !message && !messageExpression) {
    causes.push(
      required(`${at}.message`, 'message must be specified if rule contains line breaks'),
    );
  }

  if (
    messageExpression !== undefined &&
    messageExpression !== '' &&
    messageExpression.trim() === ''
  ) {
    causes.push(
      required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'),
    );
  }

  if (reason !== undefined && !REASONS.includes(reason)) {
    causes.push(notSupported(`${at}.reason`, reason, [...REASONS].sort()));
  }

  const path = fieldPath?.trim();
  if (fieldPath && path === '') {
    causes.push(invalidValue(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified'));
  } else if (path && /[\n\r]/.test(path)) {
    causes.push(invalidValue(`${at}.fieldPath`, fieldPath, 'must not contain line breaks'));
  } else if (path && !leads(schema, path)) {
    causes.push(invalidValue(`${at}.fieldPath`, fieldPath, 'must be a valid path'));
  }

  return causes;
}

function compileCauses(
  rule: Rule,
  at: string,
  schema: Schema,
  { isRoot }: SchemaPlace,
): StatusCause[] {
  if (rule.rule.trim() === '') {
    return [];
  }

  const { optionalOldSelf } = rule;
  const environment = environmentOf(schema, { isRoot, optionalOldSelf });
  const causes: StatusCause[] = [];
  const checked = checkExpression(environment, rule.rule);
  if (!checked.valid) {
    const why = `compilation failed: ${compileError(rule.rule, checked.error)}`;
    causes.push(invalidValue(`${at}.rule`, toGoRule(rule), why));
  } else if (!isType(checked.type, 'bool')) {
    causes.push(
      invalidValue(`${at}.rule`, toGoRule(rule), 'cel expression must evaluate to a bool'),
    );
  }

  if (rule.messageExpression) {
    const text = checkExpression(environment, rule.messageExpression);
    if (!text.valid) {
      const why = `messageExpression compilation failed: ${compileError(rule.messageExpression, text.error)}`;
      causes.push(invalidValue(`${at}.messageExpression`, toGoRule(rule), why));
    } else if (!isType(text.type, 'string')) {
      causes.push(
        invalidValue(
          `${at}.messageExpression`,
          toGoRule(rule),
          'messageExpression must evaluate to a string',
        ),
      );
    }
  }

  if (rule.optionalOldSelf !== undefined && !usesOldSelf(rule)) {
    causes.push(
      invalidValue(
        `${at}.optionalOldSelf`,
        rule.optionalOldSelf,
        'may not be set if oldSelf is not used in rule',
      ),
    );
  }

  return causes;
}

function isType(type: unknown, wanted: string): boolean {
  return String(type) === wanted || String(type) === 'dyn';
}

/** What is wrong with the CEL rules of one schema, whose field is `path`. */
export function ruleCauses(
  schema: Schema,
  path: string,
  place: SchemaPlace,
): { form: StatusCause[]; compiled: StatusCause[] } {
  const form: StatusCause[] = [];
  const compiled: StatusCause[] = [];

  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const given = { ...rule, rule: rule.rule ?? '' };
    form.push(...formCauses(given, at, schema));
    compiled.push(...compileCauses(given, at, schema, place));
  }

  return { form, compiled };
}
