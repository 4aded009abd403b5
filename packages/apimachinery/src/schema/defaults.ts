import { cloneJson, isObject, setOwn } from '../json/json.ts';
import type { Schema } from './schema.ts';

// Names of a schema's own fields that have a default, kept by schema because schemas are immutable.
const defaulted = new WeakMap<Schema, string[]>();

function defaultedFields(schema: Schema): string[] {
  let names = defaulted.get(schema);
  if (names === undefined) {
    names = Object.entries(schema.properties ?? {})
      .filter(([, property]) => property.default !== undefined)
      .map(([name]) => name);
    defaulted.set(schema, names);
  }

  return names;
}

/**
 * Sets, in place, the schema's defaults where a field is missing, or is null and not nullable
 * (Kubernetes "Defaulting and nullable"); nulls that are neither allowed nor replaced are removed.
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    if (schema.items === undefined) {
      return;
    }

    for (const item of value) {
      if (typeof item === 'object') {
        applyDefaults(item, schema.items);
      }
    }

    return;
  }

  if (!isObject(value)) {
    return;
  }

  const { properties, additionalProperties } = schema;
  if (properties !== undefined) {
    for (const key of defaultedFields(schema)) {
      const property = properties[key];
      const missing =
        !Object.hasOwn(value, key) || (value[key] === null && property?.nullable !== true);
      if (missing && property?.default !== undefined) {
        setOwn(value, key, cloneJson(property.default));
      }
    }

    for (const key of Object.keys(value)) {
      const property = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (property === undefined) {
        continue;
      }

      const current = value[key];
      if (current === null) {
        if (property.nullable !== true) {
          delete value[key];
        }
      } else if (typeof current === 'object') {
        applyDefaults(current, property);
      }
    }
  }

  if (typeof additionalProperties === 'object') {
    for (const key of Object.keys(value)) {
      if (properties !== undefined && Object.hasOwn(properties, key)) {
        continue;
      }

      if (
        value[key] === null &&
        additionalProperties.nullable !== true &&
        additionalProperties.default !== undefined
      ) {
        setOwn(value, key, cloneJson(additionalProperties.default));
      }

      if (value[key] === null && additionalProperties.nullable !== true) {
        delete value[key];
      }
      if (typeof value[key] === 'object') {
        applyDefaults(value[key], additionalProperties);
      }
    }
  }
}
