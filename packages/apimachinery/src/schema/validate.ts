import { equalJson, getOwn, isObject, type JsonObject } from '../json/json.ts';
import type { StatusCause } from '../meta/errors.ts';
import {
  child,
  duplicate,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../validation/field.ts';
import { hasFormat } from './formats.ts';
import { goNumber, hasAtMost, typeFits, typeOf } from './json-values.ts';
import { matchesPattern } from './pattern.ts';
import type { Schema } from './schema.ts';

const maxCauses = 100;

/**
 * How many characters all causes may have together: each may show a path or a value as long as the
 * object.
 */
const maxCauseText = 256 * 1024;

class Validation {
  readonly causes: StatusCause[] = [];
  #text = 0;

  add(cause: StatusCause): void {
    if (this.causes.length >= maxCauses || this.#text > maxCauseText) {
      return;
    }

    this.causes.push(cause);
    this.#text += (cause.message?.length ?? 0) + (cause.field?.length ?? 0);
  }

  string(value: string, schema: Schema, path: string): void {
    const { minLength, maxLength, pattern, format } = schema;
    if (maxLength !== undefined && !hasAtMost(value, maxLength)) {
      this.add(tooLong(path, maxLength));
    }

    if (minLength !== undefined && hasAtMost(value, minLength - 1)) {
      this.add(
        invalidValue(path, value, `${path} in body should be at least ${minLength} chars long`),
      );
    }

    if (pattern !== undefined && !matchesPattern(value, pattern)) {
      this.add(invalidValue(path, value, `${path} in body should match '${pattern}'`));
    }

    if (format !== undefined && !hasFormat(value, format)) {
      this.add(
        typeInvalid(
          path,
          value,
          `${path} in body must be of type ${format}: ${JSON.stringify(value)}`,
        ),
      );
    }
  }

  number(value: number, schema: Schema, path: string): void {
    const { multipleOf, maximum, minimum, format } = schema;
    const at = `${path} in body should be`;

    if (format === 'int32' && (value > 2147483647 || value < -2147483648)) {
      const why = `Checked value must be of type integer with format int32 in ${path}`;
      this.add(invalidValue('<nil>', '', why));
    }

    if (
      multipleOf !== undefined &&
      multipleOf > 0 &&
      !Number.isInteger(Number((value / multipleOf).toPrecision(15)))
    ) {
      this.add(invalidValue(path, value, `${at} a multiple of ${goNumber(multipleOf)}`));
    }

    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
      const word = schema.exclusiveMaximum ? 'less than' : 'less than or equal to';
      this.add(invalidValue(path, value, `${at} ${word} ${goNumber(maximum)}`));
    }

    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
      const word = schema.exclusiveMinimum ? 'greater than' : 'greater than or equal to';
      this.add(invalidValue(path, value, `${at} ${word} ${goNumber(minimum)}`));
    }
  }

  array(value: readonly unknown[], schema: Schema, path: string, old?: unknown): void {
    const { minItems, maxItems, items } = schema;
    if (minItems !== undefined && value.length < minItems) {
      this.add(
        invalidValue(path, value.length, `${path} in body should have at least ${minItems} items`),
      );
    }

    if (maxItems !== undefined && value.length > maxItems) {
      this.add(tooMany(path, value.length, maxItems));
    }

    if (items !== undefined) {
      const before = counterparts(schema, old);
      for (const [i, item] of value.entries()) {
        this.value(item, items, `${path}[${i}]`, before?.(item));
      }
    }

    const listType = schema['x-kubernetes-list-type'];
    if (listType === 'set' || schema.uniqueItems === true) {
      this.set(value, path);
    } else if (listType === 'map') {
      this.map(value, schema['x-kubernetes-list-map-keys'] ?? [], items, path);
    }
  }

  set(value: readonly unknown[], path: string): void {
    const seen = new Map<string, number>();

    for (const [i, item] of value.entries()) {
      const key = canonical(item);
      // A value is reported once, however often it occurs.
      if (seen.get(key) === 1) {
        this.add(duplicate(`${path}[${i}]`, item));
      }

      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }

  map(
    value: readonly unknown[],
    keys: readonly string[],
    items: Schema | undefined,
    path: string,
  ): void {
    const seen = new Set<string>();

    for (const [i, item] of value.entries()) {
      if (!isObject(item)) {
        continue;
      }

      const shown: JsonObject = {};

      for (const key of keys) {
        const part = getOwn(item, key) ?? items?.properties?.[key]?.default;
        if (part !== undefined) {
          shown[key] = part;
        }
      }

      const text = canonical(shown);
      if (seen.has(text)) {
        this.add(duplicate(`${path}[${i}]`, shown));
      }

      seen.add(text);
    }
  }

  object(value: JsonObject, schema: Schema, path: string, old?: unknown): void {
    const { properties, additionalProperties, minProperties, maxProperties } = schema;
    const keys = Object.keys(value);
    if (minProperties !== undefined && keys.length < minProperties) {
      this.add(
        invalidValue(
          path,
          keys.length,
          `${path} in body should have at least ${minProperties} properties`,
        ),
      );
    }

    if (maxProperties !== undefined && keys.length > maxProperties) {
      this.add(tooMany(path, keys.length, maxProperties));
    }

    for (const key of keys) {
      const property = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
      const before = isObject(old) ? getOwn(old, key) : undefined;

      if (property !== undefined) {
        this.value(value[key], property, child(path, key), before);
      } else if (typeof additionalProperties === 'object') {
        this.value(value[key], additionalProperties, child(path, key), before);
      }
    }

    for (const key of schema.required ?? []) {
      if (!Object.hasOwn(value, key)) {
        this.add(required(child(path, key)));
      }
    }

    if (schema['x-kubernetes-embedded-resource'] === true && path !== '') {
      for (const key of ['apiVersion', 'kind']) {
        if (typeof value[key] !== 'string' || value[key] === '') {
          this.add(required(child(path, key)));
        }
      }
    }
  }

  /** Reports what the first of several schemas finds, as Kubernetes does when none fits. */
  #firstOf([first]: readonly Schema[], value: unknown, path: string): void {
    if (first) {
      this.value(value, first, path);
    }
  }

  combinations(value: unknown, schema: Schema, path: string): void {
    const { allOf, anyOf, oneOf, not } = schema;
    const name = JSON.stringify(path);

    if (anyOf !== undefined && !anyOf.some((branch) => isValid(value, branch))) {
      this.add(invalidValue('<nil>', '', `${name} must validate at least one schema (anyOf)`));
      this.#firstOf(anyOf, value, path);
    }

    if (oneOf !== undefined) {
      const valid = oneOf.filter((branch) => isValid(value, branch)).length;
      if (valid !== 1) {
        const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
        this.add(
          invalidValue(
            '<nil>',
            '',
            `${name} must validate one and only one schema (oneOf). ${found}`,
          ),
        );

        if (valid === 0) {
          this.#firstOf(oneOf, value, path);
        }
      }
    }

    if (allOf !== undefined) {
      const failed = allOf.filter((branch) => !isValid(value, branch));
      for (const branch of failed) {
        this.value(value, branch, path);
      }

      if (failed.length > 0) {
        const none = failed.length === allOf.length ? '. None validated' : '';
        this.add(invalidValue('<nil>', '', `${name} must validate all the schemas (allOf)${none}`));
      }
    }

    if (not !== undefined && isValid(value, not)) {
      this.add(invalidValue('<nil>', '', `${name} must not validate the schema (not)`));
    }
  }

  /**
   * `old` is the former value: what did not change is not checked again, whatever the schema says
   * now.
   */
  value(value: unknown, schema: Schema, path: string, old?: unknown): void {
    if (old !== undefined && equalJson(value, old)) {
      return;
    }

    if (value === null && schema.nullable === true) {
      // Kubernetes accepts null for no value of an enum, not even when the enum names it.
      if (schema.enum !== undefined) {
        this.add(notSupported(path, value, schema.enum));
      }

      return;
    }

    const actual = typeOf(value);
    if (!typeFits(actual, schema)) {
      const expected = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type;
      this.add(
        typeInvalid(path, actual, `${path} in body must be of type ${expected}: "${actual}"`),
      );

      if (schema.type !== 'integer' || typeof value !== 'number') {
        return;
      }

      // A number with a fraction is still validated as a number.
      this.add(
        invalidValue(
          '<nil>',
          '',
          `Checked value must be of type integer (default format) in ${path}`,
        ),
      );
    }

    if (schema.enum !== undefined && !schema.enum.some((allowed) => equalJson(allowed, value))) {
      this.add(notSupported(path, value, schema.enum));
    }

    if (typeof value === 'string') {
      this.string(value, schema, path);
    } else if (typeof value === 'number') {
      this.number(value, schema, path);
    } else if (Array.isArray(value)) {
      this.array(value, schema, path, old);
    } else if (isObject(value)) {
      this.object(value, schema, path, old);
    }

    this.combinations(value, schema, path);
  }
}

/**
 * Returns how to find the old item of a `map` list that had the same keys; items of other lists
 * have none.
 */
function counterparts(schema: Schema, old: unknown): ((item: unknown) => unknown) | undefined {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys || !Array.isArray(old)) {
    return undefined;
  }

  const identity = (item: JsonObject) => canonical(keys.map((key) => getOwn(item, key) ?? null));
  const byKeys = new Map<string, unknown>();

  for (const item of old) {
    if (!isObject(item)) {
      continue;
    }

    const id = identity(item);
    if (!byKeys.has(id)) {
      byKeys.set(id, item);
    }
  }

  return (item) => (isObject(item) ? byKeys.get(identity(item)) : undefined);
}

function isValid(value: unknown, schema: Schema): boolean {
  const validation = new Validation();
  validation.value(value, schema, '');
  return validation.causes.length === 0;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    isObject(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/**
 * Returns what in a value breaks its schema, in the words of Kubernetes' CRD validation: at most
 * 100 causes, none when it is valid. Patterns run in linear time. With `old`, the former value,
 * what did not change may stay as it is (Kubernetes "Validation ratcheting").
 */
export function validateSchema(value: unknown, schema: Schema, old?: unknown): StatusCause[] {
  const validation = new Validation();
  validation.value(value, schema, '', old);
  return validation.causes;
}
