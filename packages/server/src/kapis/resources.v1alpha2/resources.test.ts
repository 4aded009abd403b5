import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const R = '/kapis/resources.kubesphere.io/v1alpha2';
let server: TestServer;
let token: string;

async function post(path: string, body: unknown): Promise<string> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
  return json.metadata.uid;
}

const map = (name: string, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
});

const ownedBy = (kind: string, name: string, uid: string) => ({
  ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid, controller: true }],
});
const containers = [{ name: 'c', image: 'i' }];
const template = (app: string) => ({ metadata: { labels: { app } }, spec: { containers } });

const workload = (kind: string, name: string, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name, ...metadata },
  spec: { replicas: 1, selector: { matchLabels: { app: name } }, template: template(name) },
});

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();

  for (const name of ['shop', 'office']) {
    await post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  const maps = '/api/v1/namespaces/shop/configmaps';
  await post(maps, map('b-one', { labels: { set: 'mine', tier: 'front', release: 'r1' } }));

  await post(
    maps,
    map('a-two', {
      annotations: { 'kubesphere.io/alias-name': 'One more' },
      labels: { set: 'mine', tier: 'back' },
    }),
  );

  for (let i = 0; i < 10; i++) {
    await post('/api/v1/namespaces/office/configmaps', map(`m${i}`, { labels: { n: 'x' } }));
  }

  const web = await post(
    '/apis/apps/v1/namespaces/shop/deployments',
    workload('Deployment', 'web'),
  );

  const replicaSet = await post(
    '/apis/apps/v1/namespaces/shop/replicasets',
    workload('ReplicaSet', 'web-1', {
      ...ownedBy('Deployment', 'web', web),
      labels: { app: 'other' },
    }),
  );

  const pod = (name: string, metadata: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers },
  });

  await post(
    '/api/v1/namespaces/shop/pods',
    pod('web-1-a', ownedBy('ReplicaSet', 'web-1', replicaSet)),
  );

  await post('/api/v1/namespaces/shop/pods', pod('alone', {}));

  await post('/apis/storage.k8s.io/v1/storageclasses', {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'fast' },
    provisioner: 'example.com/disk',
  });

  await eventually(async () => assert.equal((await list('configmaps?conditions=n=x')).total, 10));
});

after(() => server.stop());

async function list(path: string): Promise<{ names: string[]; total: number }> {
  const { status, json, text } = await server.call(`${R}/${path}`, { token });
  assert.equal(status, 200, text);

  return {
    names: json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    total: json.total_count,
  };
}

const maps = 'namespaces/shop/configmaps';

const lists: [string, string[], number?][] = [
  [`${maps}?conditions=name=b-one`, ['b-one']],
  [`${maps}?conditions=name=b-on`, []],
  [`${maps}?conditions=name~on`, ['b-one']],
  [`${maps}?conditions=name~One`, ['a-two']],
  [`${maps}?conditions=set=mine`, ['a-two', 'b-one']],
  [`${maps}?conditions=keyword=-t`, ['a-two']],
  [`${maps}?conditions=set=mine&orderBy=name`, ['a-two', 'b-one']],
  [`${maps}?conditions=set=mine&orderBy=name&reverse=true`, ['b-one', 'a-two']],
  [`${maps}?conditions=set=mine&orderBy=nosuch`, ['a-two', 'b-one']],
  [`${maps}?conditions=tier=front`, ['b-one']],
  [`${maps}?conditions=tier~c,set=mine`, ['a-two']],
  [`${maps}?conditions=tier=front,tier=back`, ['a-two']],
  [`${maps}?conditions=app~r1`, ['b-one']],
  [`${maps}?conditions=constructor=x`, []],
  [`${maps}?conditions=bad`, []],
  [`${maps}?conditions=,,`, ['b-one', 'a-two', 'kube-root-ca.crt']],
  ['configmaps?conditions=n=x', ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9']],
  ['configmaps?conditions=n=x&orderBy=name&paging=limit=3,page=2', ['m3', 'm4', 'm5'], 10],
  ['configmaps?conditions=n=x&paging=limit=3,page=9', [], 10],
  ['configmaps?conditions=n=x&paging=limit=3,page=0', [], 10],
  ['configmaps?conditions=n=x&paging=limit=-1,page=2', [], 10],
  ['namespaces/shop/pods?conditions=ownerKind=ReplicaSet,ownerName=web-1', ['web-1-a']],
  ['namespaces/shop/pods?conditions=ownerKind=Deployment,ownerName=web', ['web-1-a']],
  ['namespaces/shop/pods?conditions=ownerKind=Deployment,ownerName=nosuch', []],
  ['namespaces/shop/deployments?conditions=status=updating', ['web']],
  ['namespaces/shop/deployments?conditions=status=running', []],
  ['storageclasses', ['fast']],
  ['applications', []],
  ['s2iruns', []],
];

for (const [path, names, total] of lists) {
  test(`list ${path}`, async () => {
    const got = await list(path);

    // The order by time of objects from the same second is undefined.
    const ordered = path.includes('orderBy=name');
    const wanted = ordered ? names : names.toSorted();
    assert.deepEqual(
      [ordered ? got.names : got.names.toSorted(), got.total],
      [wanted, total ?? names.length],
    );
  });
}

const refused: [string, number, string][] = [
  ['foos', 500, 'resource foos is not supported\n'],
  ['users', 500, 'resource users is not supported\n'],
  ['replicasets', 500, 'resource replicasets is not supported\n'],
  ['namespaces/shop/nodes', 500, 'resource nodes is not supported\n'],
  ['namespaces/shop/storageclasses', 500, 'resource storageclasses is not supported\n'],
  ['configmaps?conditions=a%20b=c', 400, 'invalid conditions\n'],
  ['nodes/x', 404, '404: Page Not Found'],
];

for (const [path, status, text] of refused) {
  test(`refuse ${path}`, async () => {
    const answer = await server.call(`${R}/${path}`, { token });
    assert.deepEqual([answer.status, answer.text], [status, text]);
  });
}

test('the same types in v1alpha3, with its parameters', async () => {
  const K = '/kapis/resources.kubesphere.io/v1alpha3';

  for (const [name, type] of [
    ['s1', 'Opaque'],
    ['s2', 'example.com/other'],
    ['s3', 'Opaque'],
  ]) {
    await post('/api/v1/namespaces/shop/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      type,
    });
  }

  const names = async (query: string) => {
    const { json, text } = await server.call(`${K}/namespaces/shop/secrets?${query}`, { token });
    assert.ok(json, text);

    return [
      json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      json.totalItems,
    ];
  };

  await eventually(async () => assert.deepEqual(await names('type=Opaque'), [['s3', 's1'], 2]));
  assert.deepEqual(await names('names=s1,s2&ascending=true'), [['s1', 's2'], 2]);
  assert.deepEqual(await names('name=s&sortBy=createTime&limit=1'), [['s3'], 3]);
  assert.deepEqual(await names('name=s&limit=1&page=9'), [[], 3]);

  const get = await server.call(`${K}/namespaces/shop/secrets/s1`, { token });
  assert.equal(get.json.type, 'Opaque');

  const storageClass = (await server.call(`${K}/storageclasses/fast`, { token })).json;
  assert.equal(storageClass.metadata.annotations['kubesphere.io/pvc-count'], '0');

  await post('/api/v1/namespaces/shop/persistentvolumeclaims', {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: {
      storageClassName: 'fast',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    },
  });

  await eventually(async () => {
    const { json } = await server.call(`${K}/storageclasses?name=fast`, { token });
    assert.equal(json.items[0].metadata.annotations['kubesphere.io/pvc-count'], '1');
  });

  const { status, text } = await server.call(`${K}/namespaces/shop/storageclasses`, { token });
  assert.deepEqual([status, text], [500, 'resource storageclasses is not supported\n']);
});
