import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '../support/test-server.ts';

const CLASSES = '/apis/storage.k8s.io/v1/storageclasses';
const CAPABILITIES = '/apis/storage.kubesphere.io/v1alpha1/storageclasscapabilities';
const PROVISIONERS = '/apis/storage.kubesphere.io/v1alpha1/provisionercapabilities';
const DRIVERS = '/apis/storage.k8s.io/v1/csidrivers';
const SNAPSHOT_CLASSES = '/apis/snapshot.storage.k8s.io/v1beta1/volumesnapshotclasses';
const KEY = 'storageclass.kubesphere.io';

let server: TestServer;

before(async () => {
  server = await TestServer.start();
});
after(() => server.stop());

async function createObject(path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

const get = async (path: string) => (await server.kubernetes(path)).json;
const isGone = (path: string) =>
  eventually(async () => assert.equal((await server.kubernetes(path)).status, 404, path));
const patch = (path: string, body: object) =>
  server.kubernetes(path, { method: 'PATCH', body, type: 'application/merge-patch+json' });
const annotationsOf = async (name: string) =>
  (await get(`${CLASSES}/${name}`)).metadata.annotations ?? {};

const features = {
  topology: true,
  volume: {
    create: true,
    attach: true,
    list: true,
    clone: true,
    stats: true,
    expandMode: 'ONLINE',
  },
  snapshot: { create: true, list: true },
};

test('a class has the capability of its provisioner, expands where it allows that, and gets a class for snapshots', async () => {
  await createObject(PROVISIONERS, {
    apiVersion: 'storage.kubesphere.io/v1alpha1',
    kind: 'ProvisionerCapability',
    metadata: { name: 'disk-example-com' },
    spec: { pluginInfo: { name: 'disk.example.com', version: '1' }, features },
  });

  await createObject(CLASSES, {
    metadata: { name: 'fast' },
    provisioner: 'disk.example.com',
    allowVolumeExpansion: true,
  });

  await createObject(CLASSES, { metadata: { name: 'fixed' }, provisioner: 'disk.example.com' });

  await eventually(async () => {
    const { spec } = await get(`${CAPABILITIES}/fast`);
    assert.deepEqual(spec, { provisioner: 'disk.example.com', features });
  });

  await eventually(async () =>
    assert.deepEqual((await get(`${CAPABILITIES}/fixed`)).spec.features.volume, {
      ...features.volume,
      expandMode: 'UNKNOWN',
    }),
  );

  await eventually(async () => {
    const { driver, deletionPolicy } = await get(`${SNAPSHOT_CLASSES}/fast`);
    assert.deepEqual([driver, deletionPolicy], ['disk.example.com', 'Delete']);
  });

  await eventually(async () => {
    const annotations = await annotationsOf('fast');
    assert.equal(annotations[`${KEY}/support-snapshot`], 'true');
    assert.equal(annotations[`${KEY}/allow-clone`], 'true');
    assert.equal(annotations[`${KEY}/allow-snapshot`], 'true');
  });

  await patch(`${PROVISIONERS}/disk-example-com`, {
    spec: { features: { snapshot: { create: false } } },
  });

  await eventually(async () => {
    assert.equal((await get(`${CAPABILITIES}/fast`)).spec.features.snapshot.create, false);
    assert.equal((await annotationsOf('fast'))[`${KEY}/support-snapshot`], 'false');
  });
});

test('objects created for a storage class are deleted with it, and snapshot classes of other drivers stay', async () => {
  await createObject(SNAPSHOT_CLASSES, {
    apiVersion: 'snapshot.storage.k8s.io/v1beta1',
    kind: 'VolumeSnapshotClass',
    metadata: { name: 'fixed-other' },
    driver: 'other.example.com',
    deletionPolicy: 'Retain',
  });

  await createObject(CLASSES, {
    metadata: { name: 'fixed-other' },
    provisioner: 'disk.example.com',
  });
  await eventually(async () => assert.ok((await get(`${CAPABILITIES}/fixed-other`)).spec));

  for (const name of ['fast', 'fixed-other']) {
    await server.kubernetes(`${CLASSES}/${name}`, { method: 'DELETE' });
  }

  await isGone(`${CAPABILITIES}/fast`);
  await isGone(`${CAPABILITIES}/fixed-other`);
  await isGone(`${SNAPSHOT_CLASSES}/fast`);
  assert.equal((await get(`${SNAPSHOT_CLASSES}/fixed-other`)).driver, 'other.example.com');
});

test('volumes of a CSI driver can be cloned and snapshotted unless the class says otherwise', async () => {
  await createObject(CLASSES, {
    metadata: { name: 'csi' },
    provisioner: 'csi.example.com',
    allowVolumeExpansion: true,
  });

  await eventually(async () =>
    assert.equal((await annotationsOf('csi'))[`${KEY}/support-snapshot`], 'false'),
  );
  assert.equal((await server.kubernetes(`${CAPABILITIES}/csi`)).status, 404);
  await createObject(DRIVERS, {
    metadata: { name: 'csi.example.com' },
    spec: { attachRequired: false },
  });

  await eventually(async () => {
    const { volume, snapshot } = (await get(`${CAPABILITIES}/csi`)).spec.features;
    assert.deepEqual(
      [volume.attach, volume.clone, volume.expandMode, snapshot.create],
      [false, true, 'ONLINE', true],
    );
  });

  await eventually(async () =>
    assert.equal((await annotationsOf('csi'))[`${KEY}/allow-clone`], 'true'),
  );

  const denied = { [`${KEY}/allow-clone`]: 'false', [`${KEY}/allow-snapshot`]: 'false' };
  await patch(`${CLASSES}/csi`, { metadata: { annotations: denied } });

  await eventually(async () => {
    const { volume, snapshot } = (await get(`${CAPABILITIES}/csi`)).spec.features;
    assert.deepEqual([volume.clone, snapshot.create], [false, false]);

    const annotations = await annotationsOf('csi');
    assert.equal(annotations[`${KEY}/support-snapshot`], 'false');
    assert.equal(annotations[`${KEY}/allow-clone`], 'false');
  });

  await server.kubernetes(`${DRIVERS}/csi.example.com`, { method: 'DELETE' });
  await isGone(`${CAPABILITIES}/csi`);
});

test('a capability written by hand stays, and known provisioners have access modes', async () => {
  await createObject(CAPABILITIES, {
    apiVersion: 'storage.kubesphere.io/v1alpha1',
    kind: 'StorageClassCapability',
    metadata: { name: 'manual' },
    spec: { provisioner: 'unknown.example.com', features },
  });

  await createObject(CLASSES, { metadata: { name: 'manual' }, provisioner: 'unknown.example.com' });
  await createObject(CLASSES, { metadata: { name: 'ebs' }, provisioner: 'kubernetes.io/aws-ebs' });

  await eventually(async () =>
    assert.equal(
      (await annotationsOf('ebs'))[`${KEY}/supported-access-modes`],
      '["ReadWriteOnce"]',
    ),
  );

  await eventually(async () =>
    assert.equal((await annotationsOf('manual'))[`${KEY}/support-snapshot`], 'false'),
  );
  assert.deepEqual((await get(`${CAPABILITIES}/manual`)).spec.features, features);
});
