import type {
  PathItem,
  SwaggerDocument,
  SwaggerOperation,
  SwaggerParameter,
  SwaggerSchema,
} from './document.ts';

/** A schema of OpenAPI 3.1, which is JSON Schema 2020-12. */
type Schema = Record<string, unknown>;

/** Bodies by their media type. */
type Content = Record<string, { schema: Schema }>;

/** An operation of OpenAPI 3.1, as far as the reference needs it. */
export interface OpenApiOperation {
  operationId: string;
  summary?: string;
  description?: string;
  tags: readonly string[];
  parameters?: object[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  security?: Record<string, string[]>[];
}

/** An OpenAPI 3.1 document (spec.openapis.org/oas/v3.1.1). */
export interface OpenApiDocument {
  openapi: '3.1.1';
  info: SwaggerDocument['info'];
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, object> };
  security: Record<string, string[]>[];
}

/** What the Swagger documents do not say. */
export interface OpenApiOptions {
  info: SwaggerDocument['info'];
  /** Returns whether a path needs no log-in. */
  isPublic: (path: string) => boolean;
}

const JSON_TYPE = 'application/json';
const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);

/** Keywords of a Swagger 2.0 parameter that are no part of its schema. */
const OF_PARAMETERS = new Set([
  'name',
  'in',
  'description',
  'required',
  'schema',
  'uniqueItems',
  'collectionFormat',
]);

/** Keywords below which schemas stand by name. */
const MAPS = new Set(['properties', 'patternProperties', 'definitions']);

/** Keywords that hold a list of schemas. */
const LISTS = new Set(['allOf', 'anyOf', 'oneOf']);

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token or API token, for users with a second factor and for programs.',
  },
  password: {
    type: 'oauth2',
    description: 'Name and password of a user.',
    flows: { password: { tokenUrl: '/oauth/token', refreshUrl: '/oauth/token', scopes: {} } },
  },
};

function convertAll(schemas: Record<string, SwaggerSchema>): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, convertSchema(schema)]),
  );
}

function convertKeyword(key: string, value: unknown): unknown {
  if (MAPS.has(key)) {
    return convertAll(value as Record<string, SwaggerSchema>);
  }

  if (Array.isArray(value) && LISTS.has(key)) {
    return value.map((part) => convertSchema(part as SwaggerSchema));
  }

  const isSchema = (key === 'items' || key === 'additionalProperties') && typeof value === 'object';

  return isSchema ? convertSchema(value as SwaggerSchema) : value;
}

/** Converts a schema of Swagger 2.0 to JSON Schema 2020-12. */
function convertSchema({ 'x-nullable': isNullable, ...schema }: SwaggerSchema): Schema {
  const converted: Schema = {};

  for (const [key, value] of Object.entries(schema)) {
    converted[key] = convertKeyword(key, value);
  }

  if (schema.$ref !== undefined) {
    converted.$ref = schema.$ref.replace('#/definitions/', '#/components/schemas/');
  }

  if (schema.type === 'file') {
    converted.type = 'string';
    converted.format = 'binary';
  }

  if (isNullable !== true) {
    return converted;
  }

  if (typeof converted.type !== 'string') {
    return { anyOf: [converted, { type: 'null' }] };
  }

  const values = Array.isArray(converted.enum) && { enum: [...converted.enum, null] };

  return { ...converted, type: [converted.type, 'null'], ...values };
}

function convertParameterSchema(parameter: SwaggerParameter): Schema {
  const keywords = Object.entries(parameter).filter(([key]) => !OF_PARAMETERS.has(key));

  return convertSchema(Object.fromEntries(keywords));
}

/**
 * Converts a parameter to OpenAPI 3.1. The default of an optional one goes into its description and
 * not into its schema: viewers send defaults, and lists take unknown parameters for filters.
 */
function convertParameter(parameter: SwaggerParameter): object {
  const { name, in: place, description, required, collectionFormat, default: preset } = parameter;
  const isLeftOut = preset !== undefined && required !== true;
  const { default: _, ...schema } = convertParameterSchema(parameter);
  const about = [description, isLeftOut && `(default: ${String(preset)})`].filter(Boolean);
  const isList = place === 'query' && parameter.type === 'array';

  return {
    name,
    in: place,
    ...(about.length > 0 && { description: about.join(' ') }),
    ...(required && { required }),
    ...(isList && { explode: collectionFormat === 'multi' }),
    schema: isLeftOut ? schema : convertParameterSchema(parameter),
  };
}

function describeContent(types: readonly string[], schema: Schema): Content {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

/** Converts the body parameter of an operation, or those of its form, to a request body. */
function convertBody(
  parameters: readonly SwaggerParameter[],
  consumes: readonly string[],
): OpenApiOperation['requestBody'] {
  const body = parameters.find((parameter) => parameter.in === 'body');

  if (body) {
    const schema = convertSchema(body.schema ?? {});

    return { required: body.required === true, content: describeContent(consumes, schema) };
  }

  const fields = parameters.filter((parameter) => parameter.in === 'formData');

  if (fields.length === 0) {
    return undefined;
  }

  const required = fields.filter((field) => field.required).map(({ name }) => name);
  const properties = fields.map((field) => [
    field.name,
    {
      ...convertParameterSchema(field),
      ...(field.description && { description: field.description }),
    },
  ]);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(properties) as Schema,
    ...(required.length > 0 && { required }),
  };

  return { required: required.length > 0, content: describeContent(consumes, schema) };
}

/** Returns the tag of an operation without one: the group and version of its path. */
function chooseTag(path: string): string {
  const [prefix = '', group, version] = path.split('/').filter((segment) => segment !== '');

  if (prefix !== 'kapis' && prefix !== 'apis') {
    return prefix;
  }

  return [group ?? prefix, version].filter(Boolean).join('/');
}

function convertOperation(
  path: string,
  operation: SwaggerOperation,
  shared: readonly SwaggerParameter[],
): OpenApiOperation {
  const { operationId, summary, description, tags, consumes, produces } = operation;
  const parameters = [...shared, ...(operation.parameters ?? [])];
  const plain = parameters.filter(({ in: place }) => place !== 'body' && place !== 'formData');
  const requestBody = convertBody(parameters, consumes ?? [JSON_TYPE]);

  const responses = Object.entries(operation.responses).map(([status, response]) => {
    const schema = response.schema ? convertSchema(response.schema) : {};
    const content = describeContent(produces ?? [JSON_TYPE], schema);

    return [status, { description: response.description, content }] as const;
  });

  return {
    operationId,
    ...(summary && { summary }),
    ...(description && { description }),
    tags: tags.length > 0 ? tags : [chooseTag(path)],
    ...(plain.length > 0 && { parameters: plain.map(convertParameter) }),
    ...(requestBody && { requestBody }),
    responses: Object.fromEntries(responses),
  };
}

function convertPath(
  path: string,
  { parameters = [], ...item }: PathItem,
): Record<string, OpenApiOperation> {
  const operations = Object.entries(item).filter(([method]) => METHODS.has(method));

  return Object.fromEntries(
    operations.map(([method, operation]) => [
      method,
      convertOperation(path, operation as SwaggerOperation, parameters),
    ]),
  );
}

/**
 * Converts several Swagger 2.0 documents to one OpenAPI 3.1 document. Throws when two of them have
 * the same path or operation id, or different definitions of one name.
 */
export function convertToOpenApi(
  documents: readonly SwaggerDocument[],
  { info, isPublic }: OpenApiOptions,
): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {};
  const schemas: Record<string, Schema> = {};
  const ids = new Set<string>();

  for (const document of documents) {
    for (const [path, item] of Object.entries(document.paths)) {
      if (paths[path]) {
        throw new Error(`two documents have the path ${path}`);
      }

      const operations = convertPath(path, item);
      paths[path] = operations;

      for (const operation of Object.values(operations)) {
        if (ids.has(operation.operationId)) {
          throw new Error(`two operations have the id ${operation.operationId}`);
        }

        ids.add(operation.operationId);

        if (isPublic(path)) {
          operation.security = [];
        }
      }
    }

    for (const [name, schema] of Object.entries(convertAll(document.definitions))) {
      if (schemas[name] && JSON.stringify(schemas[name]) !== JSON.stringify(schema)) {
        throw new Error(`two documents define ${name} differently`);
      }

      schemas[name] = schema;
    }
  }

  const tags = Object.values(paths)
    .flatMap((item) => Object.values(item))
    .flatMap((operation) => operation.tags);

  return {
    openapi: '3.1.1',
    info,
    servers: [{ url: '/' }],
    tags: [...new Set(tags)].sort().map((name) => ({ name })),
    paths,
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
    security: Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] })),
  };
}
