import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type Answer,
  eventually,
  GARBAGE_MS,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';
import { Secret, TOTP } from 'otpauth';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const PASSWORD = 'Passw0rd!';
const SECRETS =
  '/api/v1/namespaces/kubesphere-system/secrets?labelSelector=iam.kubesphere.io/credential';
let server: TestServer;
let admin: string;
let config: string;

const call = (
  method: string,
  path: string,
  token: string | undefined,
  body?: unknown,
): Promise<Answer> => server.call(path, { method, token, ...(body !== undefined && { body }) });

const login = (username: string, otp?: string) =>
  server.call('/oauth/token', {
    form: { grant_type: 'password', username, password: PASSWORD, ...(otp && { otp }) },
  });

async function createUser(name: string, role = 'platform-regular'): Promise<string> {
  const metadata = { name, annotations: { 'iam.kubesphere.io/globalrole': role } };

  const { status, text } = await call('POST', `${I}/users`, admin, {
    metadata,
    spec: { email: `${name}@example.com`, password: PASSWORD },
  });

  assert.equal(status, 200, text);

  return server.token(name, PASSWORD);
}

before(async () => {
  config = join(await mkdtemp(join(tmpdir(), 'ks-credentials-')), 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication:
  multipleLogin: true
  apiTokens: {maxPerUser: 3, maxAge: 1h}
`,
  );

  server = await TestServer.start({ args: ['--config', config] });
  admin = await server.token();
});

after(() => server.stop());

test('an API token is shown once, works, records its use, and can be revoked', async () => {
  const session = await createUser('ann');
  const made = await call('POST', `${I}/users/ann/tokens`, session, { name: 'backup script' });

  assert.equal(made.status, 200, made.text);

  const { token, id, expires } = made.json;
  assert.match(token, /^kst_[0-9a-z]{16}_[\w-]{43}$/);
  assert.ok(Date.parse(expires) - Date.now() <= 3_600_000);
  assert.equal((await call('GET', `${I}/users/ann`, token)).status, 200);
  assert.equal((await call('GET', `${I}/users/admin`, token)).status, 403);

  const list = await eventually(async () => {
    const answer = await call('GET', `${I}/users/ann/tokens`, session);
    assert.ok(answer.json.items[0].lastUsed);
    return answer;
  });

  assert.equal(list.json.totalItems, 1);
  assert.equal(list.json.items[0].name, 'backup script');
  assert.ok(!list.text.includes(token.slice(24)));

  const stored = JSON.stringify((await server.kubernetes(SECRETS)).json);
  assert.ok(!stored.includes(token) && !stored.includes(Buffer.from(token).toString('base64')));
  assert.equal((await call('DELETE', `${I}/users/ann/tokens/${id}`, session)).status, 200);

  const refused = await call('GET', `${I}/users/ann`, token);
  assert.deepEqual(
    [refused.status, refused.json.message],
    [401, 'Unauthorized: the API token is unknown or revoked'],
  );

  assert.equal((await call('DELETE', `${I}/users/ann/tokens/${id}`, session)).status, 404);
});

test('API tokens have limits, and create no further credentials', async () => {
  const session = await createUser('ben');
  const tokens = `${I}/users/ben/tokens`;

  assert.equal((await call('POST', tokens, session, { name: 'x', expiresIn: 7200 })).status, 400);
  assert.equal((await call('POST', tokens, session, { name: ' ' })).status, 400);
  assert.equal((await call('POST', tokens, session, { name: 'x', expiresIn: -1 })).status, 400);

  const { token } = (await call('POST', tokens, session, { name: '1', expiresIn: 2 })).json;
  assert.equal((await call('GET', `${I}/users/ben`, token)).status, 200);
  assert.equal((await call('POST', tokens, token, { name: 'more' })).status, 403);

  assert.equal(
    (await call('POST', `${I}/users/ben/totp`, token, { currentPassword: PASSWORD })).status,
    403,
  );

  const change = await call('PUT', `${I}/users/ben/password`, token, {
    currentPassword: PASSWORD,
    password: 'Newpass1!',
  });

  assert.equal(change.status, 403, change.text);

  for (const name of ['2', '3']) {
    assert.equal((await call('POST', tokens, session, { name })).status, 200);
  }

  assert.match((await call('POST', tokens, session, { name: '4' })).text, /the most there may be/);

  await eventually(async () =>
    assert.equal(
      (await call('GET', `${I}/users/ben`, token)).json.message,
      'Unauthorized: the API token is expired',
    ),
  );
});

test('tokens survive a restart, but not the deletion or disabling of their user', async () => {
  const session = await createUser('cleo');
  const { token } = (await call('POST', `${I}/users/cleo/tokens`, session, { name: 'x' })).json;

  const patch = (state: string) =>
    server.kubernetes('/apis/iam.kubesphere.io/v1alpha2/users/cleo', {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { status: { state } },
    });

  await patch('Disabled');
  await eventually(async () =>
    assert.equal((await call('GET', `${I}/users/cleo`, token)).status, 401),
  );
  await patch('Active');
  await eventually(async () =>
    assert.equal((await call('GET', `${I}/users/cleo`, token)).status, 200),
  );
  assert.equal((await call('DELETE', `${I}/users/cleo`, admin)).status, 200);
  await eventually(async () =>
    assert.equal((await call('GET', `${I}/users/cleo`, token)).status, 401),
  );

  // On a cluster the name waits for the end of the user's certificate.
  await eventually(async () => {
    const mark = '/api/v1/namespaces/kubesphere-system/configmaps/retired-user-cleo';
    await server.kubernetes(mark, { method: 'DELETE' });
    await createUser('cleo');
  });

  assert.equal((await call('GET', `${I}/users/cleo`, token)).status, 401);

  await eventually(
    async () =>
      assert.ok(!JSON.stringify((await server.kubernetes(SECRETS)).json).includes('"cleo"')),
    GARBAGE_MS,
  );
});

test('no user may create credentials for others; managers list and revoke those of users whom they manage', async () => {
  const dan = await createUser('dan');
  const uma = await createUser('uma', 'users-manager');
  const { id, token } = (await call('POST', `${I}/users/dan/tokens`, dan, { name: 'x' })).json;

  assert.equal((await call('POST', `${I}/users/dan/tokens`, admin, { name: 'x' })).status, 403);
  assert.equal((await call('POST', `${I}/users/dan/totp`, admin, {})).status, 403);
  assert.equal((await call('GET', `${I}/users/dan/tokens`, admin)).json.totalItems, 1);
  assert.equal((await call('GET', `${I}/users/admin/tokens`, uma)).status, 403);
  assert.equal((await call('GET', `${I}/users/uma/tokens`, dan)).status, 403);
  assert.equal((await call('DELETE', `${I}/users/dan/tokens/${id}`, admin)).status, 200);
  assert.equal((await call('GET', `${I}/users/dan`, token)).status, 401);
});

test('all sessions of a user end at once, by themselves or an administrator', async () => {
  const [one, two] = [await createUser('gil'), await server.token('gil', PASSWORD)];
  assert.equal((await call('DELETE', `${I}/users/admin/sessions`, one)).status, 403);
  assert.equal((await call('DELETE', `${I}/users/gil/sessions`, one)).status, 200);

  for (const token of [one, two]) {
    assert.equal((await call('GET', `${I}/users/gil`, token)).status, 401);
  }

  const third = await server.token('gil', PASSWORD);

  assert.equal((await call('DELETE', `${I}/users/gil/sessions`, admin)).status, 200);
  assert.equal((await call('GET', `${I}/users/gil`, third)).status, 401);
});

test('garbage in the format of an API token is refused', async () => {
  for (const token of [
    'kst_',
    'kst_x_y',
    `kst_${'a'.repeat(16)}_${'b'.repeat(43)}`,
    `kst_${'../'.repeat(8)}_x`,
  ]) {
    const { status, json } = await call('GET', `${I}/users/admin`, token);
    assert.deepEqual(
      [status, json.message],
      [401, 'Unauthorized: the API token is unknown or revoked'],
      token,
    );
  }
});

test('one-time passwords: turned on with a first code, required at every log-in, each valid once', async () => {
  const session = await createUser('eve');
  const totp = `${I}/users/eve/totp`;

  assert.equal((await call('POST', totp, session, { currentPassword: 'wrong' })).status, 400);

  const begun = await call('POST', totp, session, { currentPassword: PASSWORD });
  assert.equal(begun.status, 200, begun.text);
  assert.match(begun.json.uri, /^otpauth:\/\/totp\/KubeSphere:eve\?/);

  // Nothing changes until a code proves that the app has the secret.
  assert.equal((await login('eve')).status, 200);

  const app = new TOTP({ secret: Secret.fromBase32(begun.json.secret) });
  const code = (steps = 0) => app.generate({ timestamp: Date.now() + steps * 30_000 });
  assert.equal(
    (await call('PUT', totp, session, { code: '000000' === code() ? '111111' : '000000' })).status,
    400,
  );

  const confirmed = await call('PUT', totp, session, { code: code(-1) });
  assert.equal(confirmed.json.recoveryCodes?.length, 10, confirmed.text);

  assert.deepEqual((await call('GET', totp, session)).json, {
    enabled: true,
    pending: false,
    recoveryCodes: 10,
  });

  const without = await login('eve');
  assert.deepEqual(
    [without.status, without.text],
    [401, 'Unauthorized: one-time password required: send it as otp'],
  );

  const now = code();
  assert.equal((await login('eve', now)).status, 200);
  assert.equal((await login('eve', now)).text, 'Unauthorized: incorrect one-time password');

  const [recovery] = confirmed.json.recoveryCodes;
  assert.equal((await login('eve', recovery)).status, 200);
  assert.equal((await login('eve', recovery)).status, 401);

  const basic = await server.call(`${I}/users/eve`, {
    headers: { authorization: `Basic ${btoa(`eve:${PASSWORD}`)}` },
  });
  assert.equal(basic.status, 401);
  assert.match(basic.json.message, /API token/);

  assert.equal(
    (await call('DELETE', totp, session, { currentPassword: PASSWORD, code: 'wrong' })).status,
    400,
  );

  assert.equal((await call('DELETE', totp, admin, {})).status, 200);
  assert.equal((await login('eve')).status, 200);
});

test('a wrong one-time password counts towards the lock', async () => {
  const session = await createUser('finn');
  const { secret } = (
    await call('POST', `${I}/users/finn/totp`, session, { currentPassword: PASSWORD })
  ).json;
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  assert.equal(
    (await call('PUT', `${I}/users/finn/totp`, session, { code: app.generate() })).status,
    200,
  );

  const wrong = String((Number(app.generate()) + 500_000) % 1_000_000).padStart(6, '0');

  for (let i = 0; i < 5; i++) {
    assert.equal((await login('finn', wrong)).status, 401);
  }

  assert.equal((await login('finn', app.generate({ timestamp: Date.now() + 30_000 }))).status, 429);
});
