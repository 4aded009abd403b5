import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  ADMIN_PASSWORD,
  type Answer,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

const SECRET = 'a secret that both sides of this test know';
let server: TestServer;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-token-')), 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication:
  multipleLogin: true
  authenticateRateLimiterMaxTries: 3
  jwtSecret: ${SECRET}
  oauthOptions:
    clients:
    - {name: app, secret: 's3cret: +%', accessTokenMaxAge: 10m, accessTokenInactivityTimeout: 5m, scopeRestrictions: [openid, profile]}
    - {name: whole, secret: whole}
    - {name: public}
    - {name: denied, secret: d, grantMethod: deny}
`,
  );

  server = await TestServer.start({ args: ['--config', config] });
});

after(() => server.stop());

const ADMIN = { grant_type: 'password', username: 'admin', password: ADMIN_PASSWORD };
const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
  server.call('/oauth/token', { form, headers });
const basic = (name: string, secret: string) => ({
  authorization: `Basic ${btoa(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`)}`,
});
const APP = basic('app', 's3cret: +%');
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
const statusWith = async (token: string) => (await server.call('/api/v1/nodes', { token })).status;

function signToken(header: object, claims: object, hash = 'sha256', key = SECRET): string {
  const body = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${body}.${createHmac(hash, key).update(body).digest('base64url')}`;
}

test('the console of 3.0 logs in with fields of its own, and renews with the refresh token in the header', async () => {
  const login = await post({ ...ADMIN, encrypt: 'abc@def', captcha: '1234' });
  assert.equal(login.status, 200);
  assert.equal(claimsOf(login.json.access_token).username, 'admin');

  const { refresh_token } = login.json;

  const renewed = await post(
    { grant_type: 'refresh_token', refresh_token },
    { authorization: `Bearer ${refresh_token}` },
  );

  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(renewed.json.expires_in, 7200);
  assert.equal(await statusWith(renewed.json.access_token), 200);
});

test('the console of 3.4 names itself as a client', async () => {
  const login = await post({ ...ADMIN, client_id: 'kubesphere', client_secret: 'kubesphere' });
  assert.equal(login.status, 200, login.text);
  assert.equal(login.json.scope, undefined);

  const { refresh_token } = login.json;

  const form = {
    grant_type: 'refresh_token',
    refresh_token,
    client_id: 'kubesphere',
    client_secret: 'kubesphere',
  };

  assert.equal((await post(form)).status, 200);

  const wrong = await post({
    ...ADMIN,
    password: 'x',
    client_id: 'kubesphere',
    client_secret: 'kubesphere',
  });

  assert.deepEqual([wrong.status, wrong.text], [401, 'Unauthorized: incorrect password']);
});

test('a client authenticates in the header or in the body, and in no other way', async () => {
  const right = [
    post(ADMIN, APP),
    post({ ...ADMIN, client_id: 'app', client_secret: 's3cret: +%' }),
    post({ ...ADMIN, client_id: 'public' }),
  ];

  for (const answer of await Promise.all(right)) {
    assert.equal(answer.status, 200, answer.text);
  }

  const wrong = [
    post(ADMIN, basic('app', 'wrong')),
    post(ADMIN, basic('nosuch', '')),
    post({ ...ADMIN, client_id: 'app' }),
    post({ ...ADMIN, client_id: 'app', client_secret: 'wrong' }),
    post({ ...ADMIN, client_id: 'nosuch' }),
    post({ ...ADMIN, client_id: 'public' }, APP),
  ];

  for (const answer of await Promise.all(wrong)) {
    assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_client']);
    assert.equal(answer.headers.get('www-authenticate'), 'Basic realm="KubeSphere"');
  }

  const both = await post({ ...ADMIN, client_secret: 's3cret: +%' }, APP);
  assert.equal(both.json.error, 'invalid_request');

  const denied = await post(ADMIN, basic('denied', 'd'));
  assert.equal(denied.json.error, 'unauthorized_client');
});

test('a secret of a client is no password of a user, and locks no user', async () => {
  for (let i = 0; i < 5; i++) {
    await post(ADMIN, basic('admin', 'not his password'));
  }
  assert.equal((await post(ADMIN)).status, 200);
});

test('lifetimes and scope of a client apply, and continue with its refresh tokens', async () => {
  const first = await post(ADMIN, APP);

  const check = ({ json }: Answer) => {
    assert.deepEqual([json.expires_in, json.scope], [600, 'openid profile']);
    const { iat, exp, client_id } = claimsOf(json.refresh_token);
    assert.deepEqual([exp - iat, client_id], [900, 'app']);
    assert.match(json.id_token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  };

  check(first);
  check(await post({ grant_type: 'refresh_token', refresh_token: first.json.refresh_token }, APP));

  // Its scope does not include the API.
  const refused = await server.call('/api/v1/nodes', { token: first.json.access_token });
  assert.equal(refused.status, 401);
  assert.match(refused.json.message, /ask for "full"/);

  const review = await server.call('/oauth/authenticate', {
    body: { spec: { token: first.json.access_token } },
  });
  assert.equal(review.json.status.authenticated, false);

  const more = await post({ ...ADMIN, scope: 'full' }, APP);
  assert.equal(more.json.error, 'invalid_scope');
});

test('a refresh token is valid for its own client only', async () => {
  const mine = (await post(ADMIN, APP)).json.refresh_token;
  const plain = (await post(ADMIN)).json.refresh_token;
  const refresh = (refresh_token: string, headers = {}) =>
    post({ grant_type: 'refresh_token', refresh_token }, headers);

  assert.equal((await refresh(mine)).status, 401);
  assert.equal((await refresh(mine, basic('whole', 'whole'))).json.error, 'invalid_grant');
  assert.equal((await refresh(plain, APP)).json.error, 'invalid_grant');
  assert.equal((await refresh(mine, APP)).status, 200);
});

test('an exchanged refresh token is accepted once more after a lost answer, with the same successor', async () => {
  const { refresh_token } = (await post(ADMIN)).json;
  const refresh = () => post({ grant_type: 'refresh_token', refresh_token });
  const answers = await Promise.all([refresh(), refresh(), refresh()]);
  const [first] = answers;

  for (const { status, json } of answers) {
    assert.equal(status, 200);
    assert.equal(json.refresh_token, first.json.refresh_token);
    assert.equal(await statusWith(json.access_token), 200);
  }

  assert.notEqual(first.json.refresh_token, refresh_token);
});

test('reuse of an older refresh token ends its session', async () => {
  const login = (await post(ADMIN)).json;
  const other = (await post(ADMIN)).json;
  const refresh = (refresh_token: string) => post({ grant_type: 'refresh_token', refresh_token });
  const second = (await refresh(login.refresh_token)).json;
  const third = (await refresh(second.refresh_token)).json;

  assert.equal(await statusWith(third.access_token), 200);

  const stolen = await refresh(login.refresh_token);
  assert.deepEqual([stolen.status, stolen.text], [401, 'Unauthorized: token not found in cache']);

  for (const { access_token } of [login, second, third]) {
    assert.equal(await statusWith(access_token), 401);
  }

  assert.equal((await refresh(third.refresh_token)).status, 401);
  assert.equal(await statusWith(other.access_token), 200);
});

test('tokens of another issuer or purpose are refused', async () => {
  const { access_token, refresh_token } = (await post(ADMIN)).json;
  const claims = claimsOf(access_token);
  const hs256 = { alg: 'HS256', typ: 'JWT' };

  assert.equal(await statusWith(signToken(hs256, claims)), 200);

  const { id_token } = (await post({ ...ADMIN, scope: 'openid full' }, basic('whole', 'whole')))
    .json;
  const { keys } = (await server.call('/oauth/keys')).json;
  const [header, payload] = [hs256, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );

  const refused: Record<string, string> = {
    'alg none': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`,
    'no signature': `${header}.${payload}.`,
    HS384: signToken({ alg: 'HS384' }, claims, 'sha384'),
    HS512: signToken({ alg: 'HS512' }, claims, 'sha512'),
    'the public key as secret': signToken(hs256, claims, 'sha256', JSON.stringify(keys[0])),
    'an ID token': id_token,
    'a refresh token': refresh_token,
    'a static token': signToken(hs256, { ...claims, token_type: 'static_token' }),
    'no type': signToken(hs256, { ...claims, token_type: undefined }),
    expired: signToken(hs256, { ...claims, exp: Math.floor(Date.now() / 1000) - 1 }),
    'of the future': signToken(hs256, { ...claims, nbf: Math.floor(Date.now() / 1000) + 60 }),
    'of another issuer': signToken(hs256, { ...claims, iss: server.url }),
    'of another session': signToken(hs256, { ...claims, sid: 'f'.repeat(40) }),
    'of no session': signToken(hs256, { ...claims, sid: undefined }),
    'of another user of the session': signToken(hs256, { ...claims, username: 'nobody', uid: '' }),
    'a session that is no text': signToken(hs256, { ...claims, sid: { $ne: '' } }),
  };

  for (const [name, token] of Object.entries(refused)) {
    assert.equal(await statusWith(token), 401, name);

    const review = await server.call('/oauth/authenticate', {
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: ['api'] },
      },
    });

    assert.deepEqual([review.status, review.json.status.authenticated], [200, false], name);

    const form = { grant_type: 'refresh_token', refresh_token: token };

    if (name !== 'a refresh token') {
      assert.equal((await post(form)).status, 401, name);
    }
  }
});

test('TokenReviews work in both versions, and invalid bodies are refused', async () => {
  const { access_token: token } = (await post(ADMIN)).json;

  for (const apiVersion of ['authentication.k8s.io/v1', 'authentication.k8s.io/v1beta1']) {
    const body = {
      apiVersion,
      kind: 'TokenReview',
      spec: { token, audiences: ['https://kubernetes.default.svc'] },
    };

    const { json } = await server.call('/oauth/authenticate', { body });
    assert.equal(json.apiVersion, apiVersion);
    assert.deepEqual(json.status.user.groups, ['system:authenticated']);
    assert.equal(json.status.user.username, 'admin');
    assert.equal(json.status.audiences, undefined);
  }

  for (const body of [
    { apiVersion: 'v1', spec: { token } },
    { spec: { token: 7 } },
    { spec: [] },
    [],
    { spec: { token: '' } },
  ]) {
    assert.equal(
      (await server.call('/oauth/authenticate', { body })).status,
      400,
      JSON.stringify(body),
    );
  }
});

test('a client ends the sessions of its own tokens', async () => {
  const revoke = (token: string, headers: Record<string, string>) =>
    server.call('/oauth/revoke', { form: { token }, headers });
  const whole = basic('whole', 'whole');
  const mine = (await post(ADMIN, whole)).json;

  assert.equal((await revoke(mine.refresh_token, APP)).status, 200);
  assert.equal(await statusWith(mine.access_token), 200);
  assert.equal((await revoke(mine.refresh_token, whole)).status, 200);
  assert.equal(await statusWith(mine.access_token), 401);
  assert.equal((await revoke('garbage', whole)).status, 200);
  assert.equal((await revoke('', whole)).json.error, 'invalid_request');
  assert.equal((await revoke(mine.refresh_token, basic('whole', 'wrong'))).status, 401);
});

test('a client with a secret may introspect tokens', async () => {
  const { access_token, refresh_token } = (await post(ADMIN, APP)).json;
  const introspect = (token: string, headers: Record<string, string> = APP) =>
    server.call('/oauth/introspect', { form: { token }, headers });
  const { json } = await introspect(access_token);
  assert.deepEqual(
    [json.active, json.username, json.client_id, json.scope],
    [true, 'admin', 'app', 'openid profile'],
  );

  assert.equal((await introspect(refresh_token)).json.active, true);
  await server.call('/oauth/revoke', { form: { token: access_token }, headers: APP });

  for (const token of [access_token, refresh_token, 'garbage']) {
    assert.deepEqual((await introspect(token)).json, { active: false });
  }

  assert.equal((await introspect(access_token, {})).status, 401);

  const form = { token: access_token, client_id: 'public' };
  assert.equal((await server.call('/oauth/introspect', { form })).status, 401);
});

test('userinfo shows the claims of the token’s scope', async () => {
  const info = (token: string | undefined, method = 'GET') =>
    server.call('/oauth/userinfo', { token, method });
  const little = (await post(ADMIN, APP)).json;
  assert.deepEqual((await info(little.access_token)).json, {
    sub: 'admin',
    name: 'admin',
    preferred_username: 'admin',
    locale: (await info(little.access_token, 'POST')).json.locale,
    groups: [],
  });

  const full = (await post(ADMIN, basic('whole', 'whole'))).json;
  const refused = await info(full.access_token);

  assert.deepEqual([refused.status, refused.json.error], [403, 'insufficient_scope']);

  const plain = (await post(ADMIN)).json;
  assert.equal((await info(plain.access_token)).json.email, 'admin@kubesphere.io');

  for (const token of [undefined, 'garbage', plain.refresh_token, little.id_token]) {
    const answer = await info(token);
    assert.deepEqual([answer.status, answer.json.error], [401, 'invalid_token']);

    assert.match(
      answer.headers.get('www-authenticate')!,
      /^Bearer realm="KubeSphere", error="invalid_token"$/,
    );
  }
});
