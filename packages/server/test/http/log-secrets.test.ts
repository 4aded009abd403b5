import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { ADMIN_PASSWORD, TestServer } from '../support/test-server.ts';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const CALLBACK = 'https://app.example/cb';
const PASSWORD = 'Passw0rd!-in-clear';
let server: TestServer;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-log-')), 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication: {multipleLogin: true, oauthOptions: {clients: [{name: app, secret: the-client-secret, redirectURIs: ["${CALLBACK}"]}]}}\n`,
  );

  server = await TestServer.start({ args: ['--config', config, '--log-level', 'trace'] });
});

after(() => server.stop());

test('no password, token, code, hash or key of any kind is logged, whether calls succeed or fail', async () => {
  const admin = await server.token();

  const user = {
    metadata: { name: 'ann' },
    spec: { email: 'ann@example.com', password: PASSWORD },
  };

  assert.equal((await server.call(`${I}/users`, { token: admin, body: user })).status, 200);

  const pair = (await server.login('ann', PASSWORD)).json;
  const token: string = pair.access_token;

  await server.login('ann', 'a-wrong-password');

  const basic = `ann:${PASSWORD}`;
  await server.call('/kapis/version', { headers: { authorization: `Basic ${btoa(basic)}` } });
  await server.call(`/kapis/version?access_token=${token}`, { token });

  const api = (await server.call(`${I}/users/ann/tokens`, { token, body: { name: 'x' } })).json
    .token;
  await server.call('/kapis/version', { token: api });
  await server.call('/kapis/version', { token: `${api}x` });

  const totp = await server.call(`${I}/users/ann/totp`, {
    token,
    body: { currentPassword: PASSWORD },
  });

  const { secret } = totp.json;
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();

  const confirmed = await server.call(`${I}/users/ann/totp`, {
    method: 'PUT',
    token,
    body: { code },
  });

  const recovery: string[] = confirmed.json.recoveryCodes;

  const query = new URLSearchParams({
    client_id: 'app',
    response_type: 'code',
    redirect_uri: CALLBACK,
    state: 'st',
  });

  const granted = await server.call(`/oauth/authorize?${query}`, { token });
  const oauthCode = new URL(granted.headers.get('location')!).searchParams.get('code')!;

  const redeem = (value: string) => ({
    grant_type: 'authorization_code',
    code: value,
    client_id: 'app',
    client_secret: 'the-client-secret',
    redirect_uri: CALLBACK,
  });

  await server.call('/oauth/token', { form: redeem(`${oauthCode}x`) });

  const tokens = (await server.call('/oauth/token', { form: redeem(oauthCode) })).json;
  assert.ok(tokens.access_token, JSON.stringify(tokens));
  await server.call(`${I}/users`, { token: admin, body: `{"spec": {"password": "${PASSWORD}"` });

  const stored = await server.kubernetes('/apis/iam.kubesphere.io/v1alpha2/users/ann');
  const hash: string = stored.json.spec.password;

  await server.call('/oauth/logout', { method: 'POST', token });
  await server.stop();

  const lines = server.output;
  assert.match(lines, /"path":"\/oauth\/token"/);

  const secrets = {
    ADMIN_PASSWORD,
    PASSWORD,
    wrong: 'a-wrong-password',
    basic: btoa(basic),
    token,
    refresh: pair.refresh_token,
    api,
    secret,
    recovery: recovery[0]!,
    oauthCode,
    client: 'the-client-secret',
    ofClient: tokens.access_token,
    hash,
  };

  for (const [name, value] of Object.entries(secrets)) {
    assert.ok(!lines.includes(value), name);
  }
});
