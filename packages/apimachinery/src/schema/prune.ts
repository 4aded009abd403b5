import { child } from '../validation/field.ts';
import { isObject, type JsonObject } from './own.ts';
import type { Schema } from './schema.ts';

function pruneObject(value: JsonObject, schema: Schema, path: string, isRoot: boolean, dropped: string[]): void {
  const { properties, additionalProperties } = schema;
  const preserve = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const embedded = isRoot || schema['x-kubernetes-embedded-resource'] === true;
  for (const key of Object.keys(value)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known !== undefined) {
      pruneValue(value[key], known, child(path, key), dropped);
    } else if (embedded && (key === 'apiVersion' || key === 'kind' || key === 'metadata')) {
      // Type and metadata of a whole object are there even where a CRD's schema does not name them.
    } else if (typeof additionalProperties === 'object') {
      pruneValue(value[key], additionalProperties, child(path, key), dropped);
    } else if (additionalProperties !== true && !preserve) {
      delete value[key];
      dropped.push(child(path, key));
    }
  }
}

function pruneValue(value: unknown, schema: Schema, path: string, dropped: string[]): void {
  if (Array.isArray(value)) {
    if (schema.items === undefined) return;
    for (let i = 0; i < value.length; i++) pruneValue(value[i], schema.items, `${path}[${i}]`, dropped);
  } else if (isObject(value)) {
    pruneObject(value, schema, path, false, dropped);
  }
}

/**
 * Removes, in place, the fields that the schema does not specify (Kubernetes "Field pruning") and returns their paths,
 * such as `spec.containers[0].foo`; `apiVersion`, `kind` and `metadata` of a whole object always stay.
 */
export function pruneUnknown(value: unknown, schema: Schema): string[] {
  const dropped: string[] = [];
  if (isObject(value)) pruneObject(value, schema, '', true, dropped);
  return dropped;
}
