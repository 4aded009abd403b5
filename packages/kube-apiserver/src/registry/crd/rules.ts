import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { Environment } from '@marcbachmann/cel-js';
import { celValue, largestCollection } from '../cel/values.ts';

/** The `x-kubernetes-validations` of a schema, ready to be evaluated. */
export interface RuleSet {
  /** What an object breaks; rules about `oldSelf` are skipped on creation. */
  check(object: KubeObject, old: KubeObject | undefined): StatusCause[];
  /** True when there is no rule at all. */
  empty: boolean;
}

type Rule = NonNullable<Schema['x-kubernetes-validations']>[number];
type Evaluate = (context: Record<string, unknown>) => unknown;

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  limits: { maxAstNodes: 5_000, maxDepth: 100 },
});

const COMPREHENSION = /\.(all|exists|exists_one|map|filter)\s*\(/g;
/** Steps that one rule may take on one value. */
const COST_LIMIT = 2_000_000;
const MAX_CAUSES = 100;
const compiled = new WeakMap<Rule, Evaluate>();

function compile(rule: Rule): Evaluate {
  let evaluate = compiled.get(rule);
  if (!evaluate) {
    evaluate = environment.parse(rule.rule) as Evaluate;
    compiled.set(rule, evaluate);
  }
  return evaluate;
}

/** Why an expression cannot be compiled; undefined when it can. */
export function ruleError(expression: string): string | undefined {
  try {
    environment.parse(expression);
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

function hasRules(schema: Schema, seen = new Set<Schema>()): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (schema['x-kubernetes-validations']?.length) return true;
  if (schema.items && hasRules(schema.items, seen)) return true;
  if (typeof schema.additionalProperties === 'object' && hasRules(schema.additionalProperties, seen)) return true;
  return Object.values(schema.properties ?? {}).some((property) => hasRules(property, seen));
}

const REASON_TEXT: Record<string, string> = {
  FieldValueInvalid: 'Invalid value: ',
  FieldValueForbidden: 'Forbidden: ',
  FieldValueRequired: 'Required value: ',
  FieldValueDuplicate: 'Duplicate value: ',
};

function message(rule: Rule, context: Record<string, unknown>): string {
  if (rule.messageExpression) {
    try {
      const text = (environment.parse(rule.messageExpression) as Evaluate)(context);
      if (typeof text === 'string' && text.trim() !== '' && !text.includes('\n')) return text;
    } catch {
      // Kubernetes falls back to `message` too.
    }
  }
  return rule.message ?? `failed rule: ${rule.rule.trim()}`;
}

function evaluateRule(rule: Rule, self: unknown, oldSelf: unknown, field: string): StatusCause | undefined {
  const aboutOld = /\boldSelf\b/.test(rule.rule);
  if (aboutOld && oldSelf === undefined) return undefined;
  const where = rule.fieldPath ? `${field}${rule.fieldPath}`.replace(/^\./, '') : field;
  const reason = rule.reason ?? 'FieldValueInvalid';
  const refuse = (text: string): StatusCause => ({
    reason,
    message: `${REASON_TEXT[reason] ?? 'Invalid value: '}${text}`,
    field: where === '' ? '<nil>' : where,
  });
  const depth = rule.rule.match(COMPREHENSION)?.length ?? 0;
  if (depth > 0 && rule.rule.length * largestCollection(self) ** Math.min(depth, 3) > COST_LIMIT) {
    return refuse(
      `validation failed due to running out of cost budget, no further validation rules will be run: ${rule.rule}`,
    );
  }
  const context = { self, ...(aboutOld && { oldSelf }) };
  try {
    return compile(rule)(context) === true ? undefined : refuse(message(rule, context));
  } catch (error) {
    return refuse(`${(error as Error).message.split('\n')[0]} evaluating rule: ${rule.message ?? rule.rule}`);
  }
}

/** Items of a list that keep their identity over an update: those of `map` lists, by their keys. */
function counterpart(schema: Schema, item: unknown, old: unknown): unknown {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) return undefined;
  const keyOf = (value: unknown) =>
    JSON.stringify(keys.map((key) => (value as Record<string, unknown> | null)?.[key] ?? null));
  const wanted = keyOf(item);
  return old.find((candidate) => keyOf(candidate) === wanted);
}

function walk(schema: Schema, value: unknown, old: unknown, field: string, causes: StatusCause[]): void {
  if (value === undefined || value === null || causes.length >= MAX_CAUSES || !hasRules(schema)) return;
  const rules = schema['x-kubernetes-validations'];
  if (rules?.length) {
    const self = celValue(value, schema);
    const oldSelf = old === undefined ? undefined : celValue(old, schema);
    for (const rule of rules) {
      const cause = evaluateRule(rule, self, oldSelf, field);
      if (cause) causes.push(cause);
    }
  }
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      if (schema.items) walk(schema.items, item, counterpart(schema, item, old), `${field}[${index}]`, causes);
    });
    return;
  }
  if (typeof value !== 'object') return;
  const before = (old ?? {}) as Record<string, unknown>;
  for (const [name, child] of Object.entries(value)) {
    const property = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    const inner =
      property ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    const path = property ? (field === '' ? name : `${field}.${name}`) : `${field}[${name}]`;
    if (inner) walk(inner, child, Object.hasOwn(before, name) ? before[name] : undefined, path, causes);
  }
}

/** The rules of a schema (Kubernetes "CRD validation rules"); rules that cannot be compiled refuse every object. */
export function compileRules(schema: Schema): RuleSet {
  const empty = !hasRules(schema);
  return {
    empty,
    check(object, old) {
      const causes: StatusCause[] = [];
      if (!empty) walk(schema, object, old, '', causes);
      return causes;
    },
  };
}
