import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { KubeApiServer } from '@ks-apiserver/kubernetes/server/server';
import { MemoryBackend } from '@ks-apiserver/kubernetes/test/storage/memory';
import { eventually } from '@ks-apiserver/server/test/support/test-server';
import { Catalog } from './catalog.ts';
import { RESOURCES } from './table.ts';

const CRDS = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
};

const GROUP = 'snapshot.storage.k8s.io';
const definitions = RESOURCES.filter(({ resource }) =>
  ['customresourcedefinitions', 'volumesnapshots', 'cronjobs'].includes(resource),
);

/** Returns the definition of snapshots as clusters of different ages have it. */
function definition(...versions: string[]): KubeObject {
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  };

  return {
    metadata: {
      name: `volumesnapshots.${GROUP}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
    },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        plural: 'volumesnapshots',
        singular: 'volumesnapshot',
        kind: 'VolumeSnapshot',
        listKind: 'SnapshotList',
      },
      versions: versions.map((name, i) => ({ name, served: true, storage: i === 0, schema })),
    },
  } as KubeObject;
}

test('definitions are read in the version that the cluster serves, also when that changes', async () => {
  const api = await KubeApiServer.open({ backend: new MemoryBackend() });
  const client = new KubeClient(api);

  await client.create(CRDS, definition('v1'));

  const catalog = new Catalog(client, definitions, { changedMs: 50 });

  try {
    await catalog.start(AbortSignal.timeout(10_000));
    assert.equal(catalog.find('cronjobs')?.version, 'v1');
    await eventually(async () => assert.equal(catalog.find('volumesnapshots')?.version, 'v1'));

    const snapshots = { group: GROUP, version: 'v1', resource: 'volumesnapshots' };
    await client.create(snapshots, {
      apiVersion: `${GROUP}/v1`,
      kind: 'VolumeSnapshot',
      metadata: { name: 'one', namespace: 'default' },
    } as KubeObject);

    const store = await catalog.synced(catalog.definition('volumesnapshots'), {
      signal: AbortSignal.timeout(10_000),
    });

    await eventually(async () => assert.equal(store.size, 1));

    await client.patch(
      { resource: CRDS, name: `volumesnapshots.${GROUP}` },
      'merge',
      definition('v1', 'v1beta1'),
    );

    await eventually(async () => assert.equal(catalog.find('volumesnapshots')?.version, 'v1beta1'));

    const again = await catalog.synced(catalog.definition('volumesnapshots'), {
      signal: AbortSignal.timeout(10_000),
    });

    assert.equal(again.size, 1);
  } finally {
    await catalog.stop();
    await api.close();
  }
});
