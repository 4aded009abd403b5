import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { ON_CLUSTER } from '../support/test-platform.ts';
import { ADMIN_PASSWORD, eventually, TestServer } from '../support/test-server.ts';

// Calls of the server of the KubeSphere console 3.0, in its order, from the log-in page to the
// first page behind it.
const I = '/kapis/iam.kubesphere.io/v1alpha2';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const C = '/kapis/config.kubesphere.io/v1alpha2';
const ROLE = 'iam.kubesphere.io/globalrole';
let server: TestServer;

before(async () => {
  server = await TestServer.start();

  const token = await server.token();
  const metadata = { name: 'jeff', annotations: { [ROLE]: 'workspaces-manager' } };
  const user = { metadata, spec: { email: 'jeff@example.com', lang: 'en', password: 'Passw0rd!' } };

  assert.equal((await server.call(`${I}/users`, { token, body: user })).status, 200);

  const workspace = { metadata: { name: 'ws' }, spec: { template: { spec: { manager: 'jeff' } } } };
  assert.equal((await server.call(`${T}/workspaces`, { token, body: workspace })).status, 200);
});

after(() => server.stop());

/**
 * Logs in as the console does: it forwards what its page has sent, and names the browser in a
 * header.
 */
const logIn = (username: string, password: string, address = '198.51.100.23') =>
  server.call('/oauth/token', {
    form: { username, password, grant_type: 'password', encrypt: 'eA==@x', captcha: '' },
    headers: { 'x-client-ip': address },
  });

test('1: the log-in page asks for the identity providers without a token', async () => {
  const { status, json } = await server.call(`${C}/configs/oauth`);
  assert.equal(status, 200);
  assert.deepEqual(json.identityProviders ?? [], []);
});

test("2: a log-in by name or e-mail address returns everything for the console's cookies", async () => {
  for (const name of ['jeff', 'jeff@example.com']) {
    const { status, json } = await logIn(name, 'Passw0rd!');
    assert.equal(status, 200);

    const payload = JSON.parse(
      Buffer.from(json.access_token.split('.')[1], 'base64url').toString(),
    );
    assert.equal(payload.username, 'jeff');
    assert.equal(json.expires_in, 7200);
    assert.ok(json.refresh_token);
  }

  const records = await eventually(async () => {
    const answer = await server.call(`${I}/users/jeff/loginrecords`, {
      token: await server.token(),
    });
    assert.ok(answer.json.totalItems >= 2);
    return answer;
  });

  assert.equal(records.json.items[0].spec.sourceIP, '198.51.100.23');
});

test('2: wrong passwords and too many attempts have different statuses', async () => {
  const tries: number[] = [];

  for (let i = 0; i < 6; i++) {
    tries.push((await logIn('ghost', 'wrong')).status);
  }

  assert.deepEqual(tries, [401, 401, 401, 401, 401, 429]);
});

test('2: the refresh token is accepted as the credential of a refresh', async () => {
  const first = (await logIn('jeff', 'Passw0rd!')).json;

  const renewed = await server.call('/oauth/token', {
    form: { grant_type: 'refresh_token', refresh_token: first.refresh_token },
    headers: { authorization: `Bearer ${first.refresh_token}` },
  });

  assert.equal(renewed.status, 200, renewed.text);

  assert.equal(
    (await server.call(`${I}/users/jeff`, { token: renewed.json.access_token })).status,
    200,
  );
});

for (const [name, password, role] of [
  ['admin', ADMIN_PASSWORD, 'platform-admin'],
  ['jeff', 'Passw0rd!', 'workspaces-manager'],
] as const) {
  test(`3: any page of ${name} is built from four calls at once`, async () => {
    const token = await server.token(name, password);

    const [user, roles, workspaces, configz] = await eventually(async () => {
      const answers = await Promise.all(
        [
          `${I}/users/${name}`,
          `${I}/users/${name}/globalroles`,
          `${T}/workspaces?limit=10`,
          `${C}/configs/configz`,
        ].map((path) => server.call(path, { token })),
      );

      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200],
      );

      assert.equal(answers[0]!.json.metadata.annotations[ROLE], role);

      return answers;
    });

    assert.ok(user!.json.spec.email);
    assert.ok(Array.isArray(roles!.json));

    const rules: Record<string, string>[] = roles!.json.map(
      (item: { metadata: { annotations: Record<string, string> } }) =>
        JSON.parse(item.metadata.annotations['iam.kubesphere.io/role-template-rules'] ?? '{}'),
    );

    // The order of the templates is that of their creation; the console reads all of them.
    assert.ok(rules.some(({ workspaces: action }) => action === 'manage'));

    assert.ok(
      workspaces!.json.items.some(
        (item: { metadata: { name: string } }) => item.metadata.name === 'ws',
      ),
    );

    const keys =
      'alerting auditing authentication authorization devops events kubernetes logging monitoring multicluster network notification openpitrix redis s3 servicemesh sonarqube';
    assert.deepEqual(Object.keys(configz!.json).sort(), keys.split(' '));
  });
}

test('3.4: the other calls of every page are answered, and contain nothing secret', async () => {
  const token = await server.token('admin', ADMIN_PASSWORD);
  const kinds = await server.call(`${C}/configs/gpu/kinds`, { token });

  assert.deepEqual([kinds.status, kinds.json], [200, []]);

  // A cluster has that of its chart.
  if (ON_CLUSTER) {
    return;
  }

  const path = '/api/v1/namespaces/kubesphere-system/configmaps/kubesphere-config';
  const { status, json } = await server.call(path, { token });

  assert.equal(status, 200);
  assert.deepEqual(parse(json.data['kubesphere.yaml']), { multicluster: { clusterRole: 'none' } });
});

test('3: a session that is over sends the browser to the log-in page', async () => {
  const token = await server.token('jeff', 'Passw0rd!');
  await server.call('/oauth/logout', { method: 'POST', token });

  for (const path of [`${I}/users/jeff`, `${T}/workspaces?limit=10`]) {
    const { status, json } = await server.call(path, { token });
    assert.deepEqual([status, json.reason, json.code], [401, 'Unauthorized', 401]);
  }
});
