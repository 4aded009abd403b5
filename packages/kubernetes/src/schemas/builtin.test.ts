import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinKinds, builtinSchema, metaSchema } from './builtin.ts';

const pod = { group: '', version: 'v1', kind: 'Pod' };

test('every kind has a schema with type, metadata and a description', () => {
  const kinds = builtinKinds();
  assert.ok(kinds.length > 60);

  for (const gvk of kinds) {
    const schema = builtinSchema(gvk);
    assert.equal(schema?.type, 'object', gvk.kind);
    assert.deepEqual(schema?.properties?.apiVersion?.type, 'string', gvk.kind);
    assert.equal(schema?.properties?.metadata?.['x-definition']?.endsWith('Meta'), true, gvk.kind);
    assert.ok(schema?.description, gvk.kind);
    assert.equal(builtinSchema(gvk), schema);
  }
});

test('a pod has containers as a list merged by name, with defaults and patch strategies', () => {
  const containers = builtinSchema(pod)?.properties?.spec?.properties?.containers;
  assert.equal(containers?.['x-kubernetes-list-type'], 'map');
  assert.deepEqual(containers?.['x-kubernetes-list-map-keys'], ['name']);
  assert.equal(containers?.['x-kubernetes-patch-merge-key'], 'name');

  const ports = containers?.items?.properties?.ports;
  assert.deepEqual(ports?.['x-kubernetes-list-map-keys'], ['containerPort', 'protocol']);
  assert.equal(ports?.items?.properties?.protocol?.default, 'TCP');

  const volumes = builtinSchema(pod)?.properties?.spec?.properties?.volumes;
  assert.equal(volumes?.['x-kubernetes-patch-strategy'], 'merge,retainKeys');
});

test('the same name in two groups is two kinds', () => {
  const core = builtinSchema({ group: '', version: 'v1', kind: 'Event' });
  const events = builtinSchema({ group: 'events.k8s.io', version: 'v1', kind: 'Event' });
  assert.ok(core?.properties?.involvedObject);
  assert.ok(events?.properties?.regarding);
});

test('JSONSchemaProps contains itself', () => {
  const crd = builtinSchema({
    group: 'apiextensions.k8s.io',
    version: 'v1',
    kind: 'CustomResourceDefinition',
  });

  const root =
    crd?.properties?.spec?.properties?.versions?.items?.properties?.schema?.properties
      ?.openAPIV3Schema;
  assert.equal(root?.properties?.not, root);
});

test('lists of kinds, also without objects', () => {
  assert.equal(
    builtinSchema({ ...pod, kind: 'PodList' })?.properties?.items?.items,
    builtinSchema(pod),
  );

  assert.equal(builtinSchema({ ...pod, kind: 'Nope' }), undefined);
  assert.equal(builtinSchema({ ...pod, kind: 'PodSpec' }), undefined);
  assert.equal(builtinSchema({ group: 'nope', version: 'v1', kind: 'Pod' }), undefined);
  assert.ok(metaSchema('ObjectMeta').properties?.managedFields);
});
