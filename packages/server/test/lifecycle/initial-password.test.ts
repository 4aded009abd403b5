import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_PASSWORD, eventually, TestServer } from '../support/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
let server: TestServer;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-initial-')), 'kubesphere.yaml');
  await writeFile(
    config,
    'authentication: {multipleLogin: true, passwordPolicy: {changeInitial: true}}\n',
  );

  server = await TestServer.start({ args: ['--config', config] });
});

after(() => server.stop());

const setPassword = (name: string, token: string, currentPassword: string, password: string) =>
  server.call(`${I}/users/${name}/password`, {
    method: 'PUT',
    token,
    body: { currentPassword, password },
  });

test('the first administrator must set their own password before anything else', async () => {
  const token = await server.token();
  const refused = await server.call('/kapis/resources.kubesphere.io/v1alpha3/nodes', { token });

  assert.equal(refused.status, 403);
  assert.match(refused.json.message, /set one of your own first, PUT/);

  for (const path of [
    '/api/v1/nodes',
    `${I}/users`,
    `${I}/users/admin/tokens`,
    '/kapis/tenant.kubesphere.io/v1alpha2/namespaces',
  ]) {
    assert.equal((await server.call(path, { token })).status, 403, path);
  }

  assert.equal((await server.call(`${I}/users/admin`, { token })).status, 200);

  const same = await setPassword('admin', token, ADMIN_PASSWORD, ADMIN_PASSWORD);
  assert.equal(same.status, 400, same.text);
  assert.equal((await setPassword('admin', token, ADMIN_PASSWORD, 'My-0wn-choice')).status, 200);

  const own = await server.token('admin', 'My-0wn-choice');
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/nodes', { token: own })).status, 200),
  );
});

test('users created or reset by another user must set their own password too, and cannot lift this themselves', async () => {
  const admin = await server.token('admin', 'My-0wn-choice');

  const made = await server.call(`${I}/users`, {
    token: admin,
    body: { metadata: { name: 'ann' }, spec: { email: 'ann@example.com', password: 'Passw0rd!' } },
  });

  assert.equal(made.status, 200, made.text);

  const token = await server.token('ann', 'Passw0rd!');
  const { json } = await server.call(`${I}/users/ann`, { token });

  assert.equal(json.metadata.annotations['iam.kubesphere.io/uninitialized'], 'true');
  delete json.metadata.annotations['iam.kubesphere.io/uninitialized'];

  assert.equal(
    (await server.call(`${I}/users/ann`, { method: 'PUT', token, body: json })).status,
    403,
  );

  const tenant = '/kapis/tenant.kubesphere.io/v1alpha2/namespaces';
  assert.equal((await server.call(tenant, { token })).status, 403);
  assert.equal((await setPassword('ann', token, 'Passw0rd!', 'My-0wn-choice')).status, 200);

  const own = await server.token('ann', 'My-0wn-choice');
  await eventually(async () =>
    assert.equal((await server.call(tenant, { token: own })).status, 200),
  );
  assert.equal((await setPassword('ann', admin, '', 'Reset-by-admin')).status, 200);

  const reset = await server.token('ann', 'Reset-by-admin');
  await eventually(async () =>
    assert.equal((await server.call(tenant, { token: reset })).status, 403),
  );
});

const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
const SELF = (name: string) => `/apis/iam.kubesphere.io/v1alpha2/users/${name}`;
const DUTY = { op: 'remove', path: '/metadata/annotations/iam.kubesphere.io~1uninitialized' };
const replacePassword = (value: string) => ({ op: 'replace', path: '/spec/password', value });
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

test('a user created by the console of 3.4 has a marked token, and sets the first password by patching themselves', async () => {
  const admin = await server.token('admin', 'My-0wn-choice');

  const made = await server.call(`${I}/users`, {
    token: admin,
    body: {
      metadata: { name: 'bob', annotations: { 'iam.kubesphere.io/uninitialized': 'true' } },
      spec: { email: 'bob@example.com', password: 'Passw0rd!' },
    },
  });

  assert.equal(made.status, 200, made.text);

  const answer = await server.login('bob', 'Passw0rd!');
  const token: string = answer.json.access_token;
  const { groups, extra, username } = claimsOf(token);

  assert.deepEqual([username, groups], ['bob', []]);

  assert.deepEqual(extra, {
    username: ['bob'],
    uid: [made.json.metadata.uid],
    email: ['bob@example.com'],
    uninitialized: ['true'],
  });

  // The requests of the console's page, and no others.
  const tenant = '/kapis/tenant.kubesphere.io';

  for (const path of [
    'v1alpha2/workspaces?limit=10',
    'v1alpha3/workspaces',
    'v1alpha3/workspacetemplates',
  ]) {
    assert.equal((await server.call(`${tenant}/${path}`, { token })).status, 200, path);
  }

  const assertRefused = async (path: string, options: object, message: RegExp) => {
    const { status, text, json } = await server.call(path, { token, ...options });
    assert.equal(status, 403, `${path}: ${text}`);
    assert.match(json.message, message, path);
  };

  const first = /the password of user "bob" was set by somebody else/;

  for (const path of [
    `${tenant}/v1alpha2/workspaces?watch=true`,
    `${tenant}/v1alpha2/workspaces/system-workspace`,
    `${tenant}/v1alpha2/namespaces`,
    SELF('bob'),
    SELF('admin'),
    '/apis/iam.kubesphere.io/v1alpha2/users',
    `${I}/users/bob/loginrecords`,
  ]) {
    await assertRefused(path, {}, first);
  }

  const patch = (operations: unknown, headers = JSON_PATCH) => ({
    method: 'PATCH',
    headers,
    body: operations,
  });

  const merge = { 'content-type': 'application/merge-patch+json' };

  await assertRefused(SELF('bob'), patch([DUTY]), /cannot be kept/);
  await assertRefused(
    SELF('bob'),
    patch({ metadata: { annotations: null } }, merge),
    /cannot be kept/,
  );

  await assertRefused(
    SELF('bob'),
    patch([
      DUTY,
      replacePassword('My-0wn-choice'),
      { op: 'replace', path: '/spec/email', value: 'x@example.com' },
    ]),
    /nothing else/,
  );

  const labels = { labels: { 'iam.kubesphere.io/identify-provider': 'x' } };
  await assertRefused(
    SELF('bob'),
    patch({ metadata: labels, spec: { password: 'My-0wn-choice' } }, merge),
    /nothing else/,
  );

  await assertRefused(SELF('admin'), patch([replacePassword('My-0wn-choice')]), first);
  await assertRefused(
    `${SELF('bob')}/status`,
    patch([DUTY, replacePassword('My-0wn-choice')]),
    first,
  );
  await assertRefused(SELF('bob'), { method: 'DELETE' }, first);
  await assertRefused(SELF('bob'), { method: 'PUT', body: made.json }, first);

  const same = await server.call(SELF('bob'), {
    token,
    ...patch([DUTY, replacePassword('Passw0rd!')]),
  });
  assert.equal(same.status, 400, same.text);

  const dry = await server.call(`${SELF('bob')}?dryRun=All`, {
    token,
    ...patch([DUTY, replacePassword('My-0wn-choice')]),
  });

  assert.equal(dry.status, 200, dry.text);
  assert.equal((await server.login('bob', 'Passw0rd!')).status, 200, 'only tried');

  const set = await server.call(SELF('bob'), {
    token,
    ...patch([DUTY, replacePassword('My-0wn-choice')]),
  });

  assert.equal(set.status, 200, set.text);
  assert.equal(set.json.spec.password, undefined);

  const own = await eventually(() => server.token('bob', 'My-0wn-choice'));
  assert.equal(claimsOf(own).extra.uninitialized, undefined);
  assert.equal((await server.call(`${tenant}/v1alpha2/namespaces`, { token: own })).status, 200);

  // After the first password the page cannot be used again.
  const later = await server.call(SELF('bob'), {
    token: own,
    ...patch([replacePassword('An0ther-one')]),
  });
  assert.equal(later.status, 403, later.text);
});

test('claims of a token follow the session, and are shown only to callers of the API', async () => {
  const answer = await server.login('bob', 'My-0wn-choice');
  const { json } = await server.call('/oauth/token', {
    form: { grant_type: 'refresh_token', refresh_token: answer.json.refresh_token },
  });

  assert.deepEqual(claimsOf(json.access_token).extra, claimsOf(answer.json.access_token).extra);
  assert.deepEqual(claimsOf(json.access_token).groups, []);
});
