import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterOverride, FederatedTemplate } from './federated-object.ts';
import { FEDERATED_NAMESPACE, federatedKind } from './kinds.ts';
import { ignoredFieldsOf, OverrideError, overridesOf, renderFor } from './render.ts';

const CONFIG_MAP = federatedKind('ConfigMap');

function configMap(
  template: object,
  overrides: { clusterName: string; clusterOverrides?: ClusterOverride[] }[] = [],
): FederatedTemplate {
  return {
    metadata: { name: 'settings', namespace: 'shop' },
    spec: { template: template as Record<string, never>, overrides },
  };
}

test('an object is its template with the name of the federated one, and a label', () => {
  const federated = configMap({
    apiVersion: 'evil/v1',
    kind: 'Evil',
    metadata: { name: 'x', namespace: 'y', generateName: 'z', labels: { a: 'b' } },
    data: { color: 'red' },
  });

  assert.deepEqual(renderFor(CONFIG_MAP, federated, 'east'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'settings',
      namespace: 'shop',
      labels: { a: 'b', 'kubefed.io/managed': 'true' },
    },
    data: { color: 'red' },
  });
});

test('a namespace is in no namespace, and needs no template', () => {
  const federated = { metadata: { name: 'shop', namespace: 'shop' }, spec: {} };
  assert.deepEqual(renderFor(FEDERATED_NAMESPACE, federated, 'east'), {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'kubefed.io/managed': 'true' } },
  });
});

test('annotations and finalizers of a template are left out, those of overrides are not', () => {
  const federated = configMap({ metadata: { annotations: { a: 'b' }, finalizers: ['x'] } }, [
    {
      clusterName: 'east',
      clusterOverrides: [{ op: 'add', path: '/metadata/annotations', value: { c: 'd' } }],
    },
  ]);

  assert.deepEqual(ignoredFieldsOf(federated), ['annotations', 'finalizers']);
  assert.equal(renderFor(CONFIG_MAP, federated, 'west').metadata.annotations, undefined);
  assert.equal(renderFor(CONFIG_MAP, federated, 'west').metadata.finalizers, undefined);
  assert.deepEqual(renderFor(CONFIG_MAP, federated, 'east').metadata.annotations, { c: 'd' });
});

test('overrides are made in their order, and replace by default', () => {
  const federated = configMap({ data: { a: '1', b: '2' } }, [
    {
      clusterName: 'east',
      clusterOverrides: [
        { path: '/data/a', value: '3' },
        { op: 'remove', path: '/data/b' },
        { op: 'add', path: '/data/c', value: '4' },
      ],
    },
  ]);

  assert.deepEqual(renderFor(CONFIG_MAP, federated, 'east').data, { a: '3', c: '4' });
  assert.deepEqual(renderFor(CONFIG_MAP, federated, 'west').data, { a: '1', b: '2' });
});

const wrong: Record<string, { clusterName: string; clusterOverrides?: ClusterOverride[] }[]> = {
  'a cluster twice': [{ clusterName: 'east' }, { clusterName: 'east' }],
  'a path twice': [
    {
      clusterName: 'east',
      clusterOverrides: [
        { path: '/data/a', value: '1' },
        { path: '/data/a', value: '2' },
      ],
    },
  ],
  'a missing path': [
    { clusterName: 'east', clusterOverrides: [{ op: 'remove', path: '/spec/replicas' }] },
  ],
  'metadata that is no object': [
    { clusterName: 'east', clusterOverrides: [{ path: '/metadata', value: 'x' }] },
  ],
  ...Object.fromEntries(
    ['/kind', '/metadata/name', '/metadata/namespace', '/metadata/generateName'].map((path) => [
      path,
      [{ clusterName: 'east', clusterOverrides: [{ path, value: 'x' }] }],
    ]),
  ),
};

for (const [what, overrides] of Object.entries(wrong)) {
  test(`refused in overrides: ${what}`, () => {
    assert.throws(
      () => renderFor(CONFIG_MAP, configMap({ data: { a: '0' } }, overrides), 'east'),
      OverrideError,
    );
  });
}

test('an Ingress of older consoles is sent as members have it, with its overrides', () => {
  const old = (serviceName: string) => ({ serviceName, servicePort: 80 });
  const federated: FederatedTemplate = {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      template: {
        spec: {
          backend: { serviceName: 'd', servicePort: 'http' },
          rules: [{ host: 'a.b', http: { paths: [{ path: '/', backend: old('web') }] } }],
        },
      },
      overrides: [
        {
          clusterName: 'east',
          clusterOverrides: [{ path: '/spec/rules/0/http/paths/0/backend', value: old('other') }],
        },
      ],
    },
  };
  const ingress = renderFor(federatedKind('Ingress'), federated, 'east');
  const service = { name: 'other', port: { number: 80 } };

  assert.equal(ingress.apiVersion, 'networking.k8s.io/v1');
  assert.deepEqual(ingress.spec, {
    defaultBackend: { service: { name: 'd', port: { name: 'http' } } },
    rules: [
      {
        host: 'a.b',
        http: {
          paths: [{ path: '/', pathType: 'ImplementationSpecific', backend: { service } }],
        },
      },
    ],
  });

  const kind = federatedKind('Ingress');
  assert.ok(kind.older);
  const older = renderFor({ ...kind, target: kind.older }, federated, 'east');
  assert.equal(older.apiVersion, 'networking.k8s.io/v1beta1');
  assert.deepEqual(older.spec.backend, { serviceName: 'd', servicePort: 'http' });
  assert.deepEqual(older.spec.rules[0].http.paths[0].backend, old('other'));

  const current: FederatedTemplate = {
    metadata: federated.metadata,
    spec: { template: ingress as never },
  };
  assert.deepEqual(renderFor(federatedKind('Ingress'), current, 'west').spec, ingress.spec);
});

const pointers = fc
  .array(
    fc.constantFrom('metadata', 'labels', 'name', 'namespace', 'kind', 'data', 'a', '-', '0'),
    {
      maxLength: 4,
    },
  )
  .map((tokens) => tokens.map((token) => `/${token}`).join(''));

const overrides = fc.array(
  fc.record({
    op: fc.constantFrom('add', 'replace', 'remove', 'move', 'copy', 'test', '', 'other'),
    path: pointers,
    from: pointers,
    value: fc.jsonValue(),
  }),
  { maxLength: 5 },
);

test('no override changes which object it is, or takes its label', () => {
  fc.assert(
    fc.property(overrides, fc.dictionary(fc.string(), fc.jsonValue()), (operations, data) => {
      const federated = configMap({ data, metadata: { labels: { a: 'b' } } }, [
        { clusterName: 'east', clusterOverrides: operations as ClusterOverride[] },
      ]);

      let object: ReturnType<typeof renderFor>;

      try {
        object = renderFor(CONFIG_MAP, federated, 'east');
      } catch (error) {
        assert.ok(error instanceof OverrideError, String(error));
        return;
      }

      assert.equal(object.kind, 'ConfigMap');
      assert.equal(object.apiVersion, 'v1');
      assert.equal(object.metadata.name, 'settings');
      assert.equal(object.metadata.namespace, 'shop');
      assert.equal(object.metadata.generateName, undefined);
      assert.equal(object.metadata.labels?.['kubefed.io/managed'], 'true');
    }),
  );
});

test('overrides of any shape are read, or refused with an OverrideError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        overridesOf({ spec: { overrides: value as never } });
      } catch (error) {
        assert.ok(error instanceof OverrideError, String(error));
      }
    }),
  );
});
