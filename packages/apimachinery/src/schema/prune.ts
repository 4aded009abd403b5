import { getOwn, isObject, type JsonObject } from '../json/json.ts';
import { child } from '../validation/field.ts';
import { isScalar, type Schema } from './schema.ts';

/**
 * What a schema says of a field: the schema of its value, `true` for any value, or undefined for no
 * such field.
 */
export type KnownField = Schema | 'open' | 'unknown';

/**
 * Returns a field as the schema of its object knows it; type and metadata of a whole object
 * (`isRoot`) are always known.
 */
export function fieldOf(
  schema: KnownField,
  key: string,
  { isRoot }: { isRoot: boolean },
): KnownField {
  if (typeof schema === 'string') {
    return schema;
  }

  const { properties, additionalProperties } = schema;
  const property = getOwn(properties, key);
  if (property !== undefined) {
    return property;
  }

  if (isRoot || schema['x-kubernetes-embedded-resource'] === true) {
    if (key === 'apiVersion' || key === 'kind' || key === 'metadata') {
      return 'open';
    }
  }

  if (typeof additionalProperties === 'object') {
    return additionalProperties;
  }

  return additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] === true
    ? 'open'
    : 'unknown';
}

/** Returns what a schema says of the items of a list. */
export function itemsOf(schema: KnownField): KnownField {
  return typeof schema === 'string' ? schema : (schema.items ?? 'open');
}

/** Called with the path of each field that is dropped; without it no paths are built. */
type Dropped = ((path: string) => void) | undefined;

function pruneObject(
  value: JsonObject,
  schema: Schema,
  path: string,
  { isRoot }: { isRoot: boolean },
  dropped: Dropped,
): void {
  const { properties, additionalProperties } = schema;
  if (
    properties === undefined &&
    typeof additionalProperties === 'object' &&
    isScalar(additionalProperties)
  ) {
    return;
  }

  for (const key of Object.keys(value)) {
    const item = value[key];
    const known = fieldOf(schema, key, { isRoot });
    if (known === 'unknown') {
      delete value[key];
      dropped?.(child(path, key));
    } else if (known !== 'open' && typeof item === 'object' && item !== null) {
      pruneValue(item, known, dropped ? child(path, key) : '', dropped);
    }
  }
}

function pruneValue(value: object, schema: Schema, path: string, dropped: Dropped): void {
  const object = schema['x-object'];
  if (object !== undefined) {
    // Go decodes these types by themselves, and reports nothing of what it drops in them.
    for (const item of Array.isArray(value) ? value : [value]) {
      if (isObject(item)) {
        pruneObject(item, object, path, { isRoot: false }, undefined);
      }
    }

    return;
  }

  if (!Array.isArray(value)) {
    pruneObject(value as JsonObject, schema, path, { isRoot: false }, dropped);
    return;
  }

  const { items } = schema;
  if (items === undefined || isScalar(items)) {
    return;
  }

  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    if (typeof item === 'object' && item !== null) {
      pruneValue(item, items, dropped ? `${path}[${i}]` : '', dropped);
    }
  }
}

/**
 * Removes, in place, the fields that the schema does not specify (Kubernetes "Field pruning");
 * `apiVersion`, `kind` and `metadata` of a whole object always stay. `dropped` is called with the
 * path of each, such as `spec.containers[0].foo`.
 */
export function pruneUnknown(
  value: unknown,
  schema: Schema,
  dropped?: (path: string) => void,
): void {
  if (isObject(value)) {
    pruneObject(value, schema, '', { isRoot: true }, dropped);
  }
}
