import { cloneJson, equalJson } from '@ks-apiserver/apimachinery/json/json';
import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import { compilePattern } from '@ks-apiserver/apimachinery/schema/pattern';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { validateSchema } from '@ks-apiserver/apimachinery/schema/validate';
import {
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '@ks-apiserver/apimachinery/validation/field';
import { listCauses } from './validate-lists.ts';
import { ruleCauses } from './validate-rules.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const MAX_DEPTH = 64;
const MAX_CAUSES = 50;

/** Keywords of JSON Schema that CRDs must not use; `$ref` ends the check of a schema. */
const UNSUPPORTED = [
  'id',
  'additionalItems',
  'patternProperties',
  'definitions',
  'dependencies',
  '$ref',
] as const;

/**
 * Keywords that branches of allOf, anyOf, oneOf and not must not have, with their required value.
 */
const NOT_IN_BRANCHES: readonly (readonly [string, string])[] = [
  ['type', 'must be empty to be structural'],
  ['title', 'must be empty to be structural'],
  ['description', 'must be empty to be structural'],
  ['default', 'must be undefined to be structural'],
  ['nullable', 'must be false to be structural'],
  ['additionalProperties', 'must be undefined to be structural'],
  ['x-kubernetes-preserve-unknown-fields', 'must be false to be structural'],
  ['x-kubernetes-embedded-resource', 'must be false to be structural'],
  ['x-kubernetes-int-or-string', 'must be false to be structural'],
  ['x-kubernetes-list-type', 'must be undefined to be structural'],
  ['x-kubernetes-list-map-keys', 'must be empty to be structural'],
  ['x-kubernetes-map-type', 'must be undefined to be structural'],
];

type Position = 'root' | 'field' | 'items' | 'additional';

const EMPTY_TYPE: Record<Position, string> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  items: 'must not be empty for specified array items',
  additional: 'must not be empty for specified object fields',
};

/**
 * Causes by the stage in which kube-apiserver finds them: a stage runs only if those before found
 * nothing.
 */
interface Found {
  /** Forbidden keywords, invalid lists and malformed rules. */
  schema: StatusCause[];
  /** Violations of the structural form. */
  structural: StatusCause[];
  /** Invalid defaults, and rules that do not compile. */
  deep: StatusCause[];
}

/**
 * What makes a schema non-structural or malformed (Kubernetes "Specifying a structural schema").
 */
export function validateStructural(root: Schema, field: string): StatusCause[] {
  const found: Found = { schema: [], structural: [], deep: [] };
  visit(root, field, found, 0, 'root');

  const unusable = found.schema.some((cause) => cause.field?.endsWith('.$ref'));
  const causes = unusable ? found.schema : [...found.schema, ...found.structural];

  return (causes.length > 0 ? causes : found.deep).slice(0, MAX_CAUSES);
}

function keywordCauses(schema: Schema, field: string, found: StatusCause[]): void {
  if (schema.type !== undefined && !TYPES.includes(schema.type)) {
    found.push(notSupported(`${field}.type`, schema.type, TYPES));
  }

  for (const keyword of UNSUPPORTED) {
    if (Object.hasOwn(schema, keyword)) {
      found.push(forbiddenField(`${field}.${keyword}`, `${keyword} is not supported`));
    }
  }

  if (schema.uniqueItems === true) {
    const why = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    found.push(forbiddenField(`${field}.uniqueItems`, why));
  }

  if (
    Object.keys(schema.properties ?? {}).length > 0 &&
    schema.additionalProperties !== undefined
  ) {
    const why = 'additionalProperties and properties are mutual exclusive';
    found.push(forbiddenField(`${field}.additionalProperties`, why));
  }

  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    found.push(
      invalidValue(
        `${field}.x-kubernetes-preserve-unknown-fields`,
        false,
        'must be true or undefined',
      ),
    );
  }

  if (schema.pattern !== undefined && !compilePattern(schema.pattern)) {
    const open = schema.pattern.includes('(') && !schema.pattern.includes(')');
    const why = `error parsing regexp: ${open ? 'missing closing ): ' : ''}\`${schema.pattern}\``;
    found.push(
      invalidValue(
        `${field}.pattern`,
        schema.pattern,
        `must be a valid regular expression, but isn't: ${why}`,
      ),
    );
  }
}

function branchCauses(schema: Schema, field: string, found: StatusCause[]): void {
  const branches: [Schema, string][] = [];

  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, branch] of (schema[keyword] ?? []).entries()) {
      branches.push([branch, `${field}.${keyword}[${index}]`]);
    }
  }

  if (schema.not) {
    branches.push([schema.not, `${field}.not`]);
  }

  const intOrString = schema['x-kubernetes-int-or-string'] === true;

  for (const [branch, at] of branches) {
    for (const [keyword, why] of NOT_IN_BRANCHES) {
      const value = (branch as Record<string, unknown>)[keyword];
      if (value === undefined || (keyword !== 'default' && (value === false || value === ''))) {
        continue;
      }

      // The only branches that may have types: those of x-kubernetes-int-or-string.
      if (keyword === 'type' && intOrString && (value === 'integer' || value === 'string')) {
        continue;
      }

      found.push(forbiddenField(`${at}.${keyword}`, why));
    }

    branchCauses(branch, at, found);
  }
}

function structuralCauses(
  schema: Schema,
  field: string,
  found: StatusCause[],
  position: Position,
): void {
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const open =
    schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];

  if (schema.type === 'array' && schema.items === undefined) {
    found.push(required(`${field}.items`, 'must be specified'));
  }

  if (
    embedded &&
    !schema['x-kubernetes-preserve-unknown-fields'] &&
    Object.keys(schema.properties ?? {}).length === 0
  ) {
    found.push(
      required(
        `${field}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  }

  if (schema.type === undefined) {
    if (position === 'root' || !open) {
      found.push(required(`${field}.type`, EMPTY_TYPE[position]));
    }
  } else if (position === 'root' && schema.type !== 'object') {
    found.push(invalidValue(`${field}.type`, schema.type, 'must be object at the root'));
  } else if (embedded && schema.type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    found.push(invalidValue(`${field}.type`, schema.type, why));
  }

  if (position === 'root' && schema.additionalProperties !== undefined) {
    found.push(forbiddenField(`${field}.additionalProperties`, 'must not be used at the root'));
  }

  const metadata = position === 'root' ? schema.properties?.metadata : undefined;
  if (
    metadata &&
    Object.keys(metadata.properties ?? {}).some(
      (name) => name !== 'name' && name !== 'generateName',
    )
  ) {
    const why =
      'must not specify anything other than name and generateName, but metadata is implicitly specified';
    found.push(forbiddenField(`${field}.properties[metadata]`, why));
  }

  branchCauses(schema, field, found);
}

function defaultCauses(schema: Schema, field: string, found: StatusCause[]): void {
  const given = schema.default;
  if (given === undefined || given === null) {
    return;
  }

  const at = `${field}.default`;
  const pruned = cloneJson(given);
  const wrapped = { value: pruned };

  pruneUnknown(wrapped, { type: 'object', properties: { value: schema } });

  if (!equalJson(wrapped.value, given)) {
    found.push(invalidValue(at, given, 'must not have unknown fields'));
    return;
  }

  for (const cause of validateSchema(given, schema)) {
    const below = cause.field === '' || cause.field === '<nil>' ? '' : `.${cause.field}`;
    found.push({ ...cause, field: cause.field === '<nil>' ? '<nil>' : at + below });
  }
}

function visit(
  schema: Schema,
  field: string,
  found: Found,
  depth: number,
  position: Position,
): void {
  if (found.schema.length + found.structural.length + found.deep.length >= MAX_CAUSES) {
    return;
  }

  if (depth > MAX_DEPTH) {
    found.schema.push(forbiddenField(field, 'the schema is nested too deeply'));
    return;
  }

  keywordCauses(schema, field, found.schema);
  found.schema.push(...listCauses(schema, field));

  const rules = ruleCauses(schema, field, { isRoot: position === 'root' });
  found.schema.push(...rules.form);
  structuralCauses(schema, field, found.structural, position);

  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (position === 'root' && name === 'metadata') {
      continue;
    }
    visit(property, `${field}.properties[${name}]`, found, depth + 1, 'field');
  }

  if (Array.isArray(schema.items)) {
    const why = 'items must be a schema object and not an array';
    found.structural.push(forbiddenField(`${field}.items`, why));
  } else if (schema.items !== undefined) {
    visit(schema.items, `${field}.items`, found, depth + 1, 'items');
  }

  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null) {
    visit(
      schema.additionalProperties,
      `${field}.additionalProperties`,
      found,
      depth + 1,
      'additional',
    );
  }

  found.deep.push(...rules.compiled);
  defaultCauses(schema, field, found.deep);
}
