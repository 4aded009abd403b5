import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
/** A schema of Swagger 2.0: a subset of JSON Schema, with `$ref` to `#/definitions/…`. */
export interface SwaggerSchema {
  $ref?: string;
  type?: string;
  format?: string;
  description?: string;
  enum?: readonly unknown[];
  default?: unknown;
  items?: SwaggerSchema;
  properties?: Record<string, SwaggerSchema>;
  additionalProperties?: SwaggerSchema | boolean;
  required?: readonly string[];
  allOf?: readonly SwaggerSchema[];
  'x-kubernetes-group-version-kind'?: readonly GroupVersionKindJson[];
  [keyword: string]: unknown;
}

interface GroupVersionKindJson {
  group: string;
  version: string;
  kind: string;
}

/** A parameter of Swagger 2.0; one with `in: body` has a schema, the others a type. */
export interface SwaggerParameter {
  in: string;
  name: string;
  description?: string;
  required?: boolean;
  type?: string;
  schema?: SwaggerSchema;
  [keyword: string]: unknown;
}

/** An operation of Swagger 2.0. */
export interface SwaggerOperation {
  operationId: string;
  summary?: string;
  description?: string;
  tags: readonly string[];
  consumes?: readonly string[];
  produces?: readonly string[];
  schemes?: readonly string[];
  parameters?: SwaggerParameter[];
  responses: Record<string, { description: string; schema?: SwaggerSchema }>;
  'x-kubernetes-action'?: string;
  'x-kubernetes-group-version-kind'?: GroupVersionKindJson;
}

/** One path: its operations by lower-case method, and parameters that all of them share. */
export interface PathItem {
  [method: string]: SwaggerOperation | SwaggerParameter[] | undefined;
  parameters?: SwaggerParameter[];
}

/** A Swagger 2.0 document (swagger.io/specification/v2). */
export interface SwaggerDocument {
  swagger: '2.0';
  info: {
    title: string;
    description?: string;
    version: string;
    license: { name: string; url: string };
  };
  paths: Record<string, PathItem>;
  definitions: Record<string, SwaggerSchema>;
  securityDefinitions?: Record<string, { type: string; name: string; in: string }>;
  security?: Record<string, string[]>[];
}

/** The license that both documents name. */
export const license = { name: 'Apache 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' };

/** Returns a reference to a definition. */
export function ref(name: string): SwaggerSchema {
  return { $ref: `#/definitions/${name}` };
}

/**
 * Returns the same entries in the order of their keys, so that generated files differ only when
 * their content does.
 */
export function sorted<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => compareText(a, b)));
}
