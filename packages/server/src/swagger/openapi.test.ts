import assert from 'node:assert/strict';
import { test } from 'node:test';
import SwaggerParser from '@apidevtools/swagger-parser';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { builtinManifests } from '../install/manifests.ts';
import { routeTables } from '../kapis/routes.ts';
import { describeCustomResources } from './custom-resources.ts';
import { license, type SwaggerDocument, type SwaggerOperation } from './document.ts';
import { convertToOpenApi } from './openapi.ts';
import { describeApi } from './reference.ts';

const info = { title: 'Test', version: 'v1', license };
const path = '/kapis/test/v1/users';

function documentOf(operation: Partial<SwaggerOperation>, at = path): SwaggerDocument {
  const post = {
    operationId: 'PostUser',
    tags: ['Users'],
    responses: { 200: { description: 'OK' } },
    ...operation,
  };

  return { swagger: '2.0', info, paths: { [at]: { post } }, definitions: {} };
}

const convert = (...documents: SwaggerDocument[]) =>
  convertToOpenApi(documents, { info, isPublic: (one) => one === '/oauth/token' });

test('the reference is valid, and contains every route and every served custom resource', async () => {
  const document = describeApi(routeTables());
  await SwaggerParser.validate(structuredClone(document) as never);

  for (const route of routeTables()) {
    const path = route.path.replace(/:\*\}$/, '}');
    assert.ok(document.paths[path]?.[route.method.toLowerCase()], path);
  }

  for (const { spec } of builtinManifests().crds) {
    for (const version of spec.versions.filter(({ served }: { served: boolean }) => served)) {
      const list = `/apis/${spec.group}/${version.name}/${spec.names.plural}`;
      assert.ok(document.paths[list]?.get, list);
    }
  }
});

test('a body, a form and parameters get their form in OpenAPI 3.1', () => {
  const { paths } = convert(
    documentOf({
      consumes: ['application/json', 'application/yaml'],
      parameters: [
        { name: 'sort', in: 'query', type: 'string', description: 'Order.', default: 'up' },
        { name: 'body', in: 'body', required: true, schema: { $ref: '#/definitions/User' } },
      ],
    }),
    documentOf(
      {
        operationId: 'Token',
        consumes: ['application/x-www-form-urlencoded'],
        parameters: [
          { name: 'code', in: 'formData', type: 'string', required: true, description: 'A code.' },
        ],
      },
      '/oauth/token',
    ),
  );
  const schema = { $ref: '#/components/schemas/User' };
  assert.deepEqual(paths[path]?.post?.requestBody, {
    required: true,
    content: { 'application/json': { schema }, 'application/yaml': { schema } },
  });
  // A viewer sends defaults of a schema, and lists would take them for filters.
  assert.deepEqual(paths[path]?.post?.parameters, [
    { name: 'sort', in: 'query', description: 'Order. (default: up)', schema: { type: 'string' } },
  ]);
  assert.deepEqual(paths['/oauth/token']?.post?.requestBody?.content, {
    'application/x-www-form-urlencoded': {
      schema: {
        type: 'object',
        properties: { code: { type: 'string', description: 'A code.' } },
        required: ['code'],
      },
    },
  });
});

test('only public paths need no log-in', () => {
  const { paths, security } = convert(
    documentOf({}),
    documentOf({ operationId: 'Token' }, '/oauth/token'),
  );
  assert.deepEqual(paths['/oauth/token']?.post?.security, []);
  assert.equal(paths[path]?.post?.security, undefined);
  assert.deepEqual(security, [{ token: [] }, { password: [] }]);
});

test('nullable values are declared as in JSON Schema, at every depth', () => {
  const document = documentOf({});
  document.definitions.User = {
    type: 'object',
    properties: {
      state: { type: 'string', enum: ['Active'], 'x-nullable': true },
      friend: { $ref: '#/definitions/User', 'x-nullable': true },
      pets: { type: 'array', items: { type: 'integer', 'x-nullable': true } },
    },
  };
  const { components } = convert(document);
  assert.deepEqual(components.schemas.User?.properties, {
    state: { type: ['string', 'null'], enum: ['Active', null] },
    friend: { anyOf: [{ $ref: '#/components/schemas/User' }, { type: 'null' }] },
    pets: { type: 'array', items: { type: ['integer', 'null'] } },
  });
});

test('documents that contradict each other are refused', () => {
  assert.throws(() => convert(documentOf({}), documentOf({})), /two documents have the path/);
  assert.throws(() => convert(documentOf({}), documentOf({}, '/x')), /two operations have the id/);

  const [one, other] = [documentOf({}), documentOf({ operationId: 'Other' }, '/x')];
  one.definitions.User = { type: 'object' };
  other.definitions.User = { type: 'string' };
  assert.throws(() => convert(one, other), /define User differently/);
});

test('a custom resource has the paths of its scope, its subresources and served versions', () => {
  const version = (name: string, served: boolean, subresources = {}) => ({
    name,
    served,
    subresources,
    schema: { openAPIV3Schema: { type: 'object' } },
  });
  const crd = {
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Thing', plural: 'things' },
      versions: [version('v1', true, { status: {} }), version('v2', true), version('v0', false)],
    },
  } as unknown as KubeObject;
  assert.deepEqual(Object.keys(describeCustomResources([crd]).paths), [
    '/apis/example.com/v1/namespaces/{namespace}/things',
    '/apis/example.com/v1/namespaces/{namespace}/things/{name}',
    '/apis/example.com/v1/namespaces/{namespace}/things/{name}/status',
    '/apis/example.com/v1/things',
    '/apis/example.com/v2/namespaces/{namespace}/things',
    '/apis/example.com/v2/namespaces/{namespace}/things/{name}',
    '/apis/example.com/v2/things',
  ]);
});
