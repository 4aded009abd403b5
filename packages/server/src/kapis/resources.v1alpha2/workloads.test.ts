import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const R = '/kapis/resources.kubesphere.io/v1alpha2';
const CONTROLS = '/api/v1/namespaces/kubesphere-controls-system';
let server: TestServer;
let token: string;

async function post(path: string, body: object): Promise<{ uid: string }> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
  return json.metadata;
}

const get = (path: string) => server.call(`${R}/${path}`, { token });

const containers = [{ name: 'c', image: 'i' }];

const workload = (kind: string, name: string, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers } },
    ...spec,
  },
});

const running = (name: string, app: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app } },
  spec: { containers },
  status: {
    phase: 'Running',
    containerStatuses: [{ name: 'c', ready: true, restartCount: 0, image: 'i', imageID: '' }],
  },
});

async function runPod(namespace: string, name: string, app: string): Promise<void> {
  const { status, ...pod } = running(name, app);
  const path = `/api/v1/namespaces/${namespace}/pods`;

  await post(path, pod);

  const patch = { method: 'PATCH', body: { status }, type: 'application/merge-patch+json' };
  assert.equal((await server.kubernetes(`${path}/${name}/status`, patch)).status, 200);
}

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();

  await post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop' },
  });
});

after(() => server.stop());

test('revisions of a deployment are its ReplicaSets', async () => {
  const { uid } = await post(
    '/apis/apps/v1/namespaces/shop/deployments',
    workload('Deployment', 'web'),
  );

  const replicaSet = workload('ReplicaSet', 'web-1');
  await post('/apis/apps/v1/namespaces/shop/replicasets', {
    ...replicaSet,
    metadata: {
      name: 'web-1',
      labels: { app: 'web' },
      annotations: { 'deployment.kubernetes.io/revision': '1' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true },
      ],
    },
  });

  const path = 'namespaces/shop/deployments/web/revisions';
  assert.equal((await get(`${path}/1`)).json.metadata.name, 'web-1');

  const absent = await get(`${path}/2`);
  assert.deepEqual([absent.status, absent.json], [500, { message: 'revision not found web#2' }]);

  const missing = await get('namespaces/shop/deployments/nosuch/revisions/1');
  assert.equal(missing.status, 500);
  assert.match(missing.json.message, /"nosuch" not found/);
});

test('revisions of a statefulset are its ControllerRevisions', async () => {
  await post(
    '/apis/apps/v1/namespaces/shop/statefulsets',
    workload('StatefulSet', 'db', { serviceName: 'db' }),
  );

  await post('/apis/apps/v1/namespaces/shop/controllerrevisions', {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'db-1', labels: { app: 'db' } },
    revision: 1,
    data: { spec: {} },
  });

  const path = 'namespaces/shop/statefulsets/db/revisions';
  assert.equal((await get(`${path}/1`)).json.metadata.name, 'db-1');

  const absent = await get(`${path}/2`);
  assert.deepEqual([absent.status, absent.text], [500, 'revision not found db#2\n']);

  const word = await get(`${path}/x`);
  assert.deepEqual(
    [word.status, word.json],
    [400, { message: 'strconv.Atoi: parsing "x": invalid syntax' }],
  );
});

test('workspace quotas count namespaces without a ResourceQuota, and show the remaining amounts', async () => {
  const before = (await get('namespaces/shop/quotas')).json;
  assert.equal(before.data.hard, undefined);
  assert.equal(before.data.used['count/deployments.apps'], '1');

  const quota = async (name: string, hard: object, used: object) => {
    const path = '/api/v1/namespaces/shop/resourcequotas';
    await post(path, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name },
      spec: { hard },
    });

    const patch = {
      method: 'PATCH',
      body: { status: { hard, used } },
      type: 'application/merge-patch+json',
    };

    await server.kubernetes(`${path}/${name}/status`, patch);
  };

  await quota('a', { 'limits.cpu': '2', pods: '5' }, { 'limits.cpu': '500m', pods: '7' });
  await quota('b', { 'limits.cpu': '1' }, { 'limits.cpu': '600m' });

  const { namespace, data } = (await get('namespaces/shop/quotas')).json;
  assert.equal(namespace, 'shop');
  assert.deepEqual(data.hard, { 'limits.cpu': '1', pods: '5' });
  assert.deepEqual(data.left, { 'limits.cpu': '500m', pods: '0' });
  assert.equal(data.used['count/statefulsets.apps'], '1');

  const cluster = (await get('quotas')).json;
  assert.equal(cluster.namespace, '""');
  assert.ok(Number(cluster.data.used['count/deployments.apps']) >= 1);
});

test('abnormal workloads are counted', async () => {
  const { json } = await get('namespaces/shop/abnormalworkloads');
  assert.deepEqual(json, {
    namespace: 'shop',
    data: { deployments: 1, statefulsets: 1, daemonsets: 0, jobs: 0, persistentvolumeclaims: 0 },
  });
});

test('components are Services of the platform and their pods', async () => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'ks-x' },
    spec: { selector: { app: 'x' }, ports: [{ port: 80 }] },
  };

  await post('/api/v1/namespaces/kubesphere-system/services', service);
  await runPod('kubesphere-system', 'x-1', 'x');
  await post('/api/v1/namespaces/kubesphere-system/pods', { ...running('x-2', 'x'), status: {} });

  for (const base of [R, '/kapis/resources.kubesphere.io/v1alpha3']) {
    const read = (path: string) => server.call(`${base}/${path}`, { token });
    await eventually(async () => {
      const { json } = await read('components/ks-x');
      assert.deepEqual(
        [json.namespace, json.label, json.totalBackends, json.healthyBackends],
        ['kubesphere-system', { app: 'x' }, 2, 1],
      );
    });

    assert.ok(
      (await read('components')).json.some(({ name }: { name: string }) => name === 'ks-x'),
    );

    const health = (await read('componenthealth')).json;
    assert.deepEqual(health.nodeStatus, { totalNodes: 0, healthyNodes: 0 });

    const missing = await read('components/nosuch');
    assert.deepEqual([missing.status, missing.text], [500, 'service "nosuch" not found\n']);
  }
});

test('the server itself is listed as a running component, as its Deployment says', async () => {
  const { json } = await get('components/ks-apiserver');
  assert.deepEqual([json.totalBackends, json.healthyBackends], [1, 1]);

  const path = '/apis/apps/v1/namespaces/kubesphere-system/deployments/ks-apiserver';
  const { spec, status, metadata } = (await server.kubernetes(path)).json;

  assert.equal(spec.selector.matchLabels.app, 'ks-apiserver');
  assert.deepEqual([status.availableReplicas, status.observedGeneration], [1, metadata.generation]);
});

test('a router is created, changed and removed', async () => {
  const path = `${R}/namespaces/shop/router`;
  const call = (method: string, body?: object) =>
    server.call(path, { method, token, ...(body && { body }) });
  const missing = await call('GET');
  assert.deepEqual(
    [missing.status, missing.json],
    [404, { message: 'service "kubesphere-router-shop" not found' }],
  );

  assert.equal((await call('PUT', {})).status, 404);

  assert.equal(
    (await server.call(path, { method: 'POST', token, body: '{"annotations":1}' })).status,
    400,
  );

  const made = await call('POST', { type: 'nodeport', annotations: { a: 'b' } });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual([made.json.spec.type, made.json.metadata.annotations], ['NodePort', { a: 'b' }]);
  assert.equal((await call('POST', {})).status, 409);

  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/master': '' } },
    status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
  };

  await post('/api/v1/nodes', node);
  await eventually(async () =>
    assert.deepEqual((await call('GET')).json.status.loadBalancer.ingress, [{ ip: '10.0.0.1' }]),
  );

  const args = async () => {
    const deployments = '/apis/apps/v1/namespaces/kubesphere-controls-system/deployments';
    const { json } = await server.kubernetes(`${deployments}/kubesphere-router-shop`);
    return json.spec.template.spec.containers[0].args as string[];
  };

  assert.ok((await args()).includes('--report-node-internal-ip-address'));

  const changed = await call('PUT', { type: 'LoadBalancer', annotations: { c: 'd' } });
  assert.deepEqual(
    [changed.json.spec.type, changed.json.metadata.annotations],
    ['LoadBalancer', { c: 'd' }],
  );

  assert.ok(
    (await args()).includes('--publish-service=kubesphere-controls-system/kubesphere-router-shop'),
  );
  assert.ok(!(await args()).includes('--report-node-internal-ip-address'));
  assert.equal((await call('DELETE')).json.metadata.name, 'kubesphere-router-shop');
  assert.equal((await call('GET')).status, 404);

  assert.equal(
    (await server.kubernetes(`${CONTROLS}/services/kubesphere-router-shop`)).status,
    404,
  );
});

test('the router of a project is deleted with it, not inherited, and not created for a missing project', async () => {
  const call = (method: string, project: string) =>
    server.call(`${R}/namespaces/${project}/router`, {
      method,
      token,
      ...(method === 'POST' && { body: {} }),
    });

  const deployments = '/apis/apps/v1/namespaces/kubesphere-controls-system/deployments';

  assert.equal((await call('POST', 'nosuch')).status, 404);

  assert.equal(
    (await server.kubernetes(`${CONTROLS}/services/kubesphere-router-nosuch`)).status,
    404,
  );

  for (const name of ['going', 'staying']) {
    await post('/api/v1/namespaces', { metadata: { name } });
    assert.equal((await call('POST', name)).status, 200);
  }

  const { metadata } = (await server.kubernetes(`${CONTROLS}/services/kubesphere-router-going`))
    .json;
  assert.deepEqual(metadata.labels, {
    app: 'kubesphere',
    component: 'ks-router',
    tier: 'backend',
    project: 'going',
  });

  await post(`${CONTROLS}/configmaps`, {
    metadata: { name: 'kubesphere-router-going-nginx' },
    data: { a: 'b' },
  });

  const waitForOwner = async (name: string) =>
    eventually(async () => {
      const { json } = await server.kubernetes(`/api/v1/namespaces/${name}`);
      assert.ok(json.metadata.finalizers?.includes('finalizers.kubesphere.io/namespaces'));
    });

  await waitForOwner('going');
  await server.kubernetes('/api/v1/namespaces/going', { method: 'DELETE' });
  await eventually(async () =>
    assert.equal((await server.kubernetes('/api/v1/namespaces/going')).status, 404),
  );

  const left = [
    `${CONTROLS}/services/kubesphere-router-going`,
    `${CONTROLS}/configmaps/kubesphere-router-going-nginx`,
  ];

  for (const path of [...left, `${deployments}/kubesphere-router-going`]) {
    await eventually(async () => assert.equal((await server.kubernetes(path)).status, 404, path));
  }

  await post('/api/v1/namespaces', { metadata: { name: 'going' } });
  await waitForOwner('going');
  assert.equal((await call('GET', 'going')).status, 404);
  assert.equal((await call('GET', 'staying')).status, 200);
});

test("an object of the router's name that another controller manages stays when the project is deleted", async () => {
  const name = 'kubesphere-router-kept';
  await post('/api/v1/namespaces', { metadata: { name: 'kept' } });

  const owner = {
    apiVersion: 'v1',
    kind: 'Namespace',
    name: 'kubesphere-controls-system',
    controller: true,
  };

  const { uid } = (await server.kubernetes('/api/v1/namespaces/kubesphere-controls-system')).json
    .metadata;
  await post(`${CONTROLS}/services`, {
    metadata: { name, ownerReferences: [{ ...owner, uid }] },
    spec: { ports: [{ port: 80 }] },
  });

  await server.kubernetes('/api/v1/namespaces/kept', { method: 'DELETE' });
  await eventually(async () =>
    assert.equal((await server.kubernetes('/api/v1/namespaces/kept')).status, 404),
  );
  assert.equal((await server.kubernetes(`${CONTROLS}/services/${name}`)).status, 200);
});

test("the answer names the pod of a user's kubectl and its kubeconfig", async () => {
  const none = await get('users/admin/kubectl');
  assert.equal(none.status, 500);

  assert.match(
    none.json.message,
    /^deployment.apps "kubectl-admin" not found: the embedded .* runs no containers/,
  );

  const path = '/apis/apps/v1/namespaces/kubesphere-controls-system/deployments';
  await post(path, workload('Deployment', 'kubectl-admin'));
  assert.equal((await get('users/admin/kubectl')).status, 500);
  await runPod('kubesphere-controls-system', 'kubectl-admin-1', 'kubectl-admin');

  assert.deepEqual((await get('users/admin/kubectl')).json, {
    namespace: 'kubesphere-controls-system',
    pod: 'kubectl-admin-1',
    container: 'c',
  });

  await eventually(async () => {
    const answer = await get('users/admin/kubeconfig');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/plain');
    assert.match(answer.text, /^kind: Config$/m);
  });

  const missing = await get('users/nobody/kubeconfig');
  assert.deepEqual(
    [missing.status, missing.json],
    [404, { message: 'configmap "kubeconfig-nobody" not found' }],
  );
});
