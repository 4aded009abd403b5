import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinKinds } from '../schemas/builtin.ts';
import { OpenApiDocuments } from './documents.ts';
import type { OpenApiResource } from './operations.ts';

const all = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const builtin: OpenApiResource[] = builtinKinds().map(({ group, version, kind }) => ({
  group,
  version,
  kind,
  listKind: `${kind}List`,
  resource: `${kind.toLowerCase()}s`,
  namespaced: true,
  verbs: all,
  subresources: [{ name: 'status', verbs: ['get', 'patch', 'update'] }],
}));

const custom: OpenApiResource = {
  group: 'iam.example.io',
  version: 'v1',
  kind: 'Thing',
  listKind: 'ThingList',
  resource: 'things',
  namespaced: false,
  verbs: all,
  subresources: [],
  custom: { schema: { type: 'object', properties: { spec: { type: 'object', nullable: true } } } },
};

const documents = new OpenApiDocuments(() => [...builtin, custom]);
const parse = (body: Buffer) => JSON.parse(body.toString());

function assertReferences(document: unknown, exists: (ref: string) => boolean): void {
  const text = JSON.stringify(document);
  for (const [, ref] of text.matchAll(/"\$ref":"([^"]+)"/g)) {
    assert.ok(exists(ref!), ref);
  }
}

test('the index names a document for each group-version, and every reference in it exists', () => {
  const { paths } = parse(documents.index());
  assert.ok(paths['api/v1'].serverRelativeURL.startsWith('/openapi/v3/api/v1?hash='));

  for (const path of Object.keys(paths)) {
    const document = parse(documents.document(path)!.body);
    assertReferences(
      document,
      (ref) => document.components.schemas[ref.replace('#/components/schemas/', '')] !== undefined,
    );
  }

  assert.equal(documents.document('apis/nope/v1'), undefined);
});

test('kubectl finds kinds, patch parameters and merge keys', () => {
  const document = parse(documents.document('apis/apps/v1')!.body);
  const deployment = document.components.schemas['io.k8s.api.apps.v1.Deployment'];

  assert.deepEqual(deployment['x-kubernetes-group-version-kind'], [
    { group: 'apps', kind: 'Deployment', version: 'v1' },
  ]);

  const containers =
    document.components.schemas['io.k8s.api.core.v1.PodSpec'].properties.containers;
  assert.equal(containers['x-kubernetes-patch-merge-key'], 'name');
  assert.deepEqual(containers.items, { $ref: '#/components/schemas/io.k8s.api.core.v1.Container' });

  const { patch } = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
  assert.ok(patch.parameters.some(({ name }: { name: string }) => name === 'fieldValidation'));
  assert.equal(patch['x-kubernetes-action'], 'patch');
});

test('the document of version 2 holds everything once', () => {
  const document = parse(documents.v2());
  assertReferences(
    document,
    (ref) => document.definitions[ref.replace('#/definitions/', '')] !== undefined,
  );

  const int = document.definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString'];
  assert.equal(int.format, 'int-or-string');
  assert.equal(document.definitions['io.example.iam.v1.Thing'].properties.spec.nullable, undefined);
});

test('a changed CRD changes the hash of its group-version only', () => {
  let schema = custom.custom!.schema;
  const served = new OpenApiDocuments(() => [...builtin, { ...custom, custom: { schema } }]);
  const before = parse(served.index()).paths;

  schema = { type: 'object' };
  served.invalidate();

  const after = parse(served.index()).paths;
  assert.deepEqual(after['api/v1'], before['api/v1']);
  assert.notDeepEqual(after['apis/iam.example.io/v1'], before['apis/iam.example.io/v1']);
});
