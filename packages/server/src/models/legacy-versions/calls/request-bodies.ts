import { assertNesting, isObject } from '@ks-apiserver/apimachinery/json/json';
import {
  badRequest,
  StatusError,
  unsupportedMediaType,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest } from '@ks-apiserver/apimachinery/transport/transport';
import { parseConfiguration } from '../../gate/applied-configuration.ts';
import { mediaType } from '../../gate/reviewed-write.ts';
import type { Conversion } from '../conversion.ts';
import { changedAt, type Fields, isAbsent, isFields, parsePath } from '../fields.ts';
import type { Told } from '../legacy-kind.ts';
import { servedObject } from '../told-objects.ts';

const READ = ['application/json', 'application/yaml'];

/**
 * What a body says. Throws 400 for what is no object, 415 for protobuf, of which older versions had
 * another form.
 */
export function parseObject(request: KubeRequest, body: Buffer): Fields {
  const type = mediaType(request);
  if (type !== '' && !READ.includes(type)) {
    throw unsupportedMediaType(READ);
  }

  const value = type === 'application/yaml' ? parseConfiguration(body) : parseJson(body);

  return checkedObject(value);
}

/** JSON of a body. Throws 400. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`the body cannot be read as JSON: ${(error as Error).message}`);
  }
}

/** Throws 400 for what is no object, and for one that is nested too deeply. */
export function checkedObject(value: unknown): Fields {
  if (!isObject(value)) {
    throw badRequest('the body is no object');
  }

  assertNesting(value);

  return value;
}

/**
 * Throws 400 where an object names another version or kind than its path, in the words of
 * Kubernetes.
 */
export function checkType({ apiVersion, kind }: Fields, { legacyIn, kind: expected }: Told): void {
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

/** How a call wants to be told of fields that its version does not have. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** What the query says about it; like Kubernetes, who says nothing is warned. */
export function fieldValidationOf(query: URLSearchParams): FieldValidation {
  const value = query.get('fieldValidation');
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn';
}

/**
 * An object without the fields that only the served version has: the older one does not know them.
 */
export function withoutNewerFields(
  object: Fields,
  paths: readonly string[],
): { object: Fields; unknown: string[] } {
  const unknown: string[] = [];
  let result = object;

  for (const path of paths) {
    const steps = parsePath(path);
    const name = steps.at(-1)!;
    result = changedAt(result, steps.slice(0, -1), (holder) => {
      if (!isFields(holder) || holder[name] === undefined) {
        return holder;
      }

      unknown.push(path);

      const { [name]: _dropped, ...rest } = holder;

      return rest;
    }) as Fields;
  }

  return { object: result, unknown: [...new Set(unknown)] };
}

/** A write's object as it is stored, and the fields that its version does not have. */
export interface ServedBody {
  object: Fields;
  warnings: string[];
}

/** An object of the older version with the defaults of that version. */
export type Completion = (conversion: Conversion, object: Fields) => Fields;

/** All defaults: of an object that is written as a whole. */
export const whole: Completion = ({ withDefaults }, object) =>
  withDefaults ? withDefaults(object) : object;

/**
 * An object of the older version as it is to be written. Throws 400 for another type of object, and
 * for unknown fields where the call is strict about them.
 */
export function servedBody(
  told: Told,
  given: Fields,
  fieldValidation: FieldValidation,
  complete: Completion = whole,
): ServedBody {
  checkType(given, told);

  const { conversion, kind, legacyIn } = told;
  const { object, unknown } = withoutNewerFields(given, conversion?.unknown ?? []);
  if (unknown.length > 0 && fieldValidation === 'Strict') {
    const list = unknown.map((path) => `unknown field "${path}"`).join(', ');
    throw new StatusError(400, 'BadRequest', `strict decoding error: ${list}`);
  }

  const completed = conversion ? complete(conversion, object) : object;

  return {
    object: servedObject(told, { ...completed, apiVersion: legacyIn, kind }),
    warnings: fieldValidation === 'Warn' ? unknown.map((path) => `unknown field "${path}"`) : [],
  };
}
