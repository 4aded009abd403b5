import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TerminalClient } from '@ks-apiserver/server/test/support/terminal';
import {
  ADMIN_PASSWORD,
  eventually,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

const PATH = '/kapis/terminal.kubesphere.io/v1alpha2/namespaces/shop/pods/web';
let server: TestServer;
let admin: string;

async function post(path: string, body: object): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
}

const pod = (name: string, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  admin = await server.token();

  await post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop' },
  });

  await post('/api/v1/namespaces/shop/pods', pod('web'));

  const controls = '/api/v1/namespaces/kubesphere-controls-system/pods';
  await post(controls, pod('kubectl-admin-1', { 'kubesphere.io/username': 'admin' }));
  await post(controls, pod('kubectl-other-1', { 'kubesphere.io/username': 'other' }));
});

after(() => server.stop());

/** Creates a user whose one Role in `shop` has these rules. */
async function userWith(name: string, rules: object[]): Promise<string> {
  const annotations = { 'iam.kubesphere.io/globalrole': 'platform-regular' };

  const body = {
    metadata: { name, annotations },
    spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
  };

  const made = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', { token: admin, body });
  assert.equal(made.status, 200, made.text);

  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop';
  const apiVersion = 'rbac.authorization.k8s.io/v1';

  await post(`${rbac}/roles`, { apiVersion, kind: 'Role', metadata: { name }, rules });

  const apiGroup = 'rbac.authorization.k8s.io';
  await post(`${rbac}/rolebindings`, {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name },
    subjects: [{ kind: 'User', name, apiGroup }],
    roleRef: { kind: 'Role', name, apiGroup },
  });

  return eventually(() => server.token(name, 'Passw0rd!'));
}

const rule = (verb: string, apiGroup: string, resource: string) => ({
  verbs: [verb],
  apiGroups: [apiGroup],
  resources: [resource],
});

const OPEN = rule('get', 'terminal.kubesphere.io', 'pods');
const EXEC = rule('create', '', 'pods/exec');

test('a call without upgrade is answered as in 3.0', async () => {
  const { status, text, headers } = await server.call(PATH, { token: admin });
  assert.deepEqual([status, text], [400, 'Bad Request\n']);
  assert.match(headers.get('content-type') ?? '', /^text\/plain/);
});

test('terminals report that the embedded API runs no containers, and name missing pods', async () => {
  const terminal = new TerminalClient(server, 'shop/web', { token: admin });
  const ending = await terminal.closed;

  assert.equal(ending.code, 1011);
  assert.match(ending.reason, /the embedded Kubernetes API runs no containers$/);
  assert.match(terminal.notice, /^\r\nexec of pod web .* runs no containers\r\n$/);
  assert.deepEqual(Object.keys(JSON.parse(terminal.frames[0]!)), ['Op', 'Data', 'Rows', 'Cols']);

  // The console opens it again by itself: the message must not appear twice.
  const again = new TerminalClient(server, 'shop/web', { token: admin });
  assert.deepEqual(await again.closed, ending);
  assert.equal(again.notice, '');

  const missing = await new TerminalClient(server, 'shop/nosuch', { token: admin }).closed;
  assert.deepEqual(missing, { code: 1011, reason: 'pods "nosuch" not found' });
});

test('a terminal needs both rights', async () => {
  const reader = [
    OPEN,
    rule('get', '*', '*'),
    rule('create', '', 'pods'),
    rule('get', '', 'pods/exec'),
  ];

  for (const [name, rules, upgrade, plain] of [
    ['reader', reader, 403, 403],
    ['runner', [EXEC], 403, 403],
    ['both', [OPEN, EXEC], 101, 400],
  ] as const) {
    const token = await userWith(name, [...rules]);
    await eventually(async () => {
      assert.equal(await new TerminalClient(server, 'shop/web', { token }).status, upgrade, name);
      assert.equal((await server.call(PATH, { token })).status, plain, name);
      assert.equal(await new TerminalClient(server, 'default/web', { token }).status, 403, name);
    });
  }

  assert.equal(await new TerminalClient(server, 'shop/web', { token: 'x' }).status, 401);
});

test('pages of other sites open no terminal with credentials that a browser adds by itself', async () => {
  const basic = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;

  const open = (origin: string) =>
    new TerminalClient(server, 'shop/web', {
      token: admin,
      headers: { origin, authorization: basic },
    }).status;

  assert.equal(await open('https://evil.example'), 403);
  assert.equal(await open(server.url), 101);
});

test('only the user of a kubectl may open it', async () => {
  const controls = 'kubesphere-controls-system';
  assert.equal(
    await new TerminalClient(server, `${controls}/kubectl-other-1`, { token: admin }).status,
    403,
  );

  assert.equal(
    await new TerminalClient(server, `${controls}/kubectl-admin-1`, { token: admin }).status,
    101,
  );
});

test('other routes accept no upgrade', async () => {
  const nodes = server.url.replace('http', 'ws');
  const { default: WebSocket } = await import('ws');
  const socket = new WebSocket(`${nodes}/kapis/resources.kubesphere.io/v1alpha3/nodes`, {
    headers: { authorization: `Bearer ${admin}` },
  });

  socket.on('error', () => {});

  const status = await new Promise((resolve) =>
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)),
  );
  assert.equal(status, 400);
});
