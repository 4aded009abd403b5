import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { routeTables } from '@ks-apiserver/server/kapis/routes';
import { eventually, TestServer } from '../support/test-server.ts';
import { ALERTING_NOTIFICATION } from './alerting-notification.ts';
import { DEVOPS_V1ALPHA2 } from './devops-v1alpha2.ts';
import { devopsV1alpha3Rows } from './devops-v1alpha3.ts';
import { iamRows } from './iam.ts';
import { KUBERNETES } from './kubernetes.ts';
import { LATER_VERSIONS } from './later-versions.ts';
import { AccessMatrix } from './matrix.ts';
import { MONITORING } from './monitoring.ts';
import { NETWORK } from './network.ts';
import { OAUTH } from './oauth.ts';
import { resourcesV1alpha2Rows } from './resources-v1alpha2.ts';
import { RESOURCES_V1ALPHA3 } from './resources-v1alpha3.ts';
import { type Table, TENANTS } from './row.ts';
import { SERVER } from './server.ts';
import { SERVICE_MESH } from './service-mesh.ts';
import { tenantRows } from './tenant.ts';

/** Rows for every registered route; a new route without a row fails the test. */
const ROUTES: Table = {
  ...OAUTH,
  ...SERVER,
  ...RESOURCES_V1ALPHA3,
  ...iamRows(),
  ...tenantRows(),
  ...resourcesV1alpha2Rows(),
  ...LATER_VERSIONS,
  ...MONITORING,
  ...DEVOPS_V1ALPHA2,
  ...ALERTING_NOTIFICATION,
  ...SERVICE_MESH,
  ...NETWORK,
  ...devopsV1alpha3Rows(),
};

let server: TestServer;
let matrix: AccessMatrix;
let tokens: AccessMatrix['tokens'];

before(async () => {
  server = await TestServer.start();
  matrix = await AccessMatrix.prepare(server);
  tokens = matrix.tokens;

  const post = async (path: string, body: unknown) => {
    const { status, text } = await server.call(path, { token: tokens.get('admin'), body });
    assert.ok(status < 300, `${path}: ${status} ${text}`);
  };

  for (const { workspace, devops } of [TENANTS.own, TENANTS.other]) {
    await post('/apis/devops.kubesphere.io/v1alpha3/devopsprojects', {
      apiVersion: 'devops.kubesphere.io/v1alpha3',
      kind: 'DevOpsProject',
      metadata: { name: devops, labels: { 'kubesphere.io/workspace': workspace } },
      status: { adminNamespace: devops },
    });

    await post('/api/v1/namespaces', {
      metadata: { name: devops, labels: { 'kubesphere.io/devopsproject': devops } },
    });
  }
});

after(() => server.stop());

test('every registered route has rows here', () => {
  const registered = routeTables().map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(
    registered.filter((key) => !ROUTES[key]),
    [],
  );

  assert.deepEqual(
    Object.keys(ROUTES).filter((key) => !registered.includes(key)),
    [],
  );
});

test('without a log-in exactly the listed routes can be called', () => {
  const reached = Object.entries(ROUTES).filter(([, rows]) =>
    rows.some(({ allowed }) => JSON.stringify(allowed).includes('"anonymous"')),
  );

  assert.deepEqual(
    reached.map(([key]) => key).filter((key) => !/^(GET|POST) \/oauth\//.test(key)),
    [
      'GET /.well-known/openid-configuration',
      'GET /kapis/version',
      'GET /kapis/config.kubesphere.io/v1alpha2/configs/configz',
      'GET /kapis/config.kubesphere.io/v1alpha2/configs/oauth',
      'GET /kapis/config.kubesphere.io/v1alpha2/configs/gpu/kinds',
      'GET /healthz',
      'GET /livez',
      'GET /readyz',
      'GET /docs',
      'GET /docs/openapi.json',
      'GET /docs/swagger-ui.css',
      'GET /docs/swagger-ui-bundle.js',
      'GET /docs/docs.css',
      'GET /docs/docs.js',
      'GET /kapis/devops.kubesphere.io/v1alpha2/webhook/git',
      'POST /kapis/devops.kubesphere.io/v1alpha2/webhook/git',
      'POST /kapis/devops.kubesphere.io/v1alpha2/webhook/github',
      'GET /kapis/devops.kubesphere.io/v1alpha2/namespaces/{namespace}/s2ibinaries/{s2ibinary}/file/{file}',
    ],
  );
});

for (const [key, rows] of Object.entries(ROUTES)) {
  const [method, path] = key.split(' ') as [string, string];
  for (const row of rows) {
    test(`${key} ${row.resources ?? row.path ?? ''}${row.query ?? ''}`, () =>
      matrix.check(method, path, row));
  }
}

for (const row of KUBERNETES) {
  test(`${row.method} ${row.path} of Kubernetes`, () => matrix.check(row.method, row.path, row));
}

test('every user may read their own user and kubeconfig, and no other', async () => {
  const kubeconfig = (name: string) =>
    `/kapis/resources.kubesphere.io/v1alpha2/users/${name}/kubeconfig`;
  const token = tokens.get('regular');

  await eventually(async () =>
    assert.equal((await server.call(kubeconfig('regular'), { token })).status, 200),
  );
  assert.equal((await server.call(kubeconfig('ns-viewer'), { token })).status, 403);

  assert.equal(
    (await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/regular', { token })).status,
    200,
  );

  assert.equal(
    (await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/ns-viewer', { token })).status,
    403,
  );
});

test('headers that name another user have no effect', async () => {
  const headers = {
    'impersonate-user': 'admin',
    'impersonate-group': 'system:masters',
    'x-remote-user': 'admin',
    'x-remote-group': 'system:masters',
  };

  for (const path of [
    '/api/v1/nodes',
    '/api/v1/secrets',
    '/kapis/resources.kubesphere.io/v1alpha3/nodes',
  ]) {
    assert.equal((await server.call(path, { token: tokens.get('regular'), headers })).status, 403);
    assert.equal((await server.call(path, { headers })).status, 403);
  }

  // With rights, the call is made as the server and not as the user whom the headers name.
  const { status } = await server.call('/api/v1/nodes', {
    token: tokens.get('admin'),
    headers: { 'impersonate-user': 'nobody' },
  });

  assert.equal(status, 200);
});

test('a write is not taken for a watch', async () => {
  const token = tokens.get('ns-viewer');

  for (const method of ['DELETE', 'POST', 'PUT', 'PATCH']) {
    const path = '/api/v1/watch/namespaces/ns-a/configmaps/kube-root-ca.crt';
    const { status } = await server.call(path, { method, token });
    assert.ok([400, 403, 405].includes(status), `${method} ${status}`);
  }

  await server.call('/api/v1/watch/namespaces/ns-a/configmaps', { method: 'DELETE', token });

  const { status } = await server.call('/api/v1/namespaces/ns-a/configmaps/kube-root-ca.crt', {
    token: tokens.get('admin'),
  });
  assert.equal(status, 200);
});

test('paths that hide other paths are refused', async () => {
  const { hostname, port } = new URL(server.url);
  const { request } = await import('node:http');

  const raw = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const sent = request(
        { hostname, port, path, headers: { authorization: `Bearer ${tokens.get('ns-viewer')}` } },
        (response) => {
          response.resume();
          resolve(response.statusCode!);
        },
      );

      sent.on('error', reject).end();
    });

  for (const path of [
    '/api/v1/namespaces/ns-a%2F..%2Fns-b/pods',
    '/api/v1/namespaces/ns-a/../ns-b/pods',
    '/api/v1/namespaces/ns-a/pods/%2e%2e/%2e%2e/ns-b/pods',
    '/kapis/config.kubesphere.io/../resources.kubesphere.io/v1alpha3/nodes',
    '/api/v1/namespaces/ns-a/pods#/x',
    '/api/v1/namespaces/ns-a/pods/x#/../../../ns-b/pods',
    ...['..', '%2e%2e', '.%2E', '..%2f..', '..\\..', '%2e%2e%5c'].map(
      (up) =>
        `/api/v1/namespaces/ns-a/services/x/proxy/${`${up}/`.repeat(7)}apis/iam.kubesphere.io/v1alpha2/users`,
    ),
  ]) {
    assert.ok([400, 403, 404].includes(await raw(path)), path);
  }

  assert.equal(await raw('//api//v1///namespaces/ns-a/pods'), 200);
  assert.equal(await raw('//api//v1///namespaces/ns-b/pods'), 403);
});
