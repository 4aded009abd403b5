import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { forbiddenField, invalidValue, notSupported, required } from '@ks-apiserver/apimachinery/validation/field';
import { ruleError } from './rules.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const MAX_DEPTH = 64;
const MAX_CAUSES = 50;

/** What makes a schema non-structural or malformed (Kubernetes "Specifying a structural schema"). */
export function validateStructural(root: Schema, field: string): StatusCause[] {
  const causes: StatusCause[] = [];
  if (root.type !== undefined && root.type !== 'object') {
    causes.push(invalidValue(`${field}.type`, root.type, 'must be object at the root'));
    return causes;
  }
  if (root.type === undefined) {
    causes.push(required(`${field}.type`, 'must not be empty at the root'));
  }
  visit(root, field, causes, 0, 'root');
  return causes;
}

type Position = 'root' | 'field' | 'items' | 'additional';

const EMPTY_TYPE: Record<Position, string> = {
  root: '',
  field: 'must not be empty for specified object fields',
  items: 'must not be empty for specified array items',
  additional: 'must not be empty for specified object fields',
};

function visit(schema: Schema, field: string, causes: StatusCause[], depth: number, position: Position): void {
  if (causes.length >= MAX_CAUSES) return;
  if (depth > MAX_DEPTH) {
    causes.push(forbiddenField(field, 'the schema is nested too deeply'));
    return;
  }
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) {
    causes.push(invalidValue(field, schema, 'must be a schema'));
    return;
  }
  const open = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (schema.type === undefined) {
    if (position !== 'root' && !open) causes.push(required(`${field}.type`, EMPTY_TYPE[position]));
  } else if (!TYPES.includes(schema.type)) causes.push(notSupported(`${field}.type`, schema.type, TYPES));
  else if (schema['x-kubernetes-int-or-string']) {
    causes.push(invalidValue(`${field}.type`, schema.type, 'must be empty if x-kubernetes-int-or-string is true'));
  }
  if ('$ref' in schema) causes.push(forbiddenField(`${field}.$ref`, '$ref is not supported'));
  if (schema.uniqueItems === true) {
    causes.push(
      forbiddenField(
        `${field}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  }
  if (schema.type === 'array' && schema.items === undefined)
    causes.push(required(`${field}.items`, 'must be specified'));
  if (schema.properties && schema.additionalProperties) {
    causes.push(
      forbiddenField(`${field}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
  }
  if (position === 'root' && schema.additionalProperties) {
    causes.push(forbiddenField(`${field}.additionalProperties`, 'must not be used at the root'));
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    causes.push(notSupported(`${field}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  if (listType === 'map' && !schema['x-kubernetes-list-map-keys']?.length) {
    causes.push(required(`${field}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  }
  if (schema.pattern !== undefined) {
    try {
      new RegExp(schema.pattern, 'u');
    } catch {
      try {
        new RegExp(schema.pattern);
      } catch (error) {
        causes.push(
          invalidValue(
            `${field}.pattern`,
            schema.pattern,
            `must be a valid regular expression, but isn't: ${(error as Error).message}`,
          ),
        );
      }
    }
  }
  (schema['x-kubernetes-validations'] ?? []).forEach((rule, index) => {
    const at = `${field}.x-kubernetes-validations[${index}].rule`;
    if (typeof rule?.rule !== 'string' || rule.rule.trim() === '') causes.push(required(at, 'rule is not specified'));
    else {
      const error = ruleError(rule.rule);
      if (error) causes.push(invalidValue(at, rule.rule, `compilation failed: ${error}`));
    }
  });
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (position === 'root' && name === 'metadata') continue;
    visit(property, `${field}.properties[${name}]`, causes, depth + 1, 'field');
  }
  if (schema.items !== undefined) visit(schema.items, `${field}.items`, causes, depth + 1, 'items');
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null) {
    visit(schema.additionalProperties, `${field}.additionalProperties`, causes, depth + 1, 'additional');
  }
}
