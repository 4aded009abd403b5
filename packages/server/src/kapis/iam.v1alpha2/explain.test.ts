import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const EXPLAIN = `${I}/explain`;

let server: TestServer;
const tokens: Record<string, string> = {};

/** Vera views ws-a, which contains ns-a; Olga belongs to no workspace. */
before(async () => {
  server = await TestServer.start();
  tokens.admin = await server.token();
  const post = async (path: string, body: unknown) => {
    const { status, text } = await server.call(path, { token: tokens.admin, body });
    assert.ok(status < 300, `${path}: ${status} ${text}`);
  };

  for (const name of ['vera', 'olga']) {
    await post(`${I}/users`, {
      metadata: { name, annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' } },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    });
  }

  const spec = { template: { spec: { manager: 'admin' } } };
  await post('/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
    metadata: { name: 'ws-a' },
    spec,
  });

  await post('/api/v1/namespaces', {
    metadata: { name: 'ns-a', labels: { 'kubesphere.io/workspace': 'ws-a' } },
  });
  await eventually(() =>
    post(`${I}/workspaces/ws-a/workspacemembers`, [{ username: 'vera', roleRef: 'ws-a-viewer' }]),
  );

  for (const name of ['vera', 'olga']) {
    tokens[name] = await server.token(name, 'Passw0rd!');
  }

  await eventually(async () => {
    assert.equal((await call('/api/v1/namespaces/ns-a/pods', 'vera')).status, 200);
    assert.equal((await call(`${I}/namespaces/ns-a/roles/operator`, 'admin')).status, 200);
  });
});

after(() => server.stop());

const call = (path: string, as: string) => server.call(path, { token: tokens[as] });
const explain = (query: string, as: string) => call(`${EXPLAIN}?${query}`, as);

test('an administrator sees which binding, role and rule allow something', async () => {
  const { status, json } = await explain(
    'user=vera&verb=list&resource=pods&namespace=ns-a',
    'admin',
  );

  assert.equal(status, 200);
  assert.deepEqual([json.user, json.allowed, json.rolesThatWould], ['vera', true, []]);

  assert.deepEqual(json.grants, [
    {
      level: 'workspace',
      workspace: 'ws-a',
      binding: { kind: 'WorkspaceRoleBinding', name: 'vera-ws-a-viewer', subject: 'User:vera' },
      role: { kind: 'WorkspaceRole', name: 'ws-a-viewer' },
      rule: { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] },
    },
  ]);
});

test('an administrator sees which roles would, the narrowest first', async () => {
  const { json } = await explain(
    'user=vera&verb=delete&resource=pods&namespace=ns-a&name=x',
    'admin',
  );

  assert.deepEqual([json.allowed, json.grants], [false, []]);

  const names = json.rolesThatWould.map(
    ({ level, role }: { level: string; role: { name: string } }) => `${level} ${role.name}`,
  );
  assert.ok(names.indexOf('namespace operator') >= 0, names.join());

  assert.ok(
    names.indexOf('namespace operator') < names.indexOf('workspace ws-a-admin'),
    names.join(),
  );

  assert.ok(
    names.indexOf('workspace ws-a-admin') < names.indexOf('global platform-admin'),
    names.join(),
  );

  assert.ok(!names.includes('namespace viewer'));
});

test('users may ask about themselves only, and learn nothing about places without access', async () => {
  assert.equal(
    (await explain('verb=list&resource=pods&namespace=ns-a', 'vera')).json.allowed,
    true,
  );

  assert.equal(
    (await explain('user=vera&verb=list&resource=pods&namespace=ns-a', 'olga')).status,
    403,
  );

  assert.equal(
    (await explain('user=olga&group=system:masters&verb=list&resource=pods', 'olga')).status,
    403,
  );

  assert.equal((await server.call(`${EXPLAIN}?verb=list&resource=pods`)).status, 403);

  const explainIn = async (namespace: string) =>
    (await explain(`verb=list&resource=pods&namespace=${namespace}`, 'olga')).json;
  assert.deepEqual(await explainIn('ns-a'), await explainIn('nosuch'));
  assert.ok(!JSON.stringify(await explainIn('ns-a')).includes('ws-a'));
});

test('public calls are explained too, and empty questions get 400', async () => {
  const own = await explain(`verb=get&apiGroup=iam.kubesphere.io&resource=users&name=olga`, 'olga');
  assert.deepEqual(own.json.builtIn, ['self-service']);

  const kubernetes = await explain(
    `verb=get&apiGroup=iam.kubesphere.io&resource=users&name=olga&api=kubernetes`,
    'olga',
  );

  assert.equal(kubernetes.json.allowed, false);
  assert.deepEqual((await explain('verb=GET&path=/kapis/version', 'olga')).json.builtIn, [
    'public-path',
  ]);
  assert.equal((await explain('resource=pods', 'olga')).status, 400);
  assert.equal((await explain('verb=get', 'olga')).status, 400);
});

test('a 403 names the missing right and its scope, and the explain call that it suggests agrees', async () => {
  const denied = await call('/api/v1/namespaces/ns-a/pods/x/log', 'olga');
  assert.equal(denied.status, 403);

  assert.match(
    denied.json.message,
    /User "olga" cannot get resource "pods\/log" in API group "" in the namespace "ns-a"$/,
  );

  const [cause] = denied.json.details.causes;
  assert.equal(cause.field, 'namespace');
  assert.match(cause.message, /verb "get" on "pods\/log" of API group "" in the namespace "ns-a"/);

  const { status, json } = await call(/\/kapis\/\S+/.exec(cause.message)![0], 'olga');
  assert.deepEqual([status, json.allowed], [200, false]);

  for (const [path, field, words] of [
    [`${I}/workspaces/ws-a/workspaceroles`, 'workspace', 'in the workspace "ws-a"'],
    [`${I}/devops/dev/members`, 'devops', 'in the DevOps project "dev"'],
    ['/api/v1/nodes', 'cluster', 'on the platform'],
  ] as const) {
    const { json } = await call(path, 'olga');
    assert.match(json.message, /at the cluster scope$/);
    assert.equal(json.details.causes[0].field, field);
    assert.ok(json.details.causes[0].message.includes(words), json.details.causes[0].message);
  }
});
