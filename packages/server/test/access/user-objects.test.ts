import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { ON_CLUSTER } from '../support/test-platform.ts';
import { type Call, eventually, TestServer } from '../support/test-server.ts';

const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const HASH = /^\$2a\$10\$/;
const SECRET = /\$2[aby]\$|Passw0rd|"password"/;

let server: TestServer;
let token: string;
let managerToken: string;

before(async () => {
  server = await TestServer.start();
  token = await server.token();

  for (const [name, role] of [
    ['jo', 'platform-regular'],
    ['boss', 'users-manager'],
  ] as const) {
    const metadata = { name, annotations: { 'iam.kubesphere.io/globalrole': role } };
    const body = { metadata, spec: { email: `${name}@example.com`, password: 'Passw0rd!' } };
    assert.equal(
      (await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', { token, body })).status,
      200,
    );
  }

  managerToken = await server.token('boss', 'Passw0rd!');
});

after(() => server.stop());

const call = (path: string, options: Call = {}) => server.call(USERS + path, { token, ...options });

/** Returns the User with its hash, as the Kubernetes API stores it. */
const readStored = async (name: string) => (await server.kubernetes(`${USERS}/${name}`)).json;

test('no password leaves by get, list, table, metadata or deprecated paths', async () => {
  const hash = (await readStored('jo')).spec.password;
  assert.match(hash, /^\$2a\$10\$/);

  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  const partial = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };
  for (const [path, headers] of [
    ['/jo', {}],
    ['', {}],
    ['', table],
    ['?includeObject=Object', table],
    ['', partial],
    ['/jo', { accept: 'application/yaml' }],
    ['', { 'accept-encoding': 'gzip', accept: 'application/vnd.kubernetes.protobuf, */*' }],
    ['?watch=true&timeoutSeconds=1', {}],
    ['/jo?watch=true&timeoutSeconds=1', {}],
    ['?watch&timeoutSeconds=1', {}],
    ['?watch=1&timeoutSeconds=1&fieldSelector=metadata.name=jo', {}],
    ['?watch=true&timeoutSeconds=1&includeObject=Object', table],
  ] as const) {
    const { status, text } = await call(path, { headers });
    assert.equal(status, 200, path);
    assert.match(text, /jo/, path);
    assert.doesNotMatch(text, SECRET, `${path} ${JSON.stringify(headers)}`);
  }

  const watch = await server.call('/apis/iam.kubesphere.io/v1alpha2/watch/users?timeoutSeconds=1', {
    token,
  });
  assert.doesNotMatch(watch.text, SECRET);
});

test('no password leaves by a WebSocket', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${USERS}?watch=true`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const [message] = await once(socket, 'message');
  const { type, object } = JSON.parse(String(message));

  assert.equal(type, 'ADDED');
  assert.equal(object.kind, 'User');
  assert.doesNotMatch(String(message), SECRET);
  socket.terminate();
});

test('a read, modify and write keeps the password', async () => {
  const { json } = await call('/jo');

  const put = await call('/jo', {
    method: 'PUT',
    body: { ...json, spec: { ...json.spec, lang: 'en' } },
  });

  assert.equal(put.status, 200, put.text);
  assert.equal(put.json.spec.lang, 'en');
  assert.doesNotMatch(put.text, SECRET);

  const patch = await call('/jo', {
    method: 'PATCH',
    headers: MERGE,
    body: { spec: { lang: 'de', password: null } },
  });

  assert.equal(patch.json.spec.lang, 'de');
  assert.equal((await server.login('jo', 'Passw0rd!')).status, 200);
});

test('a new password is hashed before it is stored, also when it is marked as a hash', async () => {
  const old = await server.token('jo', 'Passw0rd!');
  const annotations = { 'iam.kubesphere.io/password-encrypted': 'true' };

  const patch = await call('/jo', {
    method: 'PATCH',
    headers: MERGE,
    body: { metadata: { annotations }, spec: { password: 'Other-0rd!' } },
  });

  assert.equal(patch.status, 200, patch.text);
  assert.doesNotMatch(patch.text, /Other-0rd/);
  assert.match((await readStored('jo')).spec.password, /^\$2a\$10\$/);
  assert.equal((await server.call('/kapis/version', { token: old })).status, 401);
  assert.equal((await server.login('jo', 'Other-0rd!')).status, 200);

  // A hash made elsewhere: the one of "smuggled".
  const foreign = '$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';

  // The user's controller may write in between.
  await eventually(async () => {
    const { json } = await call('/jo');
    json.spec.password = foreign;
    assert.equal((await call('/jo', { method: 'PUT', body: json })).status, 200);
  });

  assert.notEqual((await readStored('jo')).spec.password, foreign);
  assert.equal((await server.login('jo', foreign)).status, 200);
});

test('a password is hashed before it is stored at the port of the Kubernetes API too, and a hash is kept there', async () => {
  const users = '/apis/iam.kubesphere.io/v1alpha2/users';
  const api = (path: string, method: string, body: object, type?: string) =>
    server.kubernetes(path, { method, body, ...(type && { type }) });

  const user = (name: string, password: string) => ({
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name },
    spec: { email: `${name}@example.com`, password },
  });

  const made = await api(users, 'POST', user('kim', 'Passw0rd!'));
  assert.equal(made.status, 201);

  if (!ON_CLUSTER) {
    assert.match(made.json.spec.password, HASH);
  }

  await eventually(() => server.token('kim', 'Passw0rd!'));

  for (const [type, body, password] of [
    ['application/merge-patch+json', { spec: { password: 'Patched-1!' } }, 'Patched-1!'],
    [
      'application/json-patch+json',
      [{ op: 'replace', path: '/spec/password', value: 'Patched-2!' }],
      'Patched-2!',
    ],
    ['application/apply-patch+yaml', user('kim', 'Patched-3!'), 'Patched-3!'],
  ] as const) {
    const query = type.includes('apply') ? '?fieldManager=kubectl&force=true' : '';
    const patched = await api(`${users}/kim${query}`, 'PATCH', body, type);

    assert.equal(patched.status, 200, JSON.stringify(patched.json));

    if (!ON_CLUSTER) {
      assert.match(patched.json.spec.password, HASH, type);
    }

    await eventually(() => server.token('kim', password));
  }

  // The User with its hash, as in a backup.
  const { spec } = (await server.kubernetes(`${users}/kim`)).json;
  const again = await api(users, 'POST', user('kim-again', spec.password));

  assert.equal(again.status, 201);
  await eventually(() => server.token('kim-again', 'Patched-3!'));
  assert.equal((await server.kubernetes(`${users}/kim-again`)).json.spec.password, spec.password);
});

test('a name that is no valid label value is refused through every API, and nothing is stored', async () => {
  const name = `a${'b'.repeat(63)}`;
  const users = '/apis/iam.kubesphere.io/v1alpha2/users';
  const spec = { email: 'long@example.com', password: 'Passw0rd!' };
  const annotations = { 'iam.kubesphere.io/globalrole': 'platform-regular' };

  const object = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name },
    spec,
  };

  const kapis = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token,
    body: { metadata: { name, annotations }, spec },
  });

  const applied = await call(`/${name}?fieldManager=x`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/apply-patch+yaml' },
    body: object,
  });

  assert.deepEqual(
    [kapis.status, /metadata\.name: Too long/.test(kapis.text)],
    [400, true],
    kapis.text,
  );

  const answers: { status: number; json: { message?: string } }[] = [
    applied,
    await call('', { body: object }),
    ...(ON_CLUSTER ? [] : [await server.kubernetes(users, { method: 'POST', body: object })]),
  ];

  for (const { status, json } of answers) {
    assert.equal(status, 422, JSON.stringify(json));
    assert.match(String(json.message), /metadata\.name: Too long/);
  }

  assert.equal((await server.kubernetes(`${users}/${name}`)).status, 404);

  const { json } = await server.kubernetes('/apis/iam.kubesphere.io/v1alpha2/globalrolebindings');
  assert.ok(!JSON.stringify(json).includes(name));

  const longest = await call('', { body: { ...object, metadata: { name: name.slice(1) } } });
  assert.equal(longest.status, 201, longest.text);
});

test('a user is created with a hashed password and without a role', async () => {
  const annotations = {
    'iam.kubesphere.io/globalrole': 'platform-admin',
    'kubectl.kubernetes.io/last-applied-configuration': '{"spec":{"password":"Passw0rd!"}}',
  };

  const body = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name: 'made', annotations },
    spec: { email: 'made@example.com', password: 'Passw0rd!' },
  };

  const made = await call('', { body });
  assert.equal(made.status, 201, made.text);
  assert.doesNotMatch(made.text, SECRET);

  const object = await readStored('made');
  assert.equal(object.metadata.annotations['iam.kubesphere.io/globalrole'], undefined);

  assert.equal(
    object.metadata.annotations['kubectl.kubernetes.io/last-applied-configuration'],
    undefined,
  );

  assert.match(object.spec.password, /^\$2a\$10\$/);
  await eventually(async () => assert.equal((await server.login('made', 'Passw0rd!')).status, 200));

  assert.equal(
    (await server.call('/api/v1/nodes', { token: await server.token('made', 'Passw0rd!') })).status,
    403,
  );
});

test('a hash cannot be copied to a readable field', async () => {
  const { status, text } = await call('/jo', {
    method: 'PATCH',
    headers: { 'content-type': 'application/json-patch+json' },
    body: [{ op: 'copy', from: '/spec/password', path: '/spec/description' }],
  });

  // Kubernetes answers this when there is nothing to copy.
  assert.equal(status, 200, text);
  assert.doesNotMatch(text, /\$2/);
  assert.equal((await readStored('jo')).spec.description, undefined);
});

test('server-side apply keeps the password too', async () => {
  const body = JSON.stringify({
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name: 'made' },
    spec: { email: 'made@example.com', displayName: 'Made' },
  });

  const headers = { 'content-type': 'application/apply-patch+yaml' };

  const { status, text } = await call('/made?fieldManager=me&force=true', {
    method: 'PATCH',
    headers,
    body,
  });

  assert.equal(status, 200, text);
  assert.match(text, /"displayName":"Made"/);
  assert.equal((await server.login('made', 'Passw0rd!')).status, 200);
});

test('a manager of users sets no password of an administrator', async () => {
  const before = (await readStored('admin')).spec.password;
  const body = { spec: { password: 'Taken-0ver' } };

  const refused = await call('/admin', {
    method: 'PATCH',
    headers: MERGE,
    token: managerToken,
    body,
  });

  assert.equal(refused.status, 403, refused.text);

  const { json } = await call('/admin');
  json.spec.password = 'Taken-0ver';
  assert.equal(
    (await call('/admin', { method: 'PUT', token: managerToken, body: json })).status,
    403,
  );

  assert.equal((await readStored('admin')).spec.password, before);

  assert.equal(
    (await call('/jo', { method: 'PATCH', headers: MERGE, token: managerToken, body })).status,
    200,
  );
});

test('a dry run changes nothing and ends no session', async () => {
  const jo = await server.token('jo', 'Taken-0ver');
  const body = { spec: { password: 'Dry-run-1' } };
  assert.equal(
    (await call('/jo?dryRun=All', { method: 'PATCH', headers: MERGE, body })).status,
    200,
  );

  assert.equal((await server.call('/kapis/version', { token: jo })).status, 200);
});

test('a body of more than 3 MB is refused', async () => {
  const body = { spec: { description: 'x'.repeat(3 * 1024 * 1024) } };
  assert.equal((await call('/jo', { method: 'PATCH', headers: MERGE, body })).status, 413);
});
