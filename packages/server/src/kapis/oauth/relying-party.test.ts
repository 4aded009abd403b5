import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser } from '@ks-apiserver/server/test/support/browser';
import { ADMIN_PASSWORD, TestServer } from '@ks-apiserver/server/test/support/test-server';
import * as oidc from 'openid-client';

const CALLBACK = 'https://grafana.example/login/generic_oauth';
const GOODBYE = 'https://grafana.example/bye';
const ADMIN = { username: 'admin', password: ADMIN_PASSWORD };
let server: TestServer;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-rp-')), 'kubesphere.yaml');
  const client = `redirectURIs: ["${CALLBACK}"], postLogoutRedirectURIs: ["${GOODBYE}"]`;
  await writeFile(
    config,
    `authentication:
  multipleLogin: true
  oauthOptions:
    clients:
    - {name: grafana, secret: s3cret, ${client}}
    - {name: spa, ${client}, idTokenSignedResponseAlg: ES256}
`,
  );

  server = await TestServer.start({ args: ['--config', config] });
});

after(() => server.stop());

/** A relying party that has discovered the server. */
function relyingParty(name: string, secret: string | undefined, authentication: oidc.ClientAuth) {
  const metadata = {
    ...(secret !== undefined && { client_secret: secret }),
    id_token_signed_response_alg: ALG[name]!,
  };

  const options = { execute: [oidc.allowInsecureRequests] };

  return oidc.discovery(new URL(server.url), name, metadata, authentication, options);
}

const ALG: Record<string, string> = { grafana: 'RS256', spa: 'ES256' };

/**
 * Leads a new browser from the relying party to the log-in and back; returns the address of its
 * return.
 */
async function authorize(
  config: oidc.Configuration,
  parameters: Record<string, string>,
  user = new Browser(server.url),
) {
  const target = oidc.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, ...parameters });
  const page = await user.open(target);
  const done = page.location ? page : await user.submit(page, ADMIN);

  assert.ok(done.location, done.html);

  return { user, back: done.location };
}

const cases: [string, string | undefined, oidc.ClientAuth][] = [
  ['grafana', 's3cret', oidc.ClientSecretBasic('s3cret')],
  ['grafana', 's3cret', oidc.ClientSecretPost('s3cret')],
  ['spa', undefined, oidc.None()],
];

for (const [name, secret, authentication] of cases) {
  test(`openid-client completes the flow as ${name}`, async () => {
    const config = await relyingParty(name, secret, authentication);
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];

    const { user, back } = await authorize(config, {
      scope: 'openid profile email offline_access full',
      state,
      nonce,
      max_age: '600',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });

    // It checks iss, state, nonce, at_hash, auth_time, signature and audience.
    const tokens = await oidc.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      maxAge: 600,
      idTokenExpected: true,
    });

    const claims = tokens.claims()!;
    assert.deepEqual([claims.sub, claims.iss, claims.aud], ['admin', server.url, name]);
    assert.deepEqual([claims.preferred_username, claims.email], ['admin', 'admin@kubesphere.io']);

    const header = JSON.parse(Buffer.from(tokens.id_token!.split('.')[0]!, 'base64url').toString());
    assert.equal(header.alg, ALG[name]);

    const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.equal(info.email, 'admin@kubesphere.io');
    assert.equal((await server.call('/api/v1/nodes', { token: tokens.access_token })).status, 200);
    assert.equal((await server.call('/api/v1/nodes', { token: tokens.id_token! })).status, 401);

    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!);
    assert.equal(renewed.claims()!.auth_time, claims.auth_time);
    assert.equal((await server.call('/api/v1/nodes', { token: renewed.access_token })).status, 200);

    const parameters = {
      id_token_hint: renewed.id_token!,
      post_logout_redirect_uri: GOODBYE,
      state: 'bye',
    };

    const left = await user.open(oidc.buildEndSessionUrl(config, parameters));
    assert.equal(left.location?.href, `${GOODBYE}?state=bye`);
    assert.equal(user.cookies.has('ks-session'), false);
    assert.equal((await server.call('/api/v1/nodes', { token: renewed.access_token })).status, 401);
    await assert.rejects(oidc.refreshTokenGrant(config, renewed.refresh_token!), {
      error: 'invalid_grant',
    });
  });
}

test('without offline_access no refresh token is issued, and revocation ends the access token', async () => {
  const config = await relyingParty('grafana', 's3cret', oidc.ClientSecretBasic('s3cret'));
  const { back } = await authorize(config, { scope: 'openid full' });
  const tokens = await oidc.authorizationCodeGrant(config, back, { idTokenExpected: true });

  assert.equal(tokens.refresh_token, undefined);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true);
  await oidc.tokenRevocation(config, tokens.access_token);
  assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false);
});

test('an answer of another server is detected by its issuer', async () => {
  const config = await relyingParty('grafana', 's3cret', oidc.ClientSecretBasic('s3cret'));
  const { back } = await authorize(config, { scope: 'openid' });

  back.searchParams.set('iss', 'https://evil.example');
  await assert.rejects(oidc.authorizationCodeGrant(config, back), {
    code: 'OAUTH_INVALID_RESPONSE',
  });
  back.searchParams.delete('iss');
  await assert.rejects(oidc.authorizationCodeGrant(config, back), {
    code: 'OAUTH_INVALID_RESPONSE',
  });
});

test('an ID token of another client or an invalid one logs no user out without confirmation', async () => {
  const config = await relyingParty('grafana', 's3cret', oidc.ClientSecretBasic('s3cret'));
  const { user, back } = await authorize(config, { scope: 'openid' });
  const { id_token: hint = '' } = await oidc.authorizationCodeGrant(config, back, {
    idTokenExpected: true,
  });
  const [header, payload] = hint.split('.');
  for (const wrong of [`${header}.${payload}.AAAA`, 'garbage', '']) {
    const query = new URLSearchParams({
      id_token_hint: wrong,
      post_logout_redirect_uri: GOODBYE,
      client_id: 'grafana',
    });

    const page = await user.open(`/oauth/logout?${query}`);
    assert.deepEqual([page.location, user.cookies.has('ks-session')], [undefined, true]);
    assert.match(page.html, /Log out\?/);
  }

  // The address only belongs to `spa` if the request names it, and the hint is of grafana.
  const mixed = new URLSearchParams({
    id_token_hint: hint,
    post_logout_redirect_uri: GOODBYE,
    client_id: 'spa',
  });

  assert.equal((await user.open(`/oauth/logout?${mixed}`)).status, 400);

  const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: GOODBYE });
  assert.equal((await user.open(`/oauth/logout?${query}`)).location?.href, GOODBYE);
});

test('both discovery documents are equal, and list the served endpoints', async () => {
  const [root, own] = await Promise.all(
    ['', '/oauth'].map((path) => server.call(`${path}/.well-known/openid-configuration`)),
  );
  assert.deepEqual(root!.json, own!.json);

  for (const [name, url] of Object.entries<string>(root!.json).filter(([key]) =>
    /_endpoint$|jwks_uri/.test(key),
  )) {
    assert.notEqual((await server.call(new URL(url).pathname)).status, 404, name);
  }

  const forged = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
  };

  const other = await server.call('/.well-known/openid-configuration', { headers: forged });
  assert.deepEqual(other.json, root!.json);

  const { keys } = (await server.call('/oauth/keys')).json;
  assert.deepEqual(keys.map(({ alg }: { alg: string }) => alg).toSorted(), ['ES256', 'RS256']);

  for (const key of keys) {
    assert.deepEqual([key.d, key.p, key.use], [undefined, undefined, 'sig']);
  }
});
