import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { validateSchema } from '@ks-apiserver/apimachinery/schema/validate';
import { builtinSchema } from '../../schemas/builtin.ts';
import { validateAnyMetadata, validateLabels } from '../validation/metadata.ts';
import { validateObject } from '../validation/validate-object.ts';
import { defaultObject } from './defaults/default-object.ts';
import { dropWrittenZeros, hasWrittenZeros, writeZeros } from './defaults/zeros.ts';
import type { ResourceType } from './resource-type.ts';

/** Schemas of built-in types, which every write needs several times. */
const schemas = new WeakMap<ResourceType, Schema | undefined>();

/** The schema of whole objects of a type; undefined where none is known. */
export function schemaOf(type: ResourceType): Schema | undefined {
  if (type.custom) {
    return type.custom.schema;
  }
  if (!schemas.has(type)) {
    schemas.set(type, builtinSchema(type));
  }

  return schemas.get(type);
}

/** Sets the defaults of the kind. */
export function setDefaults(type: ResourceType, object: KubeObject): void {
  if (type.custom) {
    applyDefaults(object, type.custom.schema);
  } else {
    defaultObject(type, object);
  }
}

/** Adds the fields that Kubernetes always writes to a valid object. */
export function completeObject(type: ResourceType, object: KubeObject): void {
  const schema = type.custom ? undefined : schemaOf(type);
  if (schema) {
    writeZeros(object, schema);
  }
}

/**
 * The cause that Kubernetes adds where an object is invalid by its schema, so that its rules are
 * not evaluated.
 */
const RULES_SKIPPED: StatusCause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/** Causes with these reasons keep rules from being evaluated. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const embedding = new WeakMap<Schema, boolean>();

/** Whether a schema has embedded resources. */
function embeds(schema: Schema): boolean {
  let known = embedding.get(schema);
  if (known === undefined) {
    // A schema of a CRD is a tree: this ends.
    known =
      schema['x-kubernetes-embedded-resource'] === true ||
      (schema.items !== undefined && embeds(schema.items)) ||
      (typeof schema.additionalProperties === 'object' && embeds(schema.additionalProperties)) ||
      Object.entries(schema.properties ?? {}).some(
        ([name, property]) => name !== 'metadata' && embeds(property),
      );

    embedding.set(schema, known);
  }

  return known;
}

/** What is wrong with the labels of embedded resources. */
function embeddedCauses(value: unknown, schema: Schema, path: string): StatusCause[] {
  if (value === null || typeof value !== 'object' || !embeds(schema)) {
    return [];
  }

  if (Array.isArray(value)) {
    return value.flatMap((item, index) =>
      embeddedCauses(item, schema.items ?? {}, `${path}[${index}]`),
    );
  }

  const causes: StatusCause[] = [];
  const { metadata } = value as { metadata?: { labels?: Record<string, string> } };
  if (schema['x-kubernetes-embedded-resource'] && metadata?.labels) {
    causes.push(...validateLabels(metadata.labels, `${path}.metadata.labels`));
  }

  const { properties = {}, additionalProperties } = schema;

  for (const [name, child] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (typeof inner === 'object') {
      causes.push(...embeddedCauses(child, inner, path === '' ? name : `${path}.${name}`));
    }
  }

  return causes;
}

/**
 * What is wrong with an object by the schema and rules of its kind, when it is written as a whole
 * or through a subresource.
 */
export function validateKind(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  subresource: string,
  warnings: string[],
): StatusCause[] {
  if (!type.custom) {
    const schema = schemaOf(type);
    if (!schema) {
      return validateObject(type, object, old, subresource);
    }

    dropWrittenZeros(object, schema);

    let before = old;

    if (old && hasWrittenZeros(old, schema)) {
      before = structuredClone(old);
      dropWrittenZeros(before, schema);
    }

    return validateObject(type, object, before, subresource);
  }

  const { schema, rules } = type.custom;

  const causes = [
    ...validateAnyMetadata(type, object.metadata),
    ...validateSchema(object, schema, old),
    ...embeddedCauses(object, schema, ''),
  ];

  if (rules.empty) {
    return causes;
  }
  if (causes.some(({ reason = '' }) => BLOCKING.has(reason))) {
    return [...causes, RULES_SKIPPED];
  }

  return [...causes, ...rules.check(object, old, warnings)];
}
