import { equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { quote } from '@ks-apiserver/apimachinery/validation/field';
import { Optional } from '@marcbachmann/cel-js';
import { type Budget, BudgetExceeded, OUT_OF_BUDGET } from '../cel/budget.ts';
import { evaluationError } from '../cel/errors.ts';
import { compileExpression, type Evaluate } from '../cel/expression.ts';
import { celValue } from '../cel/values.ts';

/** The `x-kubernetes-validations` of a schema, ready to be evaluated. */
export interface RuleSet {
  /**
   * The causes for broken rules. Rules with `oldSelf` are skipped on creation; an unchanged value
   * that breaks a rule causes a warning only.
   */
  check(object: KubeObject, old: KubeObject | undefined, warnings: string[]): StatusCause[];
  /** True when the schema has no rules. */
  empty: boolean;
}

/** One rule (apiextensions/v1 ValidationRule). */
export type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];

/** Evaluation steps that all rules of one object may take. */
const MAX_STEPS = 2_000_000;
const MAX_CAUSES = 100;
const compiled = new WeakMap<Rule, Evaluate>();
const messages = new WeakMap<Rule, Evaluate>();

function compile(cache: WeakMap<Rule, Evaluate>, rule: Rule, expression: string): Evaluate {
  let evaluate = cache.get(rule);
  if (!evaluate) {
    evaluate = compileExpression(expression);
    cache.set(rule, evaluate);
  }

  return evaluate;
}

function hasRules(schema: Schema, seen = new Set<Schema>()): boolean {
  if (seen.has(schema)) {
    return false;
  }

  seen.add(schema);

  if (schema['x-kubernetes-validations']?.length) {
    return true;
  }
  if (schema.items && hasRules(schema.items, seen)) {
    return true;
  }

  if (
    typeof schema.additionalProperties === 'object' &&
    hasRules(schema.additionalProperties, seen)
  ) {
    return true;
  }

  return Object.values(schema.properties ?? {}).some((property) => hasRules(property, seen));
}

const ruled = new WeakMap<Schema, boolean>();

function isRuled(schema: Schema): boolean {
  let known = ruled.get(schema);
  if (known === undefined) {
    known = hasRules(schema);
    ruled.set(schema, known);
  }

  return known;
}

/** Whether a rule compares with the old value. */
export function usesOldSelf(rule: Rule): boolean {
  return /\boldSelf\b/.test(rule.rule);
}

/** A rule's `fieldPath` as messages show it: `.a['b-c']` is `a.b-c`. */
function formatFieldPath(path: string): string {
  return path
    .replace(
      /\['((?:[^'\\]|\\.)*)'\]/g,
      (_whole, name: string) => `[${name.replaceAll("\\'", "'")}]`,
    )
    .replace(/^\./, '');
}

function message(rule: Rule, context: Record<string, unknown>, budget: Budget): string {
  if (rule.messageExpression) {
    try {
      const text = compile(messages, rule, rule.messageExpression)(context, budget);
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) {
        return text;
      }
    } catch {
      // Like Kubernetes, falls back to `message`.
    }
  }

  return rule.message ?? `failed rule: ${rule.rule.trim()}`;
}

/** The cause for a broken rule, by the rule's reason; objects and lists are not shown. */
function cause(rule: Rule, field: string, value: unknown, detail: string): StatusCause {
  const simple = value === null || typeof value !== 'object';
  const shown = simple ? `${typeof value === 'string' ? quote(value) : String(value)}: ` : '';

  switch (rule.reason) {
    case 'FieldValueForbidden':
      return { reason: rule.reason, message: `Forbidden: ${detail}`, field };
    case 'FieldValueRequired':
      return { reason: rule.reason, message: `Required value: ${detail}`, field };
    case 'FieldValueDuplicate':
      return {
        reason: rule.reason,
        message: `Duplicate value${simple ? `: ${shown.slice(0, -2)}` : ''}`,
        field,
      };
    default:
      return { reason: 'FieldValueInvalid', message: `Invalid value: ${shown}${detail}`, field };
  }
}

/** The path of a field below another one; either may be ''. */
function joinPaths(field: string, below: string): string {
  const isJoined = field !== '' && below !== '' && !below.startsWith('[');
  return isJoined ? `${field}.${below}` : field + below;
}

/** Evaluates the rules of a schema for an object and everything in it. */
class Walk {
  readonly causes: StatusCause[] = [];
  readonly #budget: Budget = { left: MAX_STEPS };
  readonly #warnings: string[];
  readonly #isUpdate: boolean;

  constructor(operation: 'create' | 'update', warnings: string[]) {
    this.#isUpdate = operation === 'update';
    this.#warnings = warnings;
  }

  #rules(schema: Schema, value: unknown, old: unknown, field: string): void {
    const rules = schema['x-kubernetes-validations'];
    if (!rules?.length) {
      return;
    }

    const self = celValue(value, schema);
    const oldSelf = old === undefined ? undefined : celValue(old, schema);
    const unchanged = this.#isUpdate && old !== undefined && equalJson(value, old);

    for (const rule of rules) {
      if (this.causes.length >= MAX_CAUSES || this.#budget.left < 0) {
        return;
      }

      const found = this.#rule(rule, schema, value, self, oldSelf, field);
      if (!found) {
        continue;
      }

      if (unchanged && !usesOldSelf(rule)) {
        this.#warnings.push(`${found.field}: ${found.message}`);
      } else {
        this.causes.push(found);
      }
    }
  }

  #rule(
    rule: Rule,
    schema: Schema,
    value: unknown,
    self: unknown,
    oldSelf: unknown,
    field: string,
  ): StatusCause | undefined {
    const optional = rule.optionalOldSelf === true;
    if (usesOldSelf(rule) && oldSelf === undefined && !optional) {
      return undefined;
    }

    const at = field === '' ? '<nil>' : field;

    const failed = (detail: string): StatusCause => ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${quote(schema.type ?? '')}: ${detail}`,
      field: at,
    });

    const said = rule.message ?? rule.rule.trim();
    const context: Record<string, unknown> = { self };

    if (optional) {
      context.oldSelf = oldSelf === undefined ? Optional.none() : Optional.of(oldSelf);
    } else if (oldSelf !== undefined) {
      context.oldSelf = oldSelf;
    }

    try {
      if (compile(compiled, rule, rule.rule)(context, this.#budget) === true) {
        return undefined;
      }
    } catch (error) {
      if (error instanceof BudgetExceeded || this.#budget.left < 0) {
        return failed(OUT_OF_BUDGET);
      }

      const why = evaluationError(error);
      if (why !== 'no such overload') {
        return failed(`${why} evaluating rule: ${said}`);
      }

      return failed(
        `'no such overload': call arguments did not match a supported operator, function or macro signature for rule: ${said}`,
      );
    }

    const place = joinPaths(field, rule.fieldPath ? formatFieldPath(rule.fieldPath) : '') || at;

    return cause(rule, place, value, message(rule, context, this.#budget));
  }

  value(schema: Schema, value: unknown, old: unknown, field: string): void {
    if (
      value === undefined ||
      value === null ||
      this.causes.length >= MAX_CAUSES ||
      !isRuled(schema)
    ) {
      return;
    }

    this.#rules(schema, value, old, field);

    if (Array.isArray(value)) {
      const { items } = schema;
      if (!items || !isRuled(items)) {
        return;
      }

      const before = counterparts(schema, old);

      for (const [index, item] of value.entries()) {
        this.value(items, item, before?.(item), `${field}[${index}]`);
      }

      return;
    }

    if (typeof value !== 'object') {
      return;
    }

    const before = typeof old === 'object' && old !== null ? old : {};
    const { properties = {}, additionalProperties } = schema;

    for (const [name, child] of Object.entries(value)) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const inner =
        property ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      const path = property ? joinPaths(field, name) : `${field}[${name}]`;

      if (inner) {
        this.value(
          inner,
          child,
          Object.hasOwn(before, name) ? Reflect.get(before, name) : undefined,
          path,
        );
      }
    }
  }
}

/** Finds the old items of a list of type map by their keys; undefined for other lists. */
function counterparts(schema: Schema, old: unknown): ((item: unknown) => unknown) | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) {
    return undefined;
  }

  const identity = (value: unknown) =>
    JSON.stringify(keys.map((key) => (value as Record<string, unknown> | null)?.[key] ?? null));
  const byKeys = new Map<string, unknown>();

  for (const item of old) {
    const id = identity(item);
    if (!byKeys.has(id)) {
      byKeys.set(id, item);
    }
  }

  return (item) => byKeys.get(identity(item));
}

/**
 * The rules of a schema (Kubernetes "CRD validation rules"); rules that cannot be compiled refuse
 * every object.
 */
export function compileRules(schema: Schema): RuleSet {
  const empty = !hasRules(schema);

  return {
    empty,
    check(object, old, warnings) {
      if (empty) {
        return [];
      }

      const walk = new Walk(old === undefined ? 'create' : 'update', warnings);
      walk.value(schema, object, old, '');

      return walk.causes;
    },
  };
}
