import type { Route } from '@ks-apiserver/http/routes/route';
import {
  license,
  type PathItem,
  type SwaggerDocument,
  type SwaggerOperation,
  type SwaggerParameter,
  type SwaggerSchema,
  sorted,
} from './document.ts';
import { operationIds } from './operation-ids.ts';
import { SchemaConverter } from './type-schema.ts';

const json = ['application/json'];

// `required` lists fields in a schema and is a truth value in a parameter.
function simple({ required: _, ...schema }: SwaggerSchema): Omit<SwaggerSchema, 'required'> {
  return schema;
}

function parametersOf(route: Route, converter: SchemaConverter): SwaggerParameter[] {
  const declared = (route.parameters ?? []).map(
    ({ in: place, name, description, schema, required }): SwaggerParameter => ({
      ...simple(converter.convert(schema)),
      description,
      name,
      in: place,
      ...((required || place === 'path') && { required: true }),
    }),
  );

  const names = new Set(
    declared.filter((parameter) => parameter.in === 'path').map(({ name }) => name),
  );

  const undeclared = [...route.path.matchAll(/\{([^}:*]+)[^}]*\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !names.has(name))
    .map((name): SwaggerParameter => ({ type: 'string', name, in: 'path', required: true }));

  const body: SwaggerParameter[] = route.body
    ? [{ name: 'body', in: 'body', required: true, schema: converter.convert(route.body) }]
    : [];

  return [...undeclared, ...declared, ...body];
}

function operationOf(
  route: Route,
  operationId: string,
  converter: SchemaConverter,
): SwaggerOperation {
  const parameters = parametersOf(route, converter);
  const schema: SwaggerSchema | undefined = route.returns && converter.convert(route.returns);
  const takesBody = parameters.some(
    (parameter) => parameter.in === 'body' || parameter.in === 'formData',
  );
  const consumes = route.consumes ?? (takesBody ? json : undefined);

  return {
    ...(consumes && { consumes }),
    produces: route.produces ?? json,
    tags: route.tags,
    summary: route.summary,
    operationId,
    ...(parameters.length > 0 && { parameters }),
    responses: { 200: { description: 'OK', ...(schema && { schema }) } },
  };
}

/**
 * Swagger 2.0 of the route tables. Throws where a schema refers to a definition that no route holds.
 */
export function kubesphereSwagger(routes: readonly Route[]): SwaggerDocument {
  const converter = new SchemaConverter();
  const ids = operationIds(routes);
  const paths = new Map<string, PathItem>();

  for (const route of routes) {
    const path = route.path.replace(/:\*\}$/, '}');
    const item = paths.get(path) ?? {};
    paths.set(path, item);
    item[route.method.toLowerCase()] = operationOf(
      route,
      ids.get(route) ?? route.operationId,
      converter,
    );
  }

  const missing = converter.undefinedNames();
  if (missing.length > 0) {
    throw new Error(`no schema has the $id ${missing.join(', ')}`);
  }

  return {
    swagger: '2.0',
    info: { title: 'KubeSphere', description: 'The KubeSphere API.', version: 'v3.0.0', license },
    paths: sorted(paths),
    definitions: sorted(converter.definitions),
    securityDefinitions: { jwt: { type: 'apiKey', name: 'Authorization', in: 'header' } },
    security: [{ jwt: [] }],
  };
}
