import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const widgets = '/apis/example.com/v1/namespaces/default/widgets';

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['color'],
      properties: {
        color: { type: 'string' },
        n: { type: 'integer', maximum: 5, default: 3 },
        replicas: { type: 'integer' },
      },
      'x-kubernetes-validations': [
        { rule: 'self.n < 4', message: 'n too big' },
        { rule: 'self.color == oldSelf.color', message: 'color is immutable' },
      ],
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' } } },
  },
};

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: schema },
        subresources: {
          status: {},
          scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
        },
        selectableFields: [{ jsonPath: '.spec.color' }],
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        schema: { openAPIV3Schema: schema },
      },
    ],
  },
};

const widget = (name: string, spec: object) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
});

describe('custom resources', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
    const created = await server.call('POST', definitions, { body: definition });
    assert.equal(created.status, 201, created.text);
  });

  after(() => server.close());

  test('are served as soon as they are defined, with defaults and without unknown fields', async () => {
    const created = await server.call('POST', widgets, {
      body: { ...widget('a', { color: 'red' }), x: 1 },
    });
    assert.equal(created.status, 201, created.text);
    assert.deepEqual(created.body.spec, { color: 'red', n: 3 });
    assert.equal(created.body.x, undefined);
    assert.equal(created.body.metadata.generation, 1);
    assert.equal(created.headers.warning, '299 - "unknown field \\"x\\""');

    const resources = await server.call('GET', '/apis/example.com/v1');
    assert.deepEqual(
      resources.body.resources.map((resource: { name: string }) => resource.name),
      ['widgets', 'widgets/status', 'widgets/scale'],
    );
  });

  test("are refused by schema and rules in Kubernetes' wording", async () => {
    const cases: [object, number, string][] = [
      [
        widget('b', { n: 'x' }),
        422,
        'Widget.example.com "b" is invalid: [spec.n: Invalid value: "string": spec.n in body must be of type integer: "string", spec.color: Required value, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
      ],
      [
        widget('b', { color: 'a', n: 4 }),
        422,
        'Widget.example.com "b" is invalid: spec: Invalid value: n too big',
      ],
      [
        { ...widget('b', {}), apiVersion: 'example.com/v2' },
        400,
        'the API version in the data (example.com/v2) does not match the expected API version (example.com/v1)',
      ],
    ];

    for (const [body, status, message] of cases) {
      const answer = await server.call('POST', widgets, { body });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.body.message, message);
    }
  });

  test('rules compare with the old object', async () => {
    await server.call('POST', widgets, { body: widget('c', { color: 'red' }) });

    const headers = { 'content-type': 'application/merge-patch+json' };
    const same = await server.call('PATCH', `${widgets}/c`, { headers, body: { spec: { n: 2 } } });

    assert.equal(same.status, 200, same.text);
    assert.equal(same.body.metadata.generation, 2);

    const other = await server.call('PATCH', `${widgets}/c`, {
      headers,
      body: { spec: { color: 'blue' } },
    });

    assert.match(other.body.message, /color is immutable/);

    const strategic = await server.call('PATCH', `${widgets}/c`, {
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      body: {},
    });

    assert.equal(strategic.status, 415);
  });

  test('status is separate from the rest', async () => {
    await server.call('POST', widgets, {
      body: { ...widget('d', { color: 'red' }), status: { replicas: 5 } },
    });

    const read = await server.call('GET', `${widgets}/d`);
    assert.equal(read.body.status, undefined);

    const headers = { 'content-type': 'application/merge-patch+json' };
    const body = { status: { replicas: 2 }, spec: { n: 1 } };
    const patched = await server.call('PATCH', `${widgets}/d/status`, { headers, body });

    assert.deepEqual(patched.body.status, { replicas: 2 });
    assert.equal(patched.body.spec.n, 3);
    assert.equal(patched.body.metadata.generation, 1);
  });

  test('are served in every version, selected by field, and applied', async () => {
    const beta = await server.call('GET', '/apis/example.com/v1beta1/namespaces/default/widgets/a');
    assert.equal(beta.body.apiVersion, 'example.com/v1beta1');

    assert.equal(
      beta.headers.warning,
      '299 - "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"',
    );

    const applied = await server.call('PATCH', `${widgets}/applied?fieldManager=me`, {
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: applied}\nspec: {color: green}\n',
    });

    assert.equal(applied.status, 201, applied.text);
    assert.equal(applied.body.metadata.managedFields[0].operation, 'Apply');

    const green = await server.call('GET', `${widgets}?fieldSelector=spec.color%3Dgreen`);
    assert.deepEqual(
      green.body.items.map((item: { kind: string; metadata: { name: string } }) => [
        item.kind,
        item.metadata.name,
      ]),
      [['Widget', 'applied']],
    );
  });

  test('follow a changed schema, and are deleted with their definition', async () => {
    const crd = (await server.call('GET', `${definitions}/widgets.example.com`)).body;
    crd.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size = {
      type: 'string',
      default: 'L',
    };

    const updated = await server.call('PUT', `${definitions}/widgets.example.com`, { body: crd });
    assert.equal(updated.status, 200, updated.text);
    assert.equal((await server.call('GET', `${widgets}/a`)).body.spec.size, 'L');

    const deleted = await server.call('DELETE', `${definitions}/widgets.example.com`);
    assert.equal(deleted.status, 200, deleted.text);

    for (let i = 0; i < 50 && (await server.call('GET', definitions)).body.items.length > 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    assert.equal((await server.call('GET', widgets)).status, 404);
    await server.call('POST', definitions, { body: definition });
    assert.deepEqual((await server.call('GET', widgets)).body.items, []);
  });

  test('bad definitions are refused', async () => {
    const bad = structuredClone(definition) as never as {
      metadata: { name: string };
      spec: { versions: unknown[] };
    };

    bad.spec.versions = [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              a: { properties: {} },
              b: { type: 'array' },
              c: { type: 'object', 'x-kubernetes-list-type': 'set' },
            },
          },
        },
      },
    ];

    const answer = await server.call('POST', definitions, { body: bad });
    assert.equal(answer.status, 422, answer.text);

    const causes = answer.body.details.causes.map(
      (cause: { field: string; message: string }) => `${cause.field}: ${cause.message}`,
    );

    assert.deepEqual(causes, [
      'spec.validation.openAPIV3Schema.properties[c].type: Invalid value: "object": must be array if x-kubernetes-list-type is specified',
      'spec.validation.openAPIV3Schema.properties[a].type: Required value: must not be empty for specified object fields',
      'spec.validation.openAPIV3Schema.properties[b].items: Required value: must be specified',
    ]);

    const rules = [{ rule: 'self.missing == 1' }];

    const root = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      'x-kubernetes-validations': rules,
    };

    bad.spec.versions = [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: root } },
    ];

    const refused = await server.call('POST', definitions, { body: bad });
    assert.match(
      refused.body.message,
      /x-kubernetes-validations\[0\]\.rule: Invalid value: .*compilation failed: ERROR: <input>:1:5: undefined field 'missing'\n \| self\.missing == 1\n \| \.\.\.\.\^$/,
    );
  });

  test('a CRD in a group of Kubernetes needs an approval annotation, which cannot be removed', async () => {
    const approved = 'api-approved.kubernetes.io';

    const body = {
      ...definition,
      metadata: {
        name: 'widgets.test.k8s.io',
        annotations: { [approved]: 'https://example.com/pull/1' },
      },
      spec: { ...definition.spec, group: 'test.k8s.io' },
    };

    const created = await server.call('POST', definitions, { body });
    assert.equal(created.status, 201, created.text);

    const path = `${definitions}/widgets.test.k8s.io`;

    const condition = async () => {
      const { conditions } = (await server.call('GET', path)).body.status;
      return conditions.find(
        ({ type }: { type: string }) => type === 'KubernetesAPIApprovalPolicyConformant',
      );
    };

    assert.equal((await condition()).reason, 'ApprovedAnnotation');

    const headers = { 'content-type': 'application/merge-patch+json' };

    const annotate = (value: string | null) =>
      server.call('PATCH', path, {
        headers,
        body: { metadata: { annotations: { [approved]: value } } },
      });

    assert.equal((await annotate('unapproved, for now')).status, 200);

    const { status, message } = await condition();
    assert.deepEqual([status, message], ['False', 'not approved: "unapproved, for now"']);
    assert.equal((await annotate(null)).status, 422);
    assert.equal((await annotate('nobody')).status, 422);
  });
});
