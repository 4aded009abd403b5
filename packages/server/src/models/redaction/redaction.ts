import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

/** Fields of a kind that hold secrets, as paths from the object's root. */
export interface SecretFields {
  paths: readonly (readonly string[])[];
  /** Whether callers who may do everything see them; otherwise nobody does. */
  shownToAdministrators: boolean;
}

/**
 * Kinds whose objects hold secrets besides data that others may see, by `group/resource`. Secrets
 * themselves are protected by rights.
 */
const SECRET_FIELDS: ReadonlyMap<string, SecretFields> = new Map([
  ['iam.kubesphere.io/users', { paths: [['spec', 'password']], shownToAdministrators: false }],
  [
    'cluster.kubesphere.io/clusters',
    {
      paths: [
        ['spec', 'connection', 'kubeconfig'],
        ['spec', 'connection', 'token'],
      ],
      shownToAdministrators: true,
    },
  ],
]);

/** Returns the secret fields of a resource; undefined for one without any. */
export function secretFieldsOf({
  group,
  resource,
}: {
  group: string;
  resource: string;
}): SecretFields | undefined {
  return SECRET_FIELDS.get(`${group}/${resource}`);
}

type Fields = { [field: string]: unknown };

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutPath(object: Fields, [field, ...rest]: readonly string[]): Fields {
  if (field === undefined || !Object.hasOwn(object, field)) {
    return object;
  }

  const { [field]: value, ...others } = object;

  if (rest.length === 0) {
    return others;
  }

  return isFields(value) ? { ...object, [field]: withoutPath(value, rest) } : object;
}

/**
 * Returns an object without its secret fields, and without the annotation in which kubectl keeps a
 * copy of them; also a list, a Table or a watch event with such objects. The given value is not
 * changed.
 */
export function withoutSecrets<T>(value: T, fields: SecretFields): T {
  if (!isFields(value)) {
    return value;
  }

  let result: Fields = value;

  for (const path of fields.paths) {
    result = withoutPath(result, path);
  }

  result = withoutPath(result, ['metadata', 'annotations', LAST_APPLIED]);

  if (Array.isArray(result.items)) {
    result = { ...result, items: result.items.map((item) => withoutSecrets(item, fields)) };
  }

  if (Array.isArray(result.rows)) {
    result = { ...result, rows: result.rows.map((row) => withoutSecrets(row, fields)) };
  }

  // The object of a Table's row, or of an event: a short watch may be a single event.
  if (isFields(result.object)) {
    result = { ...result, object: withoutSecrets(result.object, fields) };
  }

  return result as T;
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object;

  for (const field of path) {
    value = isFields(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  }

  return value;
}

/** Returns the secrets of an object. */
export function secretsOf(object: KubeObject | undefined, { paths }: SecretFields): string[] {
  return paths
    .map((path) => valueAt(object, path))
    .filter((value): value is string => typeof value === 'string' && value !== '');
}

/**
 * Restores secrets of the stored object that a written one lacks: callers who write back what they
 * have read have not seen them.
 */
export function withSecretsOf(
  stored: KubeObject,
  proposed: KubeObject,
  { paths }: SecretFields,
): KubeObject {
  let result: Fields = proposed;

  for (const path of paths) {
    const secret = valueAt(stored, path);
    if (secret !== undefined && valueAt(proposed, path) === undefined) {
      result = withValue(result, path, secret);
    }
  }

  return result as KubeObject;
}

function withValue(
  object: Fields,
  [field = '', ...rest]: readonly string[],
  value: unknown,
): Fields {
  if (rest.length === 0) {
    return { ...object, [field]: value };
  }

  const inner = object[field];

  return { ...object, [field]: withValue(isFields(inner) ? inner : {}, rest, value) };
}

/** Removes secrets from a text, also as they are written in JSON. */
export function withoutSecretTexts(text: string, secrets: readonly string[]): string {
  let result = text;

  for (const secret of secrets) {
    for (const form of new Set([secret, JSON.stringify(secret).slice(1, -1)])) {
      result = result.replaceAll(form, '[hidden]');
    }
  }

  return result;
}
