import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const K = '/kapis/resources.kubesphere.io/v1alpha3';
let server: TestServer;
let token: string;

async function post(path: string, body: unknown): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

const pod = (name: string, node: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name[0] } },
  spec: {
    nodeName: node,
    containers: [
      {
        name: 'c',
        image: 'i',
        resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '1' } },
      },
    ],
  },
  ...more,
});

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();

  const node = (name: string, spec: object, ready: string) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { zone: name.slice(-1) }, annotations: { rack: name } },
    spec,
    status: {
      allocatable: { cpu: '2', memory: '1Gi' },
      conditions: [{ type: 'Ready', status: ready }],
    },
  });

  await post('/api/v1/nodes', node('node-a', {}, 'True'));
  await post('/api/v1/nodes', node('node-b', { unschedulable: true }, 'True'));
  await post('/api/v1/nodes', node('node-c', {}, 'False'));

  for (const name of ['shop', 'office']) {
    await post('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: { team: name } },
    });
  }

  await post('/api/v1/namespaces/shop/pods', pod('x1', 'node-a'));
  await post('/api/v1/namespaces/shop/pods', pod('y1', 'node-a'));
  await post('/api/v1/namespaces/office/pods', pod('x2', 'node-b'));

  // Only these namespaces: a cluster may have pods of its own.
  await eventually(async () => {
    assert.equal((await list('namespaces/shop/pods')).total, 2);
    assert.equal((await list('namespaces/office/pods')).total, 1);
  });
});

after(() => server.stop());

async function list(path: string): Promise<{
  names: string[];
  total: number;
  items: { metadata: { name: string; annotations?: Record<string, string> } }[];
}> {
  const { status, json, text } = await server.call(`${K}/${path}`, { token });
  assert.equal(status, 200, text);

  return {
    names: json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    total: json.totalItems,
    items: json.items,
  };
}

const lists: [string, string[], number?][] = [
  ['nodes?sortBy=name', ['node-c', 'node-b', 'node-a']],
  ['nodes?sortBy=name&ascending=true', ['node-a', 'node-b', 'node-c']],
  ['nodes?sortBy=name&limit=2', ['node-c', 'node-b'], 3],
  ['nodes?sortBy=name&limit=2&page=2', ['node-a'], 3],
  ['nodes?limit=2&page=9', [], 3],
  ['nodes?limit=0', [], 3],
  ['nodes?limit=2&page=0', [], 3],
  ['nodes?limit=-5', [], 3],
  ['nodes?status=unschedulable', ['node-b']],
  ['nodes?status=warning', ['node-c']],
  ['nodes?status=running', ['node-a']],
  ['nodes?name=de-b', ['node-b']],
  ['nodes?names=node-a,node-c&sortBy=name', ['node-c', 'node-a']],
  ['nodes?label=zone=a', ['node-a']],
  ['nodes?label=zone!=a&sortBy=name&ascending=true', ['node-b', 'node-c']],
  ['nodes?annotation=rack&sortBy=name', ['node-c', 'node-b', 'node-a']],
  ['nodes?labelSelector=zone%20in%20(a,b)&sortBy=name', ['node-b', 'node-a']],
  ['nodes?labelSelector=zone!=a&name=c', ['node-c']],
  ['nodes?nosuchfilter=x', []],
  ['nodes?constructor=x', []],
  ['pods?nodeName=node-a&sortBy=name', ['y1', 'x1']],
  ['namespaces/shop/pods?sortBy=name', ['y1', 'x1']],
  ['namespaces/shop/pods?label=app=x', ['x1']],
  ['namespaces/nosuch/pods', []],
  ['namespaces?labelSelector=team=shop', ['shop']],
  ['namespaces?status=Active&name=shop', ['shop']],
];

for (const [path, names, total] of lists) {
  test(`list ${path}`, async () => {
    const got = await list(path);
    assert.deepEqual([got.names, got.total], [names, total ?? names.length]);
  });
}

test('nodes show the requests of their pods, also after changes', async () => {
  const ofNode = async (name: string) =>
    (await list(`nodes?names=${name}`)).items[0]!.metadata.annotations!;
  const before = await ofNode('node-a');

  assert.equal(before['node.kubesphere.io/cpu-requests'], '500m');
  assert.equal(before['node.kubesphere.io/cpu-requests-fraction'], '25%');
  assert.equal(before['node.kubesphere.io/cpu-limits'], '2');
  assert.equal(before['node.kubesphere.io/memory-requests'], '128Mi');
  assert.equal(before['node.kubesphere.io/memory-requests-fraction'], '12%');

  await post('/api/v1/nodes', {
    metadata: { name: 'node-idle' },
    status: { allocatable: { cpu: '2', memory: '1Gi' } },
  });

  await eventually(async () => {
    const idle = await ofNode('node-idle');

    for (const of of ['cpu', 'memory']) {
      for (const what of ['requests', 'limits']) {
        assert.equal(idle[`node.kubesphere.io/${of}-${what}`], '0');
        assert.equal(idle[`node.kubesphere.io/${of}-${what}-fraction`], '0%');
      }
    }
  });

  await server.kubernetes('/api/v1/nodes/node-idle', { method: 'DELETE' });
  await post('/api/v1/namespaces/office/pods', pod('z1', 'node-a'));
  await eventually(async () =>
    assert.equal((await ofNode('node-a'))['node.kubesphere.io/cpu-requests'], '750m'),
  );
  await server.kubernetes('/api/v1/namespaces/office/pods/z1?gracePeriodSeconds=0', {
    method: 'DELETE',
  });
  await eventually(async () =>
    assert.equal((await ofNode('node-a'))['node.kubesphere.io/cpu-requests'], '500m'),
  );
});

test('objects are returned, and missing ones have 3.0’s message', async () => {
  const get = (path: string) => server.call(`${K}/${path}`, { token });
  assert.equal((await get('nodes/node-a')).json.kind, 'Node');
  assert.equal((await get('namespaces/shop/pods/x1')).json.metadata.namespace, 'shop');

  const missing: [string, string][] = [
    ['nodes/nosuch', 'node "nosuch" not found\n'],
    ['namespaces/shop/deployments/zz', 'deployment.apps "zz" not found\n'],
    ['namespaces/shop/foos/zz', 'resource shop.foos.zz not found\n'],
    ['foos', 'resource foos is not supported\n'],
  ];

  for (const [path, text] of missing) {
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.text], [500, text]);
  }
});

test('a custom resource is listed as soon as its CRD exists, and not after its deletion', async () => {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'teapots.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'teapots', singular: 'teapot', kind: 'Teapot', listKind: 'TeapotList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  };

  await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);

  const teapot = {
    apiVersion: 'example.com/v1',
    kind: 'Teapot',
    metadata: { name: 'brown' },
    spec: { cups: 4 },
  };

  await eventually(() => post('/apis/example.com/v1/namespaces/shop/teapots', teapot));
  await eventually(async () =>
    assert.deepEqual((await list('namespaces/shop/teapots')).names, ['brown']),
  );
  assert.deepEqual((await list('teapots.example.com')).names, ['brown']);

  await server.kubernetes(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/teapots.example.com',
    {
      method: 'DELETE',
    },
  );

  await eventually(async () =>
    assert.equal((await server.call(`${K}/teapots`, { token })).status, 500),
  );
});

test('Accept is honoured, and a trailing slash is ignored', async () => {
  const accept = (value: string) =>
    server.call(`${K}/nodes`, { token, headers: { accept: value } });
  assert.equal((await accept('text/html')).text, '406: Not Acceptable');
  assert.equal((await accept('text/html, */*;q=0.1')).status, 200);
  assert.equal((await server.call(`${K}/nodes/?limit=1`, { token })).json.totalItems, 3);
});
