import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { eventually, TestServer } from '../support/test-server.ts';

const WATCH = '/api/v1/namespaces?watch=true';
const USER = '/apis/iam.kubesphere.io/v1alpha2/users';
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';

/** A second, plus a margin for a busy machine. */
const SOON_MS = 1500;

let server: TestServer;
let admin: string;

before(async () => {
  server = await TestServer.start();
  admin = await server.token();
});

after(() => server.stop());

let users = 0;

/** Creates a new administrator with a session. */
async function newUser(): Promise<{ name: string; token: string }> {
  users += 1;

  const name = `user-${users}`;
  const annotations = { 'iam.kubesphere.io/globalrole': 'platform-admin' };

  const body = {
    metadata: { name, annotations },
    spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${IAM}/users`, { token: admin, body })).status, 200);

  const token = await server.token(name, 'Passw0rd!');
  await eventually(async () =>
    assert.equal((await server.call('/api/v1/namespaces', { token })).status, 200),
  );

  return { name, token };
}

/**
 * Opens a watch and two WebSockets; returns a function that measures how long each stays open, in
 * milliseconds from its call.
 */
async function open(authorization: string): Promise<() => Promise<number[]>> {
  const headers = { authorization };
  const response = await fetch(server.url + WATCH, { headers });

  assert.equal(response.status, 200);

  const reader = response.body!.getReader();
  await reader.read();

  const watchEnds = (async () => {
    while (!(await reader.read()).done) {}
  })();
  const sockets = [WATCH, `${USER}?watch=true`].map(
    (path) => new WebSocket(server.url.replace('http', 'ws') + path, { headers }),
  );
  const closes = sockets.map((socket) => once(socket, 'close'));

  await Promise.all(sockets.map((socket) => once(socket, 'open')));

  return async () => {
    const start = performance.now();
    const late = AbortSignal.timeout(SOON_MS + 2000);
    const timedOut = new Promise<never>((_resolve, reject) =>
      late.addEventListener('abort', () => reject(new Error('a connection goes on'))),
    );

    return Promise.all(
      [watchEnds, ...closes].map(async (end) => {
        await Promise.race([end, timedOut]);
        return performance.now() - start;
      }),
    );
  };
}

const merge = (name: string, body: unknown) =>
  server.call(`${USER}/${name}`, {
    method: 'PATCH',
    token: admin,
    headers: { 'content-type': 'application/merge-patch+json' },
    body,
  });

const ENDINGS: Record<
  string,
  (user: { name: string; token: string }) => Promise<{ status: number; text: string }>
> = {
  'a log-out': ({ token }) => server.call('/oauth/logout', { method: 'POST', token }),
  'another log-in': async ({ name }) => {
    // Tokens issued within one second are equal.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    return server.login(name, 'Passw0rd!');
  },
  'a new password': ({ name }) =>
    server.call(`${IAM}/users/${name}/password`, {
      method: 'PUT',
      token: admin,
      body: { currentPassword: '', password: 'An0ther-one' },
    }),
  'being disabled': ({ name }) => merge(name, { status: { state: 'Disabled' } }),
  'being deleted': ({ name }) =>
    server.call(`${IAM}/users/${name}`, { method: 'DELETE', token: admin }),
};

for (const [what, end] of Object.entries(ENDINGS)) {
  test(`open connections end with ${what}, those of other users do not`, async () => {
    const user = await newUser();
    const ends = await open(`Bearer ${user.token}`);
    const other = await newUser();
    let others = 'go on';

    const othersEnd = (await open(`Bearer ${other.token}`))().then(
      () => (others = 'ended'),
      () => 'went on',
    );

    const { status, text } = await end(user);
    assert.equal(status, 200, text);

    for (const ms of await ends()) {
      assert.ok(ms < SOON_MS, `${ms} ms`);
    }

    assert.equal(others, 'go on');
    assert.equal(await othersEnd, 'went on');
  });
}

test('open connections end with the rights to them', async () => {
  const user = await newUser();
  const ends = await open(`Bearer ${user.token}`);

  for (const resource of ['globalrolebindings', 'clusterrolebindings']) {
    const group =
      resource === 'globalrolebindings'
        ? 'iam.kubesphere.io/v1alpha2'
        : 'rbac.authorization.k8s.io/v1';

    const { items } = (await server.kubernetes(`/apis/${group}/${resource}`)).json;
    for (const { metadata, subjects } of items) {
      if (subjects?.some(({ name }: { name: string }) => name === user.name)) {
        await server.kubernetes(`/apis/${group}/${resource}/${metadata.name}`, {
          method: 'DELETE',
        });
      }
    }
  }

  for (const ms of await ends()) {
    assert.ok(ms < SOON_MS, `${ms} ms`);
  }
});

test('open connections end when their Basic password changes', async () => {
  const { name } = await newUser();
  const ends = await open(`Basic ${Buffer.from(`${name}:Passw0rd!`).toString('base64')}`);

  assert.equal((await merge(name, { spec: { password: 'An0ther-one' } })).status, 200);

  for (const ms of await ends()) {
    assert.ok(ms < SOON_MS, `${ms} ms`);
  }
});
