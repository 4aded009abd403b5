import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  ADMIN_PASSWORD,
  eventually,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
let server: TestServer;
let admin: string;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-lock-')), 'kubesphere.yaml');
  await writeFile(
    config,
    'authentication: {authenticateRateLimiterMaxTries: 3, authenticateRateLimiterMaxTriesPerSource: 6, loginHistoryMaximumEntries: 4, multipleLogin: true}\n',
  );

  server = await TestServer.start({ args: ['--config', config] });
  admin = await server.token();
});

after(() => server.stop());

const login = (username: string, password: string, address: string) =>
  server.call('/oauth/token', {
    form: { grant_type: 'password', username, password },
    headers: { 'x-forwarded-for': address },
  });

test('an address that tries one name after the other is locked, and no other address', async () => {
  for (let i = 0; i < 6; i++) {
    assert.equal((await login(`guess-${i}`, 'Passw0rd!', '198.51.100.7')).status, 401);
  }

  const locked = await login('admin', ADMIN_PASSWORD, '198.51.100.7');
  assert.deepEqual([locked.status, locked.text], [429, 'Unauthorized: auth rate limit exceeded']);

  // Entries before the proxy's own do not make it another address.
  assert.equal((await login('admin', ADMIN_PASSWORD, '203.0.113.1, 198.51.100.7')).status, 429);
  assert.equal((await login('admin', ADMIN_PASSWORD, '198.51.100.8')).status, 200);
});

test('unknown names are locked like known ones', async () => {
  const body = {
    metadata: { name: 'real' },
    spec: { email: 'real@example.com', password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${I}/users`, { token: admin, body })).status, 200);

  const statuses = async (name: string, address: string) => {
    const seen: number[] = [];

    for (let i = 0; i < 4; i++) {
      seen.push((await login(name, 'wrong-password', `${address}${i}`)).status);
    }

    return seen;
  };

  const real = await statuses('real', '192.0.2.1');
  assert.deepEqual(real, [401, 401, 401, 429]);
  assert.deepEqual(await statuses('nobody', '192.0.2.2'), real);
});

test('guessing the current password in an open session locks the user too', async () => {
  const body = {
    metadata: { name: 'open' },
    spec: { email: 'open@example.com', password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${I}/users`, { token: admin, body })).status, 200);

  const token = await server.token('open', 'Passw0rd!');

  const change = (currentPassword: string) =>
    server.call(`${I}/users/open/password`, {
      method: 'PUT',
      token,
      body: { currentPassword, password: 'Newpass1!' },
    });

  for (let i = 0; i < 3; i++) {
    assert.equal((await change('guess')).text, 'incorrect old password\n');
  }

  assert.equal((await change('Passw0rd!')).status, 429);
});

test('the history of a user’s log-ins is bounded, the newest ones stay', async () => {
  const body = {
    metadata: { name: 'often' },
    spec: { email: 'often@example.com', password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${I}/users`, { token: admin, body })).status, 200);

  const logInOften = async (from: number, to: number) => {
    for (let i = from; i <= to; i++) {
      assert.equal((await login('often', 'Passw0rd!', `192.0.2.${100 + i}`)).status, 200);
    }
  };

  await logInOften(1, 3);

  // Times in objects are whole seconds.
  await new Promise((resolve) => setTimeout(resolve, 1100));
  await logInOften(4, 7);

  await eventually(async () => {
    const { json } = await server.call(`${I}/users/often/loginrecords`, { token: admin });
    const seen = json.items.map((item: { spec: { sourceIP: string } }) => item.spec.sourceIP);
    assert.deepEqual(
      seen.sort(),
      [4, 5, 6, 7].map((i) => `192.0.2.${100 + i}`),
    );
  });
});

test('repeated wrong Basic credentials count as one failure, different ones as several', async () => {
  const body = {
    metadata: { name: 'script' },
    spec: { email: 'script@example.com', password: 'Passw0rd!' },
  };

  assert.equal((await server.call(`${I}/users`, { token: admin, body })).status, 200);

  const basic = async (name: string, password: string, address: string) => {
    const headers = {
      authorization: `Basic ${btoa(`${name}:${password}`)}`,
      'x-forwarded-for': address,
    };

    return (await server.call('/kapis/version', { headers })).status;
  };

  for (const name of ['script', 'no-script']) {
    const address = name === 'script' ? '192.0.2.200' : '192.0.2.201';

    for (let i = 0; i < 8; i++) {
      assert.equal(await basic(name, 'old password', address), 401);
    }

    for (const guess of ['2', '3']) {
      assert.equal(await basic(name, guess, address), 401);
    }

    assert.equal(await basic(name, '4', address), 429);
  }
});

test('a Basic credential that was just valid ends with its password, with a lock and with the account', async () => {
  const user = async (name: string) => {
    const body = {
      metadata: { name },
      spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
    };

    assert.equal((await server.call(`${I}/users`, { token: admin, body })).status, 200);
    await server.token(name, 'Passw0rd!');
  };

  const basic = async (name: string, password = 'Passw0rd!') => {
    const headers = { authorization: `Basic ${btoa(`${name}:${password}`)}` };
    return (await server.call('/kapis/version', { headers })).status;
  };

  for (const name of ['changes', 'fails', 'leaves']) {
    await user(name);
    assert.deepEqual([await basic(name), await basic(name)], [200, 200]);
  }

  const changed = { method: 'PUT', token: admin, body: { password: 'Newpass1!' } };
  assert.equal((await server.call(`${I}/users/changes/password`, changed)).status, 200);
  await eventually(async () => assert.equal(await basic('changes', 'Newpass1!'), 200));
  assert.equal(await basic('changes'), 401);

  for (const guess of ['1', '2', '3']) {
    assert.equal((await login('fails', guess, `192.0.2.${90 + Number(guess)}`)).status, 401);
  }

  assert.equal(await basic('fails'), 429);

  const disabled = {
    method: 'PATCH',
    token: admin,
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { status: { state: 'Disabled' } },
  };

  assert.equal(
    (await server.call('/apis/iam.kubesphere.io/v1alpha2/users/leaves', disabled)).status,
    200,
  );

  await eventually(async () => assert.notEqual(await basic('leaves'), 200));
});
