import { CREDENTIAL_TYPE_PREFIX } from '@ks-apiserver/api/devops';
import { LAST_APPLIED } from '@ks-apiserver/apimachinery/meta/annotations';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';

type Path = readonly string[];

/** Fields of a kind that hold secrets, as paths from the object's root. */
export interface SecretFields {
  paths: readonly Path[];
  /** Returns the paths of one object, for a kind of which only some objects hold secrets. */
  pathsOf?: (object: Readonly<Record<string, unknown>>) => readonly Path[];
  /**
   * Text that is in every object with secrets, for a kind of which few objects have any: answers
   * without it are passed on as they are, and not parsed.
   */
  mark?: string;
  /** Whether callers who may do everything see them; otherwise nobody does. */
  shownToAdministrators: boolean;
}

/** The key of a credential's data that everybody sees who sees the credential. */
const SHOWN_KEY = 'username';

/**
 * Kinds whose objects hold secrets besides data that others may see, by `group/resource`. Secrets
 * themselves are protected by rights, but those that are credentials of Jenkins are written by
 * members of a project and read by nobody.
 */
const SECRET_FIELDS: ReadonlyMap<string, SecretFields> = new Map<string, SecretFields>([
  [
    '/secrets',
    {
      paths: [['data'], ['stringData']],
      pathsOf: credentialPaths,
      mark: CREDENTIAL_TYPE_PREFIX,
      shownToAdministrators: false,
    },
  ],
  ['iam.kubesphere.io/users', { paths: [['spec', 'password']], shownToAdministrators: false }],
  [
    'types.kubefed.io/federatedsecrets',
    {
      paths: [['spec']],
      pathsOf: federatedCredentialPaths,
      mark: CREDENTIAL_TYPE_PREFIX,
      shownToAdministrators: false,
    },
  ],
  [
    'types.kubefed.io/federatedusers',
    {
      paths: [
        ['spec', 'template', 'spec', 'password'],
        // An override may set the password, too.
        ['spec', 'overrides'],
      ],
      shownToAdministrators: false,
    },
  ],
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

function credentialPaths({ type, data, stringData }: Readonly<Fields>): Path[] {
  if (typeof type !== 'string' || !type.startsWith(CREDENTIAL_TYPE_PREFIX)) {
    return [];
  }

  const below = (field: string, values: unknown) =>
    Object.keys(isFields(values) ? values : {})
      .filter((key) => key !== SHOWN_KEY)
      .map((key): Path => [field, key]);

  return [...below('data', data), ...below('stringData', stringData)];
}

/** Returns the secrets of a federated Secret; overrides may say that it is a credential. */
function federatedCredentialPaths({ spec }: Readonly<Fields>): Path[] {
  const { template, overrides }: Fields = isFields(spec) ? spec : {};
  const changed = JSON.stringify(overrides ?? null).includes(CREDENTIAL_TYPE_PREFIX);
  const ofTemplate = isFields(template) ? credentialPaths(template) : [];

  if (changed) {
    return [['spec']];
  }

  return ofTemplate.length === 0
    ? []
    : [...ofTemplate.map((path) => ['spec', 'template', ...path]), ['spec', 'overrides']];
}

function pathsIn(object: Readonly<Fields>, { paths, pathsOf }: SecretFields): readonly Path[] {
  return pathsOf ? pathsOf(object) : paths;
}

/**
 * Whether the annotation in which kubectl keeps what was applied holds secrets. Metadata alone does
 * not tell an object's type.
 */
function appliedSecrets(object: Readonly<Fields>, { pathsOf }: SecretFields): boolean {
  if (!pathsOf) {
    return true;
  }

  const applied = valueAt(object, ['metadata', 'annotations', LAST_APPLIED]);

  return typeof applied === 'string' && applied.includes(CREDENTIAL_TYPE_PREFIX);
}

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

  for (const path of pathsIn(value, fields)) {
    result = withoutPath(result, path);
  }

  if (appliedSecrets(value, fields)) {
    result = withoutPath(result, ['metadata', 'annotations', LAST_APPLIED]);
  }

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

/** Returns the paths at which an object holds secrets. */
export function secretPathsOf(object: KubeObject, fields: SecretFields): readonly Path[] {
  return pathsIn(object, fields).filter((path) => {
    const value = valueAt(object, path);
    return typeof value === 'string' && value !== '';
  });
}

/** Returns the secrets of an object. */
export function secretsOf(object: KubeObject | undefined, fields: SecretFields): string[] {
  return (object ? pathsIn(object, fields) : [])
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
  fields: SecretFields,
): KubeObject {
  let result: Fields = proposed;

  for (const path of pathsIn(stored, fields)) {
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
