import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { validateSchema } from '@ks-apiserver/apimachinery/schema/validate';
import { builtinSchema } from '../schemas/builtin.ts';
import { defaultObject } from './defaults/default-object.ts';
import type { ResourceType } from './resource-type.ts';
import { validateMetadata } from './validation/metadata.ts';
import { validateObject } from './validation/validate-object.ts';

/** The schema of whole objects of a type; undefined where none is known. */
export function schemaOf(type: ResourceType): Schema | undefined {
  return type.custom ? type.custom.schema : builtinSchema(type);
}

/** Fills in what the kind says about fields that were left out. */
export function setDefaults(type: ResourceType, object: KubeObject): void {
  if (type.custom) applyDefaults(object, type.custom.schema);
  else defaultObject(type, object);
}

/** Said once where the schema already refuses an object that rules would look at. */
const RULES_SKIPPED: StatusCause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/** What is wrong with an object by its kind's schema and rules. */
export function validateKind(
  type: ResourceType,
  object: KubeObject,
  old: KubeObject | undefined,
  warnings: string[],
): StatusCause[] {
  if (!type.custom) return validateObject(type, object, old);
  const { schema, rules } = type.custom;
  const causes = [...validateMetadata(type, object.metadata, true), ...validateSchema(object, schema, old)];
  if (causes.length === 0) return rules.check(object, old, warnings);
  return rules.empty ? causes : [...causes, RULES_SKIPPED];
}
