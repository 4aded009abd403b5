import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schema } from '@ks-apiserver/apimachinery/schema/schema';
import { builtinManifests } from './manifests.ts';

const { crds, objects, embedded } = builtinManifests();

/**
 * Returns violations of
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
function breaches(schema: Schema, path: string): string[] {
  const free =
    schema['x-kubernetes-preserve-unknown-fields'] || schema['x-kubernetes-int-or-string'];
  const names = Object.keys(schema.properties ?? {});

  return [
    ...(schema.type === undefined && !free ? [`${path}: no type`] : []),
    ...(schema.type === 'array' && !schema.items ? [`${path}: no items`] : []),
    ...(schema.properties && schema.additionalProperties
      ? [`${path}: both properties and additionalProperties`]
      : []),
    ...(schema.required ?? [])
      .filter((name) => !names.includes(name))
      .map((name) => `${path}.${name}: required only`),
    ...names.flatMap((name) => breaches(schema.properties![name]!, `${path}.${name}`)),
    ...(schema.items ? breaches(schema.items, `${path}[]`) : []),
    ...(typeof schema.additionalProperties === 'object'
      ? breaches(schema.additionalProperties, `${path}{}`)
      : []),
  ];
}

/** Versions that are served besides the stored one, by group, or group and plural. */
const OTHER_VERSIONS: Readonly<Record<string, string>> = {
  'snapshot.storage.k8s.io': 'v1',
  'monitoring.kubesphere.io/dashboards': 'v1alpha1',
};

test('every CRD is structural and named after its group and plural', () => {
  for (const { metadata, spec } of crds) {
    assert.equal(metadata.name, `${spec.names.plural}.${spec.group}`);
    assert.equal(spec.names.listKind, `${spec.names.kind}List`);
    assert.ok(['Cluster', 'Namespaced'].includes(spec.scope));

    const older =
      OTHER_VERSIONS[`${spec.group}/${spec.names.plural}`] ?? OTHER_VERSIONS[spec.group];
    assert.deepEqual(
      spec.versions
        .slice(1)
        .map(({ name, served, storage }: Record<string, unknown>) => [name, served, storage]),
      older ? [[older, true, false]] : [],
    );

    const [version] = spec.versions;
    assert.ok(version.served && version.storage, metadata.name);

    if (older) {
      assert.deepEqual(spec.versions[1].schema, version.schema);
    }

    assert.deepEqual(breaches(version.schema.openAPIV3Schema, metadata.name!), []);

    for (const column of version.additionalPrinterColumns ?? []) {
      assert.match(
        column.jsonPath,
        /^\.(metadata|spec|status|groupRef|users|driver|deletionPolicy)\b/,
      );
    }
  }
});

test('only these kinds have a status subresource: clients of 3.0 write the status of the others with the whole object', () => {
  const withStatus = crds
    .filter(({ spec }) => spec.versions[0].subresources?.status)
    .map(({ spec }) => spec.names.kind);

  assert.deepEqual(withStatus.sort(), [
    'ResourceQuota',
    'S2iBuilder',
    'S2iRun',
    'VolumeSnapshot',
    'VolumeSnapshotContent',
  ]);
});

test('the cluster-scoped kinds are those of Kubernetes’ clients', () => {
  const cluster = crds
    .filter(({ spec }) => spec.scope === 'Cluster')
    .map(({ spec }) => spec.names.plural);

  assert.deepEqual(cluster.sort(), [
    'clusterdashboards',
    'clusters',
    'devopsprojects',
    'globalrolebindings',
    'globalroles',
    'groupbindings',
    'groups',
    'loginrecords',
    'provisionercapabilities',
    'resourcequotas',
    'rolebases',
    'rules',
    's2ibuildertemplates',
    'storageclasscapabilities',
    'users',
    'volumesnapshotclasses',
    'volumesnapshotcontents',
    'webhooks',
    'workspacerolebindings',
    'workspaceroles',
    'workspaces',
    'workspacetemplates',
  ]);
});

test('every object appears once, is of a built-in kind or of a shipped CRD, and in a shipped namespace', () => {
  const kinds = new Set(
    crds.map(({ spec }) => `${spec.group}/${spec.versions[0].name} ${spec.names.kind}`),
  );
  const namespaces = new Set(
    objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
  );
  const seen = new Set<string>();

  for (const { apiVersion, kind, metadata } of [...objects, ...embedded]) {
    if (/\.kubesphere\.io\//.test(apiVersion!)) {
      assert.ok(kinds.has(`${apiVersion} ${kind}`), `${apiVersion} ${kind}`);
    }
    if (metadata.namespace) {
      assert.ok(namespaces.has(metadata.namespace), metadata.namespace);
    }

    const id = `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
    assert.ok(!seen.has(id), id);
    seen.add(id);
  }
});

test('bindings name existing roles', () => {
  const all = [...objects, ...embedded];
  const names = new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`));

  for (const object of all.filter(({ kind }) => kind?.endsWith('Binding'))) {
    assert.ok(names.has(`${object.roleRef.kind} ${object.roleRef.name}`), object.metadata.name);
  }
});

test('aggregated roles of the embedded API have the rules of their parts', () => {
  const rulesOf = (name: string) =>
    embedded.find(({ metadata }) => metadata.name === name)!.rules as object[];
  const [view, edit, admin] = ['view', 'edit', 'admin'].map(rulesOf);

  assert.ok(view!.length > 5);

  for (const rule of view!) {
    assert.ok(edit!.some((other) => JSON.stringify(other) === JSON.stringify(rule)));
  }

  for (const rule of edit!) {
    assert.ok(admin!.some((other) => JSON.stringify(other) === JSON.stringify(rule)));
  }
});
