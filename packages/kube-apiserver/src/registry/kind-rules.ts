import type { StatusCause } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { applyDefaults } from '@ks-apiserver/apimachinery/schema/defaults';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { validateSchema } from '@ks-apiserver/apimachinery/schema/validate';
import { builtinSchema } from '../schemas/builtin.ts';
import type { ResourceType } from './resource-type.ts';

/** The schema of whole objects of a type; undefined where none is known. */
export function schemaOf(type: ResourceType): Schema | undefined {
  return type.custom ? type.custom.schema : builtinSchema(type);
}

/** Fills in what the kind says about fields that were left out. */
export function setDefaults(type: ResourceType, object: KubeObject): void {
  const schema = schemaOf(type);
  if (schema) applyDefaults(object, schema);
}

/** What is wrong with an object by its kind's schema and rules. */
export function validateKind(type: ResourceType, object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  if (!type.custom) return [];
  const causes = validateSchema(object, type.custom.schema);
  return causes.length > 0 ? causes : type.custom.rules.check(object, old);
}
