import { assertNesting, isObject, type JsonObject } from '../json/json.ts';
import { badRequest } from '../meta/errors.ts';
import { jsonTypeName } from '../patch/merge-patch.ts';
import { canonicalQuantity, QuantityError } from '../quantity/quantity.ts';
import { isBase64, isDateTime, isGoDuration } from './formats.ts';
import type { Schema } from './schema.ts';

class DecodeError extends Error {}

/** Returns Go's name of a schema's type: `int32`, `[]v1.Container`, `map[string]string`. */
function goType(schema: Schema): string {
  const definition = schema['x-definition'];
  if (definition !== undefined && schema.type === 'object') {
    return definition.split('.').slice(-2).join('.');
  }
  if (schema['x-kubernetes-int-or-string']) {
    return 'int32';
  }

  switch (schema.type) {
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    case 'string':
      return schema.format === 'byte' ? '[]uint8' : 'string';
    case 'array':
      return `[]${goType(schema.items ?? {})}`;
    default:
      if (typeof schema.additionalProperties === 'object') {
        return `map[string]${goType(schema.additionalProperties)}`;
      }

      return 'interface {}';
  }
}

/** The position of a value: Go's name of the struct and the path of fields, without indices. */
interface Place {
  struct: string;
  path: string;
}

function mismatch(value: unknown, schema: Schema, place: Place): DecodeError {
  const literal =
    typeof value === 'number' && schema.type === 'integer'
      ? `number ${value}`
      : jsonTypeName(value);

  const at = place.path === '' ? 'Go value' : `Go struct field ${place.struct}.${place.path}`;

  return new DecodeError(`json: cannot unmarshal ${literal} into ${at} of type ${goType(schema)}`);
}

function checkTime(value: string, layout: string): void {
  if (!isDateTime(value)) {
    const shown = JSON.stringify(value);
    throw new DecodeError(`parsing time ${shown} as "${layout}": cannot parse ${shown} as "2006"`);
  }
}

/** Decodes a meta/v1 Time: whole seconds, in UTC. */
function decodeTime(value: string): string {
  checkTime(value, '2006-01-02T15:04:05Z07:00');
  return `${new Date(value).toISOString().slice(0, 19)}Z`;
}

/** Decodes a meta/v1 MicroTime: exactly six digits of a second, in UTC. */
function decodeMicroTime(value: string): string {
  const layout = '2006-01-02T15:04:05.000000Z07:00';
  checkTime(value, layout);

  const [, fraction, zone = ''] = /[Tt][\d:]+(?:\.(\d+))?(.*)$/.exec(value) ?? [];

  if (fraction?.length !== 6) {
    const rest = (fraction === undefined ? '' : `.${fraction}`) + zone;
    throw new DecodeError(
      `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(rest)} as ".000000"`,
    );
  }

  return `${new Date(value).toISOString().slice(0, 19)}.${fraction}Z`;
}

function decodeString(value: string, schema: Schema): string {
  switch (schema.format) {
    case 'date-time':
      return schema['x-definition']?.endsWith('.MicroTime')
        ? decodeMicroTime(value)
        : decodeTime(value);
    case 'quantity':
      return canonicalQuantity(value.trim());
    case 'go-duration':
      if (!isGoDuration(value)) {
        throw new DecodeError(`time: invalid duration ${JSON.stringify(value)}`);
      }

      return value;
    case 'byte': {
      const bad = value.replace(/[\r\n]/g, '').search(/[^A-Za-z0-9+/=]/);
      if (bad >= 0 || !isBase64(value)) {
        throw new DecodeError(
          `illegal base64 data at input byte ${bad >= 0 ? bad : Math.max(0, value.length - 1)}`,
        );
      }

      return value;
    }
    default:
      return value;
  }
}

function zeroOf(schema: Schema): unknown {
  if (schema.format === 'quantity') {
    return '0';
  }
  if (schema.type === 'string') {
    return '';
  }
  if (schema.type === 'integer' || schema.type === 'number') {
    return 0;
  }
  if (schema.type === 'boolean') {
    return false;
  }

  return schema.type === undefined ? null : {};
}

/**
 * Whether a value has exactly the form of its type: most values have, and then no position is
 * needed for messages.
 */
function isPlain(value: unknown, { type, format }: Schema): boolean {
  return typeof value === 'string'
    ? type === 'string' && format === undefined
    : type === 'boolean' && typeof value === type;
}

function decodeObject(value: JsonObject, schema: Schema, place: Place): void {
  const { properties, additionalProperties } = schema;
  const struct = schema['x-definition']?.split('.').pop() ?? place.struct;

  for (const key of Object.keys(value)) {
    const property = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const item = value[key];

    if (property !== undefined) {
      if (item === null) {
        delete value[key];
      } else if (!isPlain(item, property)) {
        const path = place.path === '' ? key : `${place.path}.${key}`;
        const decoded = decode(item, property, { struct, path });
        if (decoded === undefined) {
          delete value[key];
        } else {
          value[key] = decoded as never;
        }
      }
    } else if (typeof additionalProperties === 'object' && key !== '__proto__') {
      if (isPlain(item, additionalProperties)) {
        continue;
      }

      value[key] = (
        item === null ? zeroOf(additionalProperties) : decode(item, additionalProperties, place)
      ) as never;
    }
  }
}

/**
 * Decodes JSONSchemaPropsOrBool and the like: returns an object of the type, or the other form;
 * undefined when it is neither and is ignored.
 */
function decodeAlternative(value: unknown, schema: Schema, object: Schema, place: Place): unknown {
  if (isObject(value)) {
    decodeObject(value, object, place);
  } else if (schema['x-definition']?.endsWith('OrBool')) {
    if (typeof value !== 'boolean') {
      throw new DecodeError('boolean or JSON schema expected');
    }
  } else if (Array.isArray(value) && value.length > 0) {
    for (const item of value) {
      if (isObject(item)) {
        decodeObject(item, object, place);
      }
    }
  } else {
    return undefined;
  }

  return value;
}

function decode(value: unknown, schema: Schema, place: Place): unknown {
  if (schema['x-object']) {
    return decodeAlternative(value, schema, schema['x-object'], place);
  }

  if (schema.format === 'quantity') {
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new QuantityError(quantityShape);
    }
    return canonicalQuantity(String(value).trim());
  }

  if (schema['x-kubernetes-int-or-string']) {
    if (typeof value === 'string') {
      return value;
    }
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) {
      return value;
    }

    throw mismatch(value, { type: 'integer', format: 'int32' }, place);
  }

  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') {
        throw mismatch(value, schema, place);
      }

      return decodeString(value, schema);
    case 'integer':
      if (typeof value !== 'number' || !Number.isInteger(value)) {
        throw mismatch(value, schema, place);
      }
      if (schema.format === 'int32' && Math.abs(value) > 2147483648) {
        throw mismatch(value, schema, place);
      }

      return value;
    case 'number':
      if (typeof value !== 'number') {
        throw mismatch(value, schema, place);
      }

      return value;
    case 'boolean':
      if (typeof value !== 'boolean') {
        throw mismatch(value, schema, place);
      }

      return value;
    case 'array': {
      if (!Array.isArray(value)) {
        throw mismatch(value, schema, place);
      }

      const items = schema.items;
      if (items !== undefined) {
        for (let i = 0; i < value.length; i++) {
          value[i] = value[i] === null ? zeroOf(items) : decode(value[i], items, place);
        }
      }

      return value;
    }
    case 'object':
      if (!isObject(value)) {
        throw mismatch(value, schema, place);
      }

      decodeObject(value, schema, place);

      return value;
    default:
      return value;
  }
}

const quantityShape =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/**
 * Decodes, in place, an object of a built-in kind as Kubernetes' typed decoder does: nulls count as
 * absent, times become UTC, quantities canonical. Throws a StatusError 400 in its wording where a
 * JSON type does not fit the schema, or where the object is nested too deeply. Kinds of CRDs are
 * only checked by `validateSchema`.
 */
export function checkTypes(value: unknown, schema: Schema): void {
  assertNesting(value);

  const { kind, apiVersion } = (value ?? {}) as { kind?: unknown; apiVersion?: unknown };

  try {
    decode(value, schema, { struct: String(kind), path: '' });
  } catch (error) {
    if (!(error instanceof DecodeError) && !(error instanceof QuantityError)) {
      throw error;
    }

    const version = String(apiVersion).split('/').pop();

    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: ${error.message}`,
    );
  }
}
