import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  ADMIN,
  errorOf,
  proof,
  startAuthorization,
  url,
} from '@ks-apiserver/server/test/support/authorization';
import { pkce } from '@ks-apiserver/server/test/support/browser';
import { ADMIN_PASSWORD, eventually } from '@ks-apiserver/server/test/support/test-server';

const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const { server, browser, redeem, logIn, createUser } = await startAuthorization();

after(() => server.stop());

test('a log-in redirects back with code, state and issuer', async () => {
  const { done, code } = await logIn();
  assert.equal(done.location!.origin + done.location!.pathname, 'https://app.example/cb');

  const { x, state, iss } = Object.fromEntries(done.location!.searchParams);
  assert.deepEqual({ x, state, iss }, { x: '1', state: 's t', iss: server.url });
  assert.match(code, /^[\w-]{43}$/);

  const answer = await redeem(code);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.json.scope, 'full');

  assert.equal(
    (await server.call('/api/v1/nodes', { token: answer.json.access_token })).status,
    200,
  );
});

test('a logged-in user gets the next code at once', async () => {
  const { user } = await logIn();
  const silent = await user.open(url({ prompt: 'none' }));
  assert.equal(silent.status, 302);
  assert.equal((await redeem(silent.location!.searchParams.get('code')!)).status, 200);
});

test('redirect URIs are compared word for word', async () => {
  const { user } = await logIn();

  for (const wrong of [
    'https://app.example/cb',
    'https://app.example/cb?x=1&y=2',
    'https://app.example/cb?x=1#',
    'https://app.example/cb/../evil?x=1',
    'https://APP.example/cb?x=1',
    'https://app.example:443/cb?x=1',
    'https://app.example@evil.example/cb?x=1',
    'https://app.example%2eevil.example/cb?x=1',
    '//evil.example/cb?x=1',
    'javascript:alert(1)',
    '*',
    'https://app.example/cb?x=1\r\nset-cookie: a=b',
  ]) {
    const answer = await user.open(url({ redirect_uri: wrong }));
    assert.deepEqual(
      [answer.status, answer.location, answer.html],
      [401, undefined, 'Unauthorized: redirect URL is not allowed'],
    );
  }

  const twice = await user.open(`${url()}&redirect_uri=https://evil.example/`);
  assert.deepEqual([twice.status, twice.location], [400, undefined]);

  const wild = await user.open(
    url({ client_id: 'anywhere', redirect_uri: 'https://evil.example/' }),
  );
  assert.deepEqual([wild.status, wild.location], [401, undefined]);
});

test('a native client may use any port of the loopback address, and otherwise only its registered URI', async () => {
  const { user } = await logIn();
  const authorizeWith = (redirect_uri: string) =>
    user.open(url({ client_id: 'cli', redirect_uri }));

  for (const right of ['http://127.0.0.1:51234/cb', 'http://127.0.0.1/cb', 'http://[::1]:9/cb']) {
    assert.equal((await authorizeWith(right)).status, 302, right);
  }

  for (const wrong of [
    'http://localhost:51234/cb',
    'https://127.0.0.1:51234/cb',
    'http://127.0.0.1:51234/other',
    'http://127.0.0.1:51234/cb?x',
    'http://127.0.0.2:51234/cb',
    'http://127.0.0.1:51234@evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
  ]) {
    assert.equal((await authorizeWith(wrong)).status, 401, wrong);
  }
});

test('an invalid request is reported to its client with the state', async () => {
  const { user } = await logIn();

  const cases: [Record<string, string>, string][] = [
    [{ response_type: 'id_token' }, 'unsupported_response_type'],
    [{ response_type: 'code id_token' }, 'unsupported_response_type'],
    [{ response_type: '' }, 'invalid_request'],
    [{ code_challenge: '' }, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ code_challenge_method: '' }, 'invalid_request'],
    [{ code_challenge: 'short' }, 'invalid_request'],
    [{ response_mode: 'form_post' }, 'invalid_request'],
    [{ prompt: 'none login' }, 'invalid_request'],
    [{ prompt: 'sometimes' }, 'invalid_request'],
    [{ max_age: '-1' }, 'invalid_request'],
    [{ nonce: 'n'.repeat(3000) }, 'invalid_request'],
    [{ request: 'a.b.c' }, 'request_not_supported'],
    [{ request_uri: 'https://evil.example/' }, 'request_uri_not_supported'],
    [{ client_id: 'denied' }, 'unauthorized_client'],
    [{ client_id: 'little', scope: 'openid full' }, 'invalid_scope'],
    [{ scope: 'nonsense' }, 'invalid_scope'],
    [{ client_id: 'asks', prompt: 'none' }, 'consent_required'],
  ];

  for (const [parameters, error] of cases) {
    const answer = await user.open(url(parameters));
    assert.equal(errorOf(answer), error, JSON.stringify(parameters));
    assert.equal(answer.location!.searchParams.get('state'), 's t');
    assert.equal(answer.location!.searchParams.get('iss'), server.url);
    assert.equal(answer.location!.searchParams.has('code'), false);
  }

  const twice = await user.open(`${url()}&scope=openid&scope=full`);
  assert.equal(errorOf(twice), 'invalid_request');

  const injected = await user.open(url({ state: 'a\r\nset-cookie: b=c' }));
  assert.equal(injected.location!.searchParams.get('state'), 'a\r\nset-cookie: b=c');
  assert.equal(injected.headers.getSetCookie().length, 0);
});

test('callers without a browser get 3.0’s messages, and a challenge if the client wants it', async () => {
  const plain = await server.call(url());
  assert.deepEqual([plain.status, plain.text], [401, 'Unauthorized: log in first']);
  assert.equal(plain.headers.get('www-authenticate'), null);

  const challenged = await server.call(url({ client_id: 'curl' }));
  assert.deepEqual(
    [challenged.status, challenged.headers.get('www-authenticate')],
    [401, 'Basic realm="KubeSphere"'],
  );

  const basic = { authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` };
  const done = await server.call(url({ client_id: 'curl' }), { headers: basic });

  assert.equal(done.status, 302);

  const code = new URL(done.headers.get('location')!).searchParams.get('code')!;
  assert.equal((await redeem(code, { client_id: 'curl' })).status, 200);
});

test('the implicit grant needs a credential in the call, not a browser’s log-in', async () => {
  const { user } = await logIn();
  const answer = await user.open(url({ response_type: 'token' }));
  assert.deepEqual([answer.status, answer.location], [401, undefined]);
});

test('a code is valid once, and its second use revokes the tokens of the first', async () => {
  const { code } = await logIn();
  const { access_token: token, refresh_token } = (await redeem(code)).json;

  assert.equal((await server.call('/kapis/version', { token })).status, 200);

  const again = await redeem(code);
  assert.deepEqual([again.status, again.json.error], [400, 'invalid_grant']);
  assert.equal((await server.call('/kapis/version', { token })).status, 401);

  const form = { grant_type: 'refresh_token', refresh_token, client_id: 'app' };
  assert.equal((await server.call('/oauth/token', { form })).status, 400);
});

test('concurrent uses of a code revoke all of its tokens', async () => {
  const { code } = await logIn();
  const answers = await Promise.all(Array.from({ length: 5 }, () => redeem(code)));
  const tokens = answers
    .filter(({ status }) => status === 200)
    .map(({ json }) => json.access_token);

  assert.ok(tokens.length <= 1);

  for (const token of tokens) {
    assert.equal((await server.call('/kapis/version', { token })).status, 401);
  }
});

test('a code is bound to its client, redirect URI and verifier', async () => {
  const { code } = await logIn();

  const wrong: Record<string, string>[] = [
    { client_id: 'cli' },
    { redirect_uri: 'https://app.example/other' },
    { redirect_uri: '' },
    { code_verifier: pkce().verifier },
    { code_verifier: '' },
    { code_verifier: proof.challenge },
    { code: `${code}x` },
    { code: '' },
  ];

  for (const form of wrong) {
    assert.equal((await redeem(code, form)).json.error, 'invalid_grant', JSON.stringify(form));
  }

  assert.equal((await redeem(code, { client_id: 'nosuch' })).json.error, 'invalid_client');
  assert.equal((await redeem(code, { client_id: '' })).json.error, 'invalid_client');

  // None of these has used it up.
  assert.equal((await redeem(code)).status, 200);
});

test('a client with a secret may omit PKCE, but it cannot be added or removed later', async () => {
  const parameters = { client_id: 'secret' };
  const { user } = await logIn();
  const basic = { authorization: `Basic ${btoa('secret:s3cret')}` };

  const codeOf = async (more: Record<string, string>) => {
    const query = new URLSearchParams(url({ ...parameters, ...more }).split('?')[1]);

    if (more.code_challenge === '') {
      for (const name of ['code_challenge', 'code_challenge_method']) {
        query.delete(name);
      }
    }

    return (await user.open(`/oauth/authorize?${query}`)).location!.searchParams.get('code')!;
  };

  const plain = await codeOf({ code_challenge: '' });
  assert.equal((await redeem(plain, parameters, basic)).json.error, 'invalid_grant');
  assert.equal((await redeem(plain, { ...parameters, code_verifier: '' }, basic)).status, 200);

  const bound = await codeOf({});
  assert.equal(
    (await redeem(bound, { ...parameters, code_verifier: '' }, basic)).json.error,
    'invalid_grant',
  );

  assert.equal((await redeem(bound, parameters)).json.error, 'invalid_client');
  assert.equal((await redeem(bound, parameters, basic)).status, 200);
});

test('a code becomes invalid with the log-in that it came from, and with its user', async () => {
  const { user, code } = await logIn();
  const page = await user.open('/oauth/logout');

  assert.match(page.html, /Log out\?/);
  assert.match((await user.submit(page, {})).html, /You are logged out/);
  assert.equal((await redeem(code)).json.error, 'invalid_grant');
  await createUser('leaver');

  const leaver = browser();

  const done = await leaver.submit(await leaver.open(url()), {
    username: 'leaver@example.com',
    password: 'Passw0rd!',
  });

  await server.kubernetes(`${USERS}/leaver`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { status: { state: 'Disabled' } },
  });

  await eventually(async () => assert.equal((await leaver.open(url())).status, 200));

  assert.equal(
    (await redeem(done.location!.searchParams.get('code')!)).json.error,
    'invalid_grant',
  );
});

test('the request may also be a form of the client', async () => {
  const form = Object.fromEntries(new URL(url(), server.url).searchParams);
  const user = browser();
  const page = await user.open('/oauth/authorize', { form });

  assert.equal(page.status, 200);
  assert.equal((await user.submit(page, ADMIN)).status, 303);
});
