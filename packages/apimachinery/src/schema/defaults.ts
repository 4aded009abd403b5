import { cloneJson, isObject, setOwn } from './own.ts';
import type { Schema } from './schema.ts';

// Whether a schema has defaults anywhere below; schemas are immutable, so the answer is kept. `false` while it is being
// found out breaks the circles of recursive schemas.
const hasDefaults = new WeakMap<Schema, boolean>();

function anyDefault(schema: Schema): boolean {
  const known = hasDefaults.get(schema);
  if (known !== undefined) return known;
  hasDefaults.set(schema, false);
  let found = schema.items !== undefined && (schema.items.default !== undefined || anyDefault(schema.items));
  if (!found && typeof schema.additionalProperties === 'object') {
    found = schema.additionalProperties.default !== undefined || anyDefault(schema.additionalProperties);
  }
  if (!found) {
    for (const property of Object.values(schema.properties ?? {})) {
      if (property.default !== undefined || anyDefault(property)) {
        found = true;
        break;
      }
    }
  }
  hasDefaults.set(schema, found);
  return found;
}

/**
 * Sets, in place, the schema's defaults where a field is missing, or is null and not nullable (Kubernetes "Defaulting and
 * nullable"); nulls that are neither allowed nor replaced are removed.
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items === undefined) return;
    for (const item of value) if (typeof item === 'object') applyDefaults(item, schema.items);
    return;
  }
  if (!isObject(value)) return;
  const { properties, additionalProperties } = schema;
  if (properties !== undefined) {
    if (anyDefault(schema)) {
      for (const key of Object.keys(properties)) {
        const property = properties[key]!;
        if (property.default === undefined) continue;
        const missing = !Object.hasOwn(value, key) || (value[key] === null && property.nullable !== true);
        if (missing) setOwn(value, key, cloneJson(property.default));
      }
    }
    for (const key of Object.keys(value)) {
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (property === undefined) continue;
      const current = value[key];
      if (current === null) {
        if (property.nullable !== true) delete value[key];
      } else if (typeof current === 'object') {
        applyDefaults(current, property);
      }
    }
  }
  if (typeof additionalProperties === 'object') {
    for (const key of Object.keys(value)) {
      if (properties !== undefined && Object.hasOwn(properties, key)) continue;
      if (value[key] === null && additionalProperties.nullable !== true && additionalProperties.default !== undefined) {
        setOwn(value, key, cloneJson(additionalProperties.default));
      }
      if (typeof value[key] === 'object') applyDefaults(value[key], additionalProperties);
    }
  }
}
