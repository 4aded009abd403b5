import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import SwaggerParser from '@apidevtools/swagger-parser';
import type { Route } from '@ks-apiserver/http/routes/route';
import Type from 'typebox';
import { routeTables } from '../kapis/routes.ts';
import { compareDeeply, compareOperations, operationsOf, parseOperations } from './compare.ts';
import { crdSwagger } from './crd-swagger.ts';
import { kubesphereSwagger } from './kubesphere-swagger.ts';
import { operationIds } from './operation-ids.ts';

const published = parseOperations(
  readFileSync(new URL('../../../../api/operations-3.0.txt', import.meta.url), 'utf8'),
);

test('the custom resources have all operations that 3.0 published, by the same ids', () => {
  const operations = published.operations.filter(({ path }) => path.startsWith('/apis/'));
  assert.equal(operations.length, 118);

  const document = crdSwagger();
  assert.deepEqual(compareOperations(operations, document), { missing: [], renamed: [] });
  assert.equal(operationsOf(document).size, 118);
});

test('every reference of the custom resources is defined', () => {
  const document = crdSwagger();
  const names = [...JSON.stringify(document).matchAll(/"#\/definitions\/([^"]+)"/g)].map(
    ([, name]) => name!,
  );

  assert.deepEqual(
    [...new Set(names)].filter((name) => !document.definitions[name]),
    [],
  );

  const connection =
    document.definitions['io.kubesphere.kubesphere.pkg.apis.cluster.v1alpha1.Connection'];
  assert.deepEqual(connection?.properties?.kubernetesAPIServerPort, {
    type: 'integer',
    format: 'int32',
  });
});

test('no more operations of 3.0 are missing than the list allows, and none has another name', () => {
  const operations = published.operations.filter(({ path }) => !path.startsWith('/apis/'));
  assert.equal(operations.length, 212);

  const { missing, renamed } = compareOperations(operations, kubesphereSwagger(routeTables()));
  assert.deepEqual(renamed, []);
  assert.ok(missing.length <= published.missingAtMost, `${missing.length} missing`);
});

test('both documents are valid Swagger 2.0', async () => {
  const documents = { crds: crdSwagger(), kubesphere: kubesphereSwagger(routeTables()) };
  for (const [name, document] of Object.entries(documents)) {
    await assert.doesNotReject(SwaggerParser.validate(structuredClone(document) as never), name);
  }
});

test('operations that 3.0 published under one id get distinct ids by their paths', () => {
  const routeAt = (path: string): Route => ({ ...route, path });
  const routes = ['/v1/devops/{d}/roles', '/v1/namespaces/{n}/roles', '/v1/roles'].map(routeAt);
  assert.deepEqual(
    [...operationIds(routes).values()],
    ['UpdateUser', 'UpdateUserDevops', 'UpdateUserNamespaces'],
  );

  assert.deepEqual(
    [...operationIds([routeAt('/v1/pods'), routeAt('/v1/pods/{pod}')]).values()],
    ['UpdateUser', 'UpdateUserByPod'],
  );

  assert.throws(
    () => operationIds([routeAt('/v1/{b}'), routeAt('/v1/{b}')]),
    /UpdateUser is another/,
  );
});

const User = Type.Object(
  { name: Type.String(), friends: Type.Optional(Type.Array(Type.Ref('test.User'))) },
  { $id: 'test.User' },
);

const route: Route = {
  method: 'PUT',
  path: '/kapis/test/v1/users/{user}',
  operationId: 'UpdateUser',
  summary: 'Change a user.',
  tags: ['Users'],
  parameters: [
    { in: 'query', name: 'sort', description: 'Order.', schema: Type.Enum(['up', 'down']) },
  ],
  body: User,
  returns: Type.Object({
    state: Type.Union([Type.Literal('Active'), Type.Literal('Disabled')]),
    last: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    labels: Type.Record(Type.String(), Type.String()),
  }),
  handler: () => undefined,
};

test('a route becomes an operation', () => {
  const document = kubesphereSwagger([route]);
  assert.deepEqual(document.paths['/kapis/test/v1/users/{user}']?.put, {
    consumes: ['application/json'],
    produces: ['application/json'],
    tags: ['Users'],
    summary: 'Change a user.',
    operationId: 'UpdateUser',
    parameters: [
      { type: 'string', name: 'user', in: 'path', required: true },
      { type: 'string', enum: ['up', 'down'], description: 'Order.', name: 'sort', in: 'query' },
      { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/test.User' } },
    ],
    responses: {
      200: {
        description: 'OK',
        schema: {
          type: 'object',
          required: ['state', 'last', 'labels'],
          properties: {
            state: { type: 'string', enum: ['Active', 'Disabled'] },
            last: { type: 'string', format: 'date-time', 'x-nullable': true },
            labels: { type: 'object', additionalProperties: { type: 'string' } },
          },
        },
      },
    },
  });

  assert.deepEqual(document.definitions['test.User']?.properties?.friends, {
    type: 'array',
    items: { $ref: '#/definitions/test.User' },
  });
});

test('a reference to a missing definition is refused', () => {
  assert.throws(
    () => kubesphereSwagger([{ ...route, body: Type.Ref('test.Nobody') }]),
    /test\.Nobody/,
  );
});

test('comparing reports missing, renamed and incomplete operations', () => {
  const document = kubesphereSwagger([route]);

  const { missing, renamed } = compareOperations(
    [
      { method: 'PUT', path: '/kapis/test/v1/users/{name}', operationId: 'PutUser' },
      { method: 'GET', path: '/kapis/test/v1/users', operationId: 'ListUsers' },
    ],
    document,
  );

  assert.deepEqual(
    missing.map(({ operationId }) => operationId),
    ['ListUsers'],
  );

  assert.deepEqual(
    renamed.map(({ ours }) => ours),
    ['UpdateUser'],
  );

  const reference = structuredClone(document);
  (reference.paths['/kapis/test/v1/users/{user}']!.put as { parameters: object[] }).parameters.push(
    {
      in: 'query',
      name: 'page',
    },
  );

  reference.definitions['test.User']!.properties!.age = { type: 'integer' };
  reference.definitions['test.Group'] = {};
  assert.deepEqual(compareDeeply(reference, document), [
    'PUT /kapis/test/v1/users/{user}: no parameter query page',
    'definition test.User: no field age',
    'no definition test.Group',
  ]);
});
