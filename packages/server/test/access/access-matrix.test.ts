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
import { MONITORING } from './monitoring.ts';
import { NETWORK } from './network.ts';
import { OAUTH } from './oauth.ts';
import { resourcesV1alpha2Rows } from './resources-v1alpha2.ts';
import { RESOURCES_V1ALPHA3 } from './resources-v1alpha3.ts';
import { CALLERS, type Caller, type Row, type Table, TENANTS, type Tenant } from './row.ts';
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
const tokens = new Map<Caller, string | undefined>([['anonymous', undefined]]);

/**
 * Creates users, two workspaces with a project and a DevOps project each, and the members of the
 * first.
 */
before(async () => {
  server = await TestServer.start();

  const admin = await server.token();
  tokens.set('admin', admin);

  const post = async (path: string, body: unknown) => {
    const { status, text } = await server.call(path, { token: admin, body });
    assert.ok(status < 300, `${path}: ${status} ${text}`);
  };

  const user = (name: string, globalrole: string) =>
    post('/kapis/iam.kubesphere.io/v1alpha2/users', {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': globalrole } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });

  for (const name of CALLERS.slice(1, -1)) {
    await user(name, name.endsWith('manager') ? name : 'platform-regular');
  }

  for (const { workspace, namespace, devops } of [TENANTS.own, TENANTS.other]) {
    await post('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
      metadata: { name: workspace },
      spec: { template: { spec: { manager: 'admin' } } },
    });

    await post('/api/v1/namespaces', {
      metadata: {
        name: namespace,
        labels: { 'kubesphere.io/workspace': workspace },
        annotations: { 'kubesphere.io/creator': 'admin' },
      },
    });

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

  const workspaceMembers = '/kapis/iam.kubesphere.io/v1alpha2/workspaces/ws-a/workspacemembers';
  const projectMembers = '/kapis/iam.kubesphere.io/v1alpha2/namespaces/ns-a/members';

  await eventually(() =>
    post(workspaceMembers, [
      { username: 'ws-viewer', roleRef: 'ws-a-viewer' },
      { username: 'ws-admin', roleRef: 'ws-a-admin' },
    ]),
  );

  await eventually(() =>
    post(projectMembers, [
      { username: 'ns-viewer', roleRef: 'viewer' },
      { username: 'ns-operator', roleRef: 'operator' },
    ]),
  );

  for (const name of CALLERS.slice(1, -1)) {
    tokens.set(name, await server.token(name, 'Passw0rd!'));
  }

  await eventually(async () =>
    assert.equal(
      (await server.call('/api/v1/namespaces/ns-a/pods', { token: tokens.get('ns-viewer') }))
        .status,
      200,
    ),
  );
});

after(() => server.stop());

async function check(method: string, template: string, row: Row): Promise<void> {
  const wrong: string[] = [];

  for (const tenant of Object.keys(TENANTS) as Tenant[]) {
    const allowed = 'own' in row.allowed ? row.allowed[tenant] : row.allowed;

    const values: Record<string, string> = {
      ...TENANTS[tenant],
      resources: row.resources ?? '',
      name: row.name ?? '',
    };

    const whole = template.replace('{path:*}', row.path ?? '');
    const path = whole.replace(/\{(\w+)\}/g, (_, key) => values[key]!) + (row.query ?? '');

    for (const caller of CALLERS) {
      // An Accept type that no route produces and a body that no handler decodes: allowed writes
      // fail after authorization and change nothing.
      const writes = method !== 'GET' || row.acts === true;
      const body = writes && method !== 'DELETE' && method !== 'GET' ? '"x"' : undefined;
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { 'content-type': type, ...(writes && { accept: 'image/png' }) };

      const { status, text } = await server.call(path, {
        method,
        token: tokens.get(caller),
        headers,
        ...(body && { body }),
      });

      // OAuth endpoints answer 401 themselves, with texts of their own.
      const denied =
        status === 403 ||
        (status === 401 && text.startsWith('{')) ||
        (row.hides === true && status === 404);

      if (denied === allowed.includes(caller)) {
        wrong.push(`${caller} at ${path}: ${status}`);
      }
    }
  }

  assert.equal(wrong.join('\n'), '');
}

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
      check(method, path, row));
  }
}

for (const row of KUBERNETES) {
  test(`${row.method} ${row.path} of Kubernetes`, () => check(row.method, row.path, row));
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
