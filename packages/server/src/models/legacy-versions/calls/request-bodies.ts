import { assertNesting, isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import {
  badRequest,
  StatusError,
  unsupportedMediaType,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { Json } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeRequest } from '@ks-apiserver/apimachinery/transport/transport';
import { parseConfiguration } from '../../gate/applied-configuration.ts';
import { mediaType } from '../../gate/reviewed-write.ts';
import type { Conversion } from '../conversion.ts';
import { toServedObject } from '../convert-objects.ts';
import { changeAt, type Fields, isAbsent, isFields, parsePath } from '../fields.ts';
import type { VersionMapping } from '../legacy-kind.ts';

const READABLE = ['application/json', 'application/yaml'];

/**
 * Parses the object of a body. Throws 400 for anything else, 415 for protobuf, whose encoding
 * differs in older versions.
 */
export function parseObject(request: KubeRequest, body: Buffer): Fields {
  const type = mediaType(request);
  if (type !== '' && !READABLE.includes(type)) {
    throw unsupportedMediaType(READABLE);
  }

  const value = type === 'application/yaml' ? parseConfiguration(body) : parseJson(body);

  return requireObject(value);
}

/** Parses the JSON of a body. Throws 400. */
export function parseJson(body: Buffer): Json {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`the body cannot be read as JSON: ${messageOf(error)}`);
  }
}

/** Throws 400 for a value that is no object, and for one that is nested too deeply. */
export function requireObject(value: unknown): JsonObject {
  if (!isObject(value)) {
    throw badRequest('the body is no object');
  }

  assertNesting(value);

  return value;
}

/** Throws 400, in Kubernetes' words, if an object has another version or kind than its path. */
export function checkType(
  { apiVersion, kind }: Fields,
  { legacyIn, kind: expected }: VersionMapping,
): void {
  if (!isAbsent(apiVersion) && apiVersion !== '' && apiVersion !== legacyIn) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${legacyIn})`,
    );
  }

  if (!isAbsent(kind) && kind !== '' && kind !== expected) {
    throw badRequest(
      `${kind} in version "${legacyIn.split('/').at(-1)}" cannot be handled as a ${expected}`,
    );
  }
}

/** What to do about fields that a version does not have. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Returns the validation that a query asks for; warnings by default, as in Kubernetes. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation');
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn';
}

/**
 * Removes the fields that only the served version has, because the older one does not know them.
 */
export function withoutNewerFields(
  object: Fields,
  paths: readonly string[],
): { object: Fields; unknown: string[] } {
  const unknown: string[] = [];
  let result = object;

  for (const path of paths) {
    const steps = parsePath(path);
    const name = steps.at(-1) ?? '';

    const changed = changeAt(result, steps.slice(0, -1), (holder) => {
      if (!isFields(holder) || holder[name] === undefined) {
        return holder;
      }

      unknown.push(path);

      const { [name]: _dropped, ...rest } = holder;

      return rest;
    });

    result = isFields(changed) ? changed : result;
  }

  return { object: result, unknown: [...new Set(unknown)] };
}

/**
 * The object of a write in the served version, and the fields that its own version does not have.
 */
export interface ServedBody {
  object: Fields;
  warnings: string[];
}

/** Sets defaults of the older version. */
export type Completion = (conversion: Conversion, object: Fields) => Fields;

/** Sets all defaults: for objects that are written as a whole. */
export const setAllDefaults: Completion = ({ withDefaults }, object) =>
  withDefaults ? withDefaults(object) : object;

/**
 * Converts a written object of the older version to the served one. Throws 400 for another type of
 * object, and for unknown fields if the call is strict.
 */
export function toServedBody(
  mapping: VersionMapping,
  given: Fields,
  fieldValidation: FieldValidation,
  complete: Completion = setAllDefaults,
): ServedBody {
  checkType(given, mapping);

  const { conversion, kind, legacyIn } = mapping;
  const { object, unknown } = withoutNewerFields(given, conversion?.unknown ?? []);
  if (unknown.length > 0 && fieldValidation === 'Strict') {
    const list = unknown.map((path) => `unknown field "${path}"`).join(', ');
    throw new StatusError(400, 'BadRequest', `strict decoding error: ${list}`);
  }

  const completed = conversion ? complete(conversion, object) : object;

  return {
    object: toServedObject(mapping, { ...completed, apiVersion: legacyIn, kind }),
    warnings: fieldValidation === 'Warn' ? unknown.map((path) => `unknown field "${path}"`) : [],
  };
}
