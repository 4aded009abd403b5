import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ON_CLUSTER, PATHS, TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const CORE = '/api/v1/namespaces/shop';
const APPS = '/apis/apps/v1/namespaces/shop';
const MERGE = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };

let platform: TestPlatform;

before(async () => {
  platform = await TestPlatform.start();
  await platform.createWorkspace('ws');
  await platform.createProject('shop', 'ws');

  for (const [name, provisioner] of [
    ['slow', 'csi-qingcloud'],
    ['quick', 'disk.example.com'],
  ]) {
    await platform.write('/apis/storage.k8s.io/v1/storageclasses', {
      metadata: { name },
      provisioner,
      allowVolumeExpansion: true,
    });
  }
});

after(() => platform.stop());

const containers = [{ name: 'c', image: 'i' }];

/** Creates a bound claim, and a Deployment of two replicas with two pods that mount it. */
async function createMounted(name: string, storageClassName: string, pods = 1): Promise<void> {
  await platform.write(`${CORE}/persistentvolumeclaims`, {
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName,
    },
  });

  await platform.write(
    `${CORE}/persistentvolumeclaims/${name}/status`,
    { status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
    MERGE,
  );

  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: name } }];

  const spec = {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers, volumes } },
  };

  const owner = (kind: string, uid: string) => [
    { apiVersion: 'apps/v1', kind, name, uid, controller: true },
  ];
  const deployment = await platform.write(`${APPS}/deployments`, { metadata: { name }, spec });
  const ownerReferences = owner('Deployment', deployment.metadata.uid);

  const set = await platform.write(`${APPS}/replicasets`, {
    metadata: { name, ownerReferences },
    spec,
  });

  for (let i = 0; i < pods; i++) {
    await platform.write(`${CORE}/pods`, {
      metadata: {
        name: `${name}-${i}`,
        labels: { app: name },
        ownerReferences: owner('ReplicaSet', set.metadata.uid),
      },
      spec: { containers, volumes },
    });
  }
}

const enlarge = (name: string, storage: string, token = platform.admin) =>
  platform.call(`${CORE}/persistentvolumeclaims/${name}`, {
    ...MERGE,
    token,
    body: { spec: { resources: { requests: { storage } } } },
  });

const replicasOf = async (name: string): Promise<number> =>
  (await platform.read(`${APPS}/deployments/${name}`)).spec.replicas;
const setStatus = (name: string, status: object) =>
  platform.write(`${CORE}/persistentvolumeclaims/${name}/status`, { status }, MERGE);

test('a workload stops while the volume of its claim is enlarged, and starts again', {
  skip: ON_CLUSTER,
}, async () => {
  await createMounted('data', 'slow');
  assert.equal((await enlarge('data', '2Gi')).status, 200);
  await eventually(async () => assert.equal(await replicasOf('data'), 0));
  await platform.call(`${CORE}/pods/data-0?gracePeriodSeconds=0`, { method: 'DELETE' });
  await setStatus('data', { conditions: [{ type: 'FileSystemResizePending', status: 'True' }] });
  await eventually(async () => assert.equal(await replicasOf('data'), 2));

  const { metadata } = await platform.read(`${APPS}/deployments/data`);
  assert.equal(metadata.annotations?.['storage.kubesphere.io/expanding'], undefined);

  const { items } = await platform.read(`${CORE}/events?fieldSelector=involvedObject.name%3Ddata`);
  const reasons = (items as { reason: string }[]).map(({ reason }) => reason).sort();

  assert.deepEqual(reasons, ['ScaledDown', 'ScaledUp']);
});

test('a claim that several pods mount, or whose storage grows in use, stops nothing', {
  skip: ON_CLUSTER,
}, async () => {
  await createMounted('shared', 'slow', 2);
  await createMounted('online', 'quick');
  assert.equal((await enlarge('shared', '2Gi')).status, 200);
  assert.equal((await enlarge('online', '2Gi')).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual([await replicasOf('shared'), await replicasOf('online')], [2, 2]);
});

test('enlarging a claim stops workloads only for callers who may change them, through any API', {
  skip: ON_CLUSTER,
}, async () => {
  await platform.write(`${PATHS.rbac}/namespaces/shop/roles`, {
    metadata: { name: 'claims' },
    rules: [{ apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['*'] }],
  });

  const token = await platform.createUser('cleo');

  await platform.addMember('namespaces/shop', 'cleo', 'claims');
  await createMounted('mine', 'slow');
  await createMounted('free', 'quick');

  const change = { spec: { resources: { requests: { storage: '3Gi' } } } };

  const at = {
    path: `${CORE}/persistentvolumeclaims/mine`,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    builtIn: true,
    change,
  };

  await platform.assertWithstands(async () => {
    await platform.expectRefusedAtEveryDoor(token, at);
    await platform.expectRefusedAtOwnPort(await platform.kubeconfigOf('cleo'), at);
  });

  assert.equal((await enlarge('free', '2Gi', token)).status, 200);
  assert.equal(await replicasOf('mine'), 2);
});
