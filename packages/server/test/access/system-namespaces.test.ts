import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { eventually, TestServer } from '../support/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const K = '/kapis/resources.kubesphere.io';
const SYSTEM = ['kube-system', 'kubesphere-system', 'kubesphere-controls-system'];
let server: TestServer;
let admin: string;
let manager: string;

before(async () => {
  server = await TestServer.start();
  admin = await server.token();

  const metadata = {
    name: 'wm',
    annotations: { 'iam.kubesphere.io/globalrole': 'workspaces-manager' },
  };

  const body = { metadata, spec: { email: 'wm@example.com', password: 'Passw0rd!' } };
  assert.equal((await server.call(`${I}/users`, { token: admin, body })).status, 200);
  manager = await server.token('wm', 'Passw0rd!');
  await eventually(async () =>
    assert.equal(
      (await server.call('/api/v1/namespaces/default/configmaps', { token: manager })).status,
      200,
    ),
  );

  // The kubeconfig of the administrator: the credential that an attacker would want.
  const path = '/kapis/resources.kubesphere.io/v1alpha2/users/admin/kubeconfig';
  assert.equal((await server.call(path, { token: admin })).status, 200);
});

after(() => server.stop());

test('managing all projects does not include the platform’s credentials', async () => {
  for (const namespace of SYSTEM) {
    const pod = { metadata: { name: 'x' }, spec: { containers: [{ name: 'x', image: 'x' }] } };

    const calls: [string, string, unknown?][] = [
      ['GET', `/api/v1/namespaces/${namespace}/secrets`],
      ['GET', `/api/v1/namespaces/${namespace}/configmaps`],
      ['GET', `/api/v1/namespaces/${namespace}/configmaps/kubeconfig-admin`],
      ['GET', `/api/v1/namespaces/${namespace}/secrets?watch=true`],
      ['GET', `/api/v1/watch/namespaces/${namespace}/secrets`],
      ['GET', `${K}/v1alpha3/namespaces/${namespace}/secrets`],
      ['GET', `${K}/v1alpha3/namespaces/${namespace}/configmaps/kubeconfig-admin`],
      ['GET', `${K}/v1alpha2/namespaces/${namespace}/secrets`],
      ['POST', `/api/v1/namespaces/${namespace}/pods`, pod],
      ['POST', `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`, {}],
      [
        'PATCH',
        `/api/v1/namespaces/${namespace}`,
        { metadata: { labels: { 'kubesphere.io/workspace': 'mine' } } },
      ],
      ['DELETE', `/api/v1/namespaces/${namespace}/configmaps/x`],
      ['GET', `/api/v1/namespaces/${namespace}/pods/x/exec?command=sh`],
      ['GET', `/api/v1/namespaces/${namespace}/services/x/proxy/`],
    ];

    for (const [method, path, body] of calls) {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';

      const { status, text } = await server.call(path, {
        method,
        token: manager,
        headers: { 'content-type': type },
        ...(body !== undefined && { body }),
      });

      assert.equal(status, 403, `${method} ${path}: ${text}`);
    }

    assert.equal(
      (await server.call(`/api/v1/namespaces/${namespace}/pods`, { token: manager })).status,
      200,
    );
  }
});

test('lists and watches of all namespaces leave them out, and apply their selectors', async () => {
  const listNamespacesOf = async (path: string, token: string) => {
    const { status, json, text } = await server.call(path, { token });
    assert.equal(status, 200, text);

    return json.items.map(
      (item: { metadata: { namespace: string } }) => item.metadata.namespace,
    ) as string[];
  };

  for (const path of [
    '/api/v1/configmaps',
    '/api/v1/secrets',
    `${K}/v1alpha3/configmaps`,
    `${K}/v1alpha3/secrets`,
    `${K}/v1alpha2/configmaps?paging=limit=-1,page=1`,
    `${K}/v1alpha2/secrets?paging=limit=-1,page=1`,
    '/api/v1/configmaps?fieldSelector=metadata.name%3Dkubeconfig-admin',
  ]) {
    const all = await listNamespacesOf(path, admin);
    const own = await listNamespacesOf(path, manager);

    assert.ok(
      all.some((namespace) => SYSTEM.includes(namespace)),
      path,
    );

    assert.deepEqual(
      own.filter((namespace) => SYSTEM.includes(namespace)),
      [],
      path,
    );
  }

  assert.ok((await listNamespacesOf('/api/v1/configmaps', manager)).includes('default'));

  const watch = await server.call('/api/v1/configmaps?watch=true&timeoutSeconds=1', {
    token: manager,
  });
  assert.match(watch.text, /"namespace":"default"/);
  assert.doesNotMatch(watch.text, /"namespace":"kubesphere-controls-system"/);

  const socket = new WebSocket(
    `${server.url.replace('http', 'ws')}/api/v1/configmaps?watch=true&timeoutSeconds=1`,
    {
      headers: { authorization: `Bearer ${manager}` },
    },
  );

  let frames = '';
  socket.on('message', (data) => (frames += String(data)));
  await once(socket, 'close');
  assert.match(frames, /"namespace":"default"/);
  assert.doesNotMatch(frames, /"namespace":"kubesphere-controls-system"/);
});

test('roles in such a namespace, its workspace or the cluster do not include them either', async () => {
  const RBAC = '/apis/rbac.authorization.k8s.io/v1';

  const roleOf = (kind: string, name: string) => ({
    apiGroup: 'rbac.authorization.k8s.io',
    kind,
    name,
  });

  const subjects = [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'wm' }];

  const give = async (path: string, body: unknown) => {
    const { status, text } = await server.call(path, { token: admin, body });
    assert.ok(status < 300, `${path}: ${text}`);
  };

  await give(`${RBAC}/namespaces/kube-system/rolebindings`, {
    metadata: { name: 'wm' },
    roleRef: roleOf('ClusterRole', 'cluster-admin'),
    subjects,
  });

  await give(`${RBAC}/clusterrolebindings`, {
    metadata: { name: 'wm' },
    roleRef: roleOf('ClusterRole', 'cluster-viewer'),
    subjects,
  });

  await give(`${I}/workspaces/system-workspace/workspacemembers`, [
    { username: 'wm', roleRef: 'system-workspace-admin' },
  ]);
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/nodes', { token: manager })).status, 200),
  );

  for (const namespace of SYSTEM) {
    for (const path of [
      `/api/v1/namespaces/${namespace}/configmaps`,
      `/api/v1/namespaces/${namespace}/secrets`,
      `${K}/v1alpha3/namespaces/${namespace}/configmaps`,
      '/api/v1/nodes/x/proxy/pods',
    ]) {
      assert.equal((await server.call(path, { token: manager })).status, 403, path);
    }

    assert.equal(
      (await server.call(`/api/v1/namespaces/${namespace}/pods`, { token: manager })).status,
      200,
    );
  }

  const { json } = await server.call('/api/v1/configmaps', { token: manager });
  const seen = new Set(
    json.items.map((item: { metadata: { namespace: string } }) => item.metadata.namespace),
  );

  assert.deepEqual(
    SYSTEM.filter((namespace) => seen.has(namespace)),
    [],
  );
});
