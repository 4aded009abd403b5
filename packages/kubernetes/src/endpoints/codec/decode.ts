import { isObject } from '@ks-apiserver/apimachinery/json/json';
import { badRequest, invalid, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { apiVersionOf, type KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { jsonTypeName } from '@ks-apiserver/apimachinery/patch/merge-patch';
import { checkTypes } from '@ks-apiserver/apimachinery/schema/decode';
import { pruneUnknown } from '@ks-apiserver/apimachinery/schema/prune';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { invalidValue } from '@ks-apiserver/apimachinery/validation/field';
import { schemaOf } from '../../registry/resources/kind-rules.ts';
import type { ResourceType } from '../../registry/resources/resource-type.ts';
import { builtinSchema, metaSchema } from '../../schemas/builtin.ts';
import type { ParsedText } from './json-text.ts';
import { StrictErrors } from './strict-errors.ts';

/** How unknown fields are handled (Kubernetes "API Concepts", "Field validation"). */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The kind and group-version that a body must have. */
export interface ExpectedKind {
  group: string;
  version: string;
  kind: string;
}

/** The part of a custom resource that Go decodes into types: its metadata. */
const CUSTOM_TYPES: Schema = {
  type: 'object',
  properties: { metadata: metaSchema('ObjectMeta') },
  'x-kubernetes-preserve-unknown-fields': true,
};

/** Throws a StatusError 400 where metadata has wrong types. */
export function checkMetadata(object: KubeObject): void {
  checkTypes(object, CUSTOM_TYPES);
}

/**
 * Drops unknown fields, and reports them as the request asks; throws a StatusError 400 in strict
 * validation.
 */
export function applyFieldValidation(
  object: KubeObject,
  schema: Schema | undefined,
  expected: ExpectedKind,
  validation: FieldValidation,
  warnings: string[],
  text?: ParsedText,
): void {
  if (!schema) {
    return;
  }

  if (validation === 'Ignore') {
    pruneUnknown(object, schema);
    return;
  }

  const unknown = new StrictErrors();
  pruneUnknown(object, schema, (path) => unknown.unknown(path));

  const told = text?.strictErrors?.(schema);
  const errors = told ?? unknown.list();

  // Unknown fields of custom resources and of patches are sorted by their paths.
  if (!told && ('custom' in expected || !text)) {
    errors.sort();
  }
  if (errors.length === 0) {
    return;
  }

  const { kind, version } = expected;

  if (validation === 'Strict') {
    const isYaml = errors.some((error) => error.startsWith('line '));
    const lines = errors.filter((error) => error.startsWith('line '));

    const shown = isYaml
      ? [
          `yaml: unmarshal errors:\n  ${lines.join('\n  ')}`,
          ...errors.filter((error) => !lines.includes(error)),
        ]
      : errors;

    throw badRequest(
      `${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${shown.join(', ')}`,
    );
  }

  warnings.push(...errors);
}

/** Whether the API has a kind or a list kind. */
function isKnown(kind: string, groupVersion: string): boolean {
  const [version, group = ''] = groupVersion.split('/').reverse() as [string, string?];
  return (
    kind === 'List' ||
    builtinSchema({ group, version, kind: kind.replace(/(.)List$/, '$1') }) !== undefined
  );
}

/**
 * Decodes an object of a kind from a parsed body: with the right JSON types and without unknown
 * fields. Throws a StatusError 400.
 */
export function decodeKind(
  value: unknown,
  expected: ExpectedKind,
  schema: Schema | undefined,
  validation: FieldValidation,
  warnings: string[],
  typed: Schema | undefined = schema,
  text?: ParsedText,
): KubeObject {
  const apiVersion = apiVersionOf(expected);
  const prefix = (kind: string, version: string) =>
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: `;

  if (!isObject(value)) {
    throw badRequest(
      `${prefix('', '')}json: cannot unmarshal ${jsonTypeName(value)} into Go value`,
    );
  }

  const kind = value.kind || expected.kind;
  const given = value.apiVersion || apiVersion;
  if (typeof kind !== 'string' || typeof given !== 'string') {
    throw badRequest(
      `${prefix('', '')}couldn't get version/kind; kind and apiVersion must be strings`,
    );
  }

  if (kind !== expected.kind || given !== apiVersion) {
    const version = given.slice(given.indexOf('/') + 1);

    const why =
      kind === expected.kind || !isKnown(kind, given)
        ? `no kind "${kind}" is registered for version "${given}" in scheme "pkg/runtime/scheme.go:111"`
        : `converting (${given.replace('/', '.')}.${kind}) to (${expected.group || 'core'}.${expected.kind}): unknown conversion`;

    throw badRequest(prefix(kind, version) + why);
  }

  const metadata = value.metadata ?? {};
  if (!isObject(metadata)) {
    throw badRequest(
      `${prefix(kind, expected.version)}json: cannot unmarshal ${jsonTypeName(metadata)} into Go struct field ${kind}.metadata of type v1.ObjectMeta`,
    );
  }

  const object = { ...value, kind, apiVersion, metadata } as KubeObject;

  if (typed) {
    checkTypes(object, typed);
  }

  applyFieldValidation(object, schema, expected, validation, warnings, text);

  if ('custom' in expected) {
    dropEmptyMetadata(object);
  }

  return object;
}

/** Go omits empty fields of metadata, also of custom resources. */
export function dropEmptyMetadata({ metadata }: KubeObject): void {
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    const value = metadata[field];
    if (value && Object.keys(value).length === 0) {
      delete metadata[field];
    }
  }

  if (metadata.generateName === '') {
    delete metadata.generateName;
  }
}

/** Decodes an object of a resource from a parsed body; custom resources must name their type. */
export function decodeObject(
  type: ResourceType,
  value: unknown,
  validation: FieldValidation,
  warnings: string[],
  text?: ParsedText,
): KubeObject {
  if (type.custom && isObject(value)) {
    const expected = apiVersionOf(type);

    if (typeof value.kind !== 'string' || value.kind === '') {
      const text = JSON.stringify(value);
      const short = text.length > 30 ? `${text.slice(0, 30)} ...` : text;

      throw badRequest(
        `the object provided is unrecognized (must be of type ${type.kind}): Object 'Kind' is missing in '${text.slice(0, 1000)}' (${short})`,
      );
    }

    if (value.kind !== type.kind) {
      const { name } = (value.metadata ?? {}) as { name?: string };
      const causes = [invalidValue('kind', value.kind, `must be ${type.kind}`)];

      throw invalid(
        { group: type.group, kind: value.kind, ...(name !== undefined && { name }) },
        causes,
      );
    }

    if (value.apiVersion !== expected) {
      throw badRequest(
        `the API version in the data (${value.apiVersion}) does not match the expected API version (${expected})`,
      );
    }
  }

  // Wrong types in custom resources are found by validation (422), not by decoding (400).
  const typed = type.custom ? CUSTOM_TYPES : schemaOf(type);

  try {
    return decodeKind(value, type, schemaOf(type), validation, warnings, typed, text);
  } catch (error) {
    // Go decodes the metadata of custom resources separately.
    if (!type.custom || !(error instanceof StatusError) || error.code !== 400) {
      throw error;
    }

    throw badRequest(
      error.message.replace('struct field ObjectMeta.metadata.', 'struct field ObjectMeta.'),
    );
  }
}
