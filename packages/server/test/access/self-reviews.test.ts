import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inviteToProject, newProject, newWorkspace } from '../console/forms.ts';
import { PASSWORD, PATHS, TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

// The reviews behind kubectl's `auth can-i` and `auth whoami`: the answers describe the caller, not
// this server.
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
let platform: TestPlatform;
let token: string;

before(async () => {
  platform = await TestPlatform.start();
  const form = async ({ path, body }: { path: string; body?: unknown }) => {
    const { status, text } = await platform.call(path, { body });
    assert.ok(status < 300, text);
  };

  const metadata = {
    name: 'vera',
    annotations: { 'iam.kubesphere.io/globalrole': 'platform-regular' },
  };

  await form({
    path: `${PATHS.iam}/users`,
    body: { metadata, spec: { email: 'vera@example.com', password: PASSWORD } },
  });

  await form(newWorkspace('admin', 'team', 'admin'));
  await eventually(() => form(newProject('admin', 'team', 'shop')));
  await eventually(() => form(inviteToProject('shop', 'vera', 'viewer')));
  token = await platform.server.token('vera', PASSWORD);
  await eventually(async () =>
    assert.equal((await platform.call('/api/v1/namespaces/shop/pods', { token })).status, 200),
  );
});

after(() => platform.stop());

async function canI(spec: object, as: string | undefined = token): Promise<boolean> {
  const { status, json, text } = await platform.call(`${AUTHORIZATION}/selfsubjectaccessreviews`, {
    token: as,
    body: { spec },
  });

  assert.equal(status, 201, text);

  return json.status.allowed;
}

const resource = (verb: string, name: string, more: object = {}) => ({
  resourceAttributes: { verb, resource: name, namespace: 'shop', ...more },
});

test('a member may do what their role in the project allows, and nothing elsewhere', async () => {
  assert.equal(await canI(resource('list', 'pods')), true);
  assert.equal(await canI(resource('get', 'deployments', { group: 'apps' })), true);
  assert.equal(await canI(resource('delete', 'pods')), false);
  assert.equal(await canI(resource('create', 'pods', { subresource: 'exec' })), false);
  assert.equal(await canI(resource('list', 'pods', { namespace: 'kube-system' })), false);
  assert.equal(await canI(resource('list', 'nodes', { namespace: '' })), false);
  assert.equal(await canI({ nonResourceAttributes: { path: '/apis', verb: 'get' } }), true);
  assert.equal(await canI({ nonResourceAttributes: { path: '/metrics', verb: 'get' } }), false);
});

test('reviews agree with the calls themselves', async () => {
  for (const [path, spec] of [
    ['/api/v1/namespaces/shop/secrets', resource('list', 'secrets')],
    ['/api/v1/secrets', resource('list', 'secrets', { namespace: '' })],
    [
      '/apis/apps/v1/namespaces/shop/deployments',
      resource('list', 'deployments', { group: 'apps' }),
    ],
    ['/api/v1/nodes', resource('list', 'nodes', { namespace: '' })],
  ] as const) {
    for (const as of [token, platform.admin]) {
      const { status } = await platform.call(path, { token: as });
      assert.equal(await canI(spec, as), status === 200, path);
    }
  }
});

test('an API token may not do what needs a log-in', async () => {
  const { json } = await platform.call(`${PATHS.iam}/users/vera/tokens`, {
    token,
    body: { name: 'script' },
  });

  const own = (subresource: string) => ({
    resourceAttributes: {
      verb: 'create',
      group: 'iam.kubesphere.io',
      resource: 'users',
      subresource,
      name: 'vera',
    },
  });

  assert.equal(await canI(own('tokens'), json.token), false);
  assert.equal(await canI(resource('list', 'pods'), json.token), true);
});

test('rules and identity are the caller’s', async () => {
  const rules = await platform.call(`${AUTHORIZATION}/selfsubjectrulesreviews`, {
    token,
    body: { spec: { namespace: 'shop' } },
  });

  assert.equal(rules.status, 201, rules.text);

  const all = rules.json.status.resourceRules as { verbs: string[]; resources: string[] }[];
  assert.ok(all.some(({ verbs }) => verbs.includes('list')));
  assert.ok(!all.some(({ verbs, resources }) => verbs.includes('*') && resources.includes('*')));

  const who = await platform.call('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    token,
    body: {},
  });

  assert.equal(who.json.status.userInfo.username, 'vera', who.text);
  assert.ok(!who.text.includes('system:masters'));
});

test('reviews need a log-in, and invalid reviews are refused as by Kubernetes', async () => {
  const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
  assert.equal(
    (await platform.server.call(path, { body: { spec: resource('list', 'pods') } })).status,
    403,
  );

  assert.equal((await platform.call(path, { token, body: { spec: {} } })).status, 422);

  // Only callers with the right may ask about other users.
  const other = { spec: { user: 'admin', ...resource('list', 'pods') } };
  assert.equal(
    (await platform.call(`${AUTHORIZATION}/subjectaccessreviews`, { token, body: other })).status,
    403,
  );
});
