import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { authorizeUrl, Browser, type Page, pkce } from '../../testing/browser.ts';
import { ADMIN_PASSWORD, eventually, TestServer } from '../../testing/test-server.ts';

const CALLBACK = 'https://app.example/cb?x=1';
const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const ADMIN = { username: 'admin', password: ADMIN_PASSWORD };
let server: TestServer;

before(async () => {
  const config = join(await mkdtemp(join(tmpdir(), 'ks-authorize-')), 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication:
  multipleLogin: true
  authenticateRateLimiterMaxTries: 50
  oauthOptions:
    identityProviders: [{name: 'Git<Hub>', type: GitHubIdentityProvider}, {name: ldap, type: LDAPIdentityProvider}]
    clients:
    - {name: app, redirectURIs: ["${CALLBACK}"]}
    - {name: secret, secret: s3cret, redirectURIs: ["${CALLBACK}", "https://app.example/other"]}
    - {name: asks, redirectURIs: ["${CALLBACK}"], grantMethod: prompt}
    - {name: denied, redirectURIs: ["${CALLBACK}"], grantMethod: deny}
    - {name: cli, redirectURIs: ["http://127.0.0.1/cb", "http://[::1]:7/cb"]}
    - {name: little, redirectURIs: ["${CALLBACK}"], scopeRestrictions: [openid, email]}
    - {name: curl, redirectURIs: ["${CALLBACK}"], respondWithChallenges: true}
    - {name: anywhere, redirectURIs: ["*"]}
`,
  );
  server = await TestServer.start({ args: ['--config', config] });
});
after(() => server.stop());

const browser = (headers?: Record<string, string>) => new Browser(server.url, headers);
const proof = pkce();
const url = (parameters: Record<string, string> = {}) =>
  authorizeUrl({
    client_id: 'app',
    redirect_uri: CALLBACK,
    code_challenge: proof.challenge,
    state: 's t',
    ...parameters,
  });
const errorOf = ({ location }: Page) => location?.searchParams.get('error') ?? undefined;

async function redeem(code: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) {
  return server.call('/oauth/token', {
    form: {
      grant_type: 'authorization_code',
      client_id: 'app',
      redirect_uri: CALLBACK,
      code_verifier: proof.verifier,
      code,
      ...form,
    },
    headers,
  });
}

/** Logs a new browser in and answers it with the code it got. */
async function loggedIn(parameters: Record<string, string> = {}) {
  const user = browser();
  const done = await user.submit(await user.open(url(parameters)), ADMIN);
  assert.equal(done.status, 303, done.html);
  return { user, done, code: done.location!.searchParams.get('code')! };
}

test('a log-in leads back with a code, the state and who gave it', async () => {
  const { done, code } = await loggedIn();
  assert.equal(done.location!.origin + done.location!.pathname, 'https://app.example/cb');
  const { x, state, iss } = Object.fromEntries(done.location!.searchParams);
  assert.deepEqual({ x, state, iss }, { x: '1', state: 's t', iss: server.url });
  assert.match(code, /^[\w-]{43}$/);
  const answer = await redeem(code);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.json.scope, 'full');
  assert.equal((await server.call('/api/v1/nodes', { token: answer.json.access_token })).status, 200);
});

test('who is logged in gets the next code at once', async () => {
  const { user } = await loggedIn();
  const silent = await user.open(url({ prompt: 'none' }));
  assert.equal(silent.status, 302);
  assert.equal((await redeem(silent.location!.searchParams.get('code')!)).status, 200);
});

test('the page runs no script, stands in no frame and is kept nowhere', async () => {
  const page = await browser().open(url());
  assert.equal(page.status, 200);
  const policy = page.headers.get('content-security-policy')!;
  const style = /<style>([\s\S]*)<\/style>/.exec(page.html)![1]!;
  assert.ok(policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`));
  assert.match(policy, /default-src 'none'.*form-action 'self' https:\/\/app\.example;.*frame-ancestors 'none'/);
  assert.equal(page.headers.get('x-frame-options'), 'DENY');
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.equal(page.headers.get('referrer-policy'), 'same-origin');
  assert.doesNotMatch(page.html, /<script|onload=|javascript:/i);
});

test('the page offers the providers that a browser can be sent to, with the way back', async () => {
  const { html } = await browser().open(url({ prompt: 'login' }));
  const [, link = ''] = /href="(login\/[^"]*)"/.exec(html)!;
  assert.match(html, /Continue with Git&lt;Hub&gt;/);
  assert.doesNotMatch(html, /Continue with ldap/);
  const back = new URL(link.replaceAll('&amp;', '&'), `${server.url}/oauth/`).searchParams.get('return_to')!;
  assert.match(back, /^\/oauth\/authorize\?/);
  // The new log-in that was asked for is the one at the provider.
  assert.equal(new URL(back, server.url).searchParams.has('prompt'), false);
});

test('names that are wrong, unknown or no names get one answer, in the same words', async () => {
  const answers = new Set<string>();
  for (const username of ['admin', 'nobody', '"><script>alert(1)</script>']) {
    const user = browser();
    const answer = await user.submit(await user.open(url()), { username, password: 'wrong' });
    assert.equal(answer.status, 401);
    assert.equal(user.cookies.has('ks-session'), false);
    assert.doesNotMatch(answer.html, /<script/);
    answers.add(/role="alert">([^<]*)</.exec(answer.html)![1]!);
  }
  assert.equal(answers.size, 1);
});

test('a name that nobody has takes as long as one that somebody has', async () => {
  const user = browser();
  const page = await user.open(url());
  const time = async (username: string) => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      await user.submit(page, { username, password: 'wrong-password' });
      times.push(performance.now() - start);
    }
    return Math.min(...times);
  };
  const [known, unknown] = [await time('admin'), await time('nobody-at-all')];
  assert.ok(unknown > known / 3, `${known} ms and ${unknown} ms`);
});

test('a form from elsewhere is not taken: another browser, another request, another site, no token', async () => {
  const attacker = browser();
  const theirs = await attacker.open(url());
  const victim = browser();
  const page = await victim.open(url());
  const refused = [
    await victim.submit(theirs, ADMIN),
    await browser().submit(page, ADMIN),
    await victim.submit({ ...page, html: page.html.replaceAll('client_id=app', 'client_id=secret') }, ADMIN),
    await victim.submit(page, ADMIN, { 'sec-fetch-site': 'cross-site' }),
    await victim.submit(page, { ...ADMIN, csrf: '' }),
  ];
  for (const { status, location } of refused) assert.deepEqual([status, location], [403, undefined]);
  assert.equal(victim.cookies.has('ks-session'), false);
  assert.equal((await victim.submit(page, ADMIN, { 'sec-fetch-site': 'same-origin' })).status, 303);
});

test('a log-in makes a new session and ends the one before it', async () => {
  const { user } = await loggedIn();
  const first = user.cookies.get('ks-session')!;
  const done = await user.submit(await user.open(url({ prompt: 'login' })), ADMIN);
  assert.equal(done.status, 303);
  assert.notEqual(user.cookies.get('ks-session'), first);
  const thief = browser();
  thief.cookies.set('ks-session', first);
  assert.equal((await thief.open(url())).status, 200);
  thief.cookies.set('ks-session', 'A'.repeat(43));
  assert.equal((await thief.open(url())).status, 200);
  assert.equal((await thief.open(url({ prompt: 'none' }))).location!.searchParams.get('error'), 'login_required');
});

test('over https the cookie is sent back over https alone', async () => {
  const user = browser({ 'x-forwarded-proto': 'https' });
  const done = await user.submit(await user.open(url()), ADMIN);
  const [set = ''] = done.headers.getSetCookie();
  assert.match(set, /^__Secure-ks-session=[\w-]{43}; Path=\/oauth; HttpOnly; SameSite=Lax; Secure$/);
  const planted = browser({ 'x-forwarded-proto': 'https' });
  planted.cookies.set('ks-session', user.cookies.get('__Secure-ks-session')!);
  assert.equal((await planted.open(url())).status, 200);
  assert.equal((await user.open(url())).status, 302);
});

test('the cookie opens nothing but the log-in pages', async () => {
  const { user } = await loggedIn();
  const cookie = `ks-session=${user.cookies.get('ks-session')}`;
  const api = await server.call('/api/v1/nodes', { headers: { cookie } });
  assert.equal(api.status, 403);
  const self = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/admin', { headers: { cookie } });
  assert.equal(self.status, 403);
  const value = user.cookies.get('ks-session');
  assert.equal((await server.call('/api/v1/nodes', { token: value })).status, 401);
});

test('redirect URIs are taken word for word', async () => {
  const { user } = await loggedIn();
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
  const wild = await user.open(url({ client_id: 'anywhere', redirect_uri: 'https://evil.example/' }));
  assert.deepEqual([wild.status, wild.location], [401, undefined]);
});

test('a program on the same machine may have any port, and nothing else of its own', async () => {
  const { user } = await loggedIn();
  const to = (redirect_uri: string) => user.open(url({ client_id: 'cli', redirect_uri }));
  for (const right of ['http://127.0.0.1:51234/cb', 'http://127.0.0.1/cb', 'http://[::1]:9/cb'])
    assert.equal((await to(right)).status, 302, right);
  for (const wrong of [
    'http://localhost:51234/cb',
    'https://127.0.0.1:51234/cb',
    'http://127.0.0.1:51234/other',
    'http://127.0.0.1:51234/cb?x',
    'http://127.0.0.2:51234/cb',
    'http://127.0.0.1:51234@evil.example/cb',
    'http://127.0.0.1.evil.example/cb',
  ])
    assert.equal((await to(wrong)).status, 401, wrong);
});

test('what is wrong with a request is told to its client, with the state', async () => {
  const { user } = await loggedIn();
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

test('who has no browser is told in 3.0’s words, and challenged where his client wants it', async () => {
  const plain = await server.call(url());
  assert.deepEqual([plain.status, plain.text], [401, 'Unauthorized: log in first']);
  assert.equal(plain.headers.get('www-authenticate'), null);
  const challenged = await server.call(url({ client_id: 'curl' }));
  assert.deepEqual([challenged.status, challenged.headers.get('www-authenticate')], [401, 'Basic realm="KubeSphere"']);
  const basic = { authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` };
  const done = await server.call(url({ client_id: 'curl' }), { headers: basic });
  assert.equal(done.status, 302);
  const code = new URL(done.headers.get('location')!).searchParams.get('code')!;
  assert.equal((await redeem(code, { client_id: 'curl' })).status, 200);
});

test('the implicit grant is for who brings a credential, not for a browser that is logged in', async () => {
  const { user } = await loggedIn();
  const answer = await user.open(url({ response_type: 'token' }));
  assert.deepEqual([answer.status, answer.location], [401, undefined]);
});

test('a code is good once, and its second use ends what the first has got', async () => {
  const { code } = await loggedIn();
  const { access_token: token, refresh_token } = (await redeem(code)).json;
  assert.equal((await server.call('/kapis/version', { token })).status, 200);
  const again = await redeem(code);
  assert.deepEqual([again.status, again.json.error], [400, 'invalid_grant']);
  assert.equal((await server.call('/kapis/version', { token })).status, 401);
  const form = { grant_type: 'refresh_token', refresh_token, client_id: 'app' };
  assert.equal((await server.call('/oauth/token', { form })).status, 400);
});

test('of many who use a code at the same time nobody keeps tokens', async () => {
  const { code } = await loggedIn();
  const answers = await Promise.all(Array.from({ length: 5 }, () => redeem(code)));
  const tokens = answers.filter(({ status }) => status === 200).map(({ json }) => json.access_token);
  assert.ok(tokens.length <= 1);
  for (const token of tokens) assert.equal((await server.call('/kapis/version', { token })).status, 401);
});

test('a code is bound to its client, redirect URI and verifier', async () => {
  const { code } = await loggedIn();
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
  for (const form of wrong) assert.equal((await redeem(code, form)).json.error, 'invalid_grant', JSON.stringify(form));
  assert.equal((await redeem(code, { client_id: 'nosuch' })).json.error, 'invalid_client');
  assert.equal((await redeem(code, { client_id: '' })).json.error, 'invalid_client');
  // None of these has used it up.
  assert.equal((await redeem(code)).status, 200);
});

test('a client with a secret may leave PKCE out, but nobody can put it back in or cut it off', async () => {
  const parameters = { client_id: 'secret' };
  const { user } = await loggedIn();
  const basic = { authorization: `Basic ${btoa('secret:s3cret')}` };
  const codeOf = async (more: Record<string, string>) => {
    const query = new URLSearchParams(url({ ...parameters, ...more }).split('?')[1]);
    if (more.code_challenge === '') for (const name of ['code_challenge', 'code_challenge_method']) query.delete(name);
    return (await user.open(`/oauth/authorize?${query}`)).location!.searchParams.get('code')!;
  };
  const plain = await codeOf({ code_challenge: '' });
  assert.equal((await redeem(plain, parameters, basic)).json.error, 'invalid_grant');
  assert.equal((await redeem(plain, { ...parameters, code_verifier: '' }, basic)).status, 200);
  const bound = await codeOf({});
  assert.equal((await redeem(bound, { ...parameters, code_verifier: '' }, basic)).json.error, 'invalid_grant');
  assert.equal((await redeem(bound, parameters)).json.error, 'invalid_client');
  assert.equal((await redeem(bound, parameters, basic)).status, 200);
});

test('a code dies with the log-in that it came from, and with its user', async () => {
  const { user, code } = await loggedIn();
  const page = await user.open('/oauth/logout');
  assert.match(page.html, /Log out\?/);
  assert.match((await user.submit(page, {})).html, /You are logged out/);
  assert.equal((await redeem(code)).json.error, 'invalid_grant');
  const body = { metadata: { name: 'leaver' }, spec: { email: 'leaver@example.com', password: 'Passw0rd!' } };
  await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', { token: await server.token(), body });
  const leaver = browser();
  const done = await leaver.submit(await leaver.open(url()), { username: 'leaver@example.com', password: 'Passw0rd!' });
  await server.kubernetes(`${USERS}/leaver`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { status: { state: 'Disabled' } },
  });
  await eventually(async () => assert.equal((await leaver.open(url())).status, 200));
  assert.equal((await redeem(done.location!.searchParams.get('code')!)).json.error, 'invalid_grant');
});

test('a client that must ask gets nothing before the user has said yes', async () => {
  const user = browser();
  const request = url({ client_id: 'asks', scope: 'openid email' });
  const consent = await user.submit(await user.open(request), ADMIN);
  assert.deepEqual([consent.status, consent.location], [200, undefined]);
  assert.match(consent.html, /see your e-mail address/);
  assert.equal(errorOf(await user.submit(consent, { consent: 'deny' })), 'access_denied');
  const other = browser();
  const theirs = await other.submit(await other.open(request), ADMIN);
  assert.equal((await user.submit(theirs, { consent: 'allow' })).status, 403);
  // What was agreed to is this request, and no larger one.
  const larger = { ...consent, html: consent.html.replaceAll('scope=openid+email', 'scope=full') };
  assert.equal((await user.submit(larger, { consent: 'allow' })).status, 403);
  const allowed = await user.submit(consent, { consent: 'allow' });
  assert.equal(allowed.status, 303);
  assert.ok(allowed.location!.searchParams.get('code'));
});

test('a log-in that is too old is made again', async () => {
  const { user } = await loggedIn();
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.equal((await user.open(url({ max_age: '3600' }))).status, 302);
  assert.equal((await user.open(url({ max_age: '1' }))).status, 200);
  assert.equal(errorOf(await user.open(url({ max_age: '1', prompt: 'none' }))), 'login_required');
});

test('the request may come as a form of its client too', async () => {
  const form = Object.fromEntries(new URL(url(), server.url).searchParams);
  const user = browser();
  const page = await user.open('/oauth/authorize', { form });
  assert.equal(page.status, 200);
  assert.equal((await user.submit(page, ADMIN)).status, 303);
});

test('a log-out leads to registered addresses only', async () => {
  const { user } = await loggedIn();
  const away = await user.open('/oauth/logout?post_logout_redirect_uri=https://evil.example/&client_id=app');
  assert.deepEqual([away.status, away.location], [400, undefined]);
  assert.equal((await user.open(url({ prompt: 'none' }))).status, 302);
  const form = await user.open('/oauth/logout', { form: { csrf: 'guessed' } });
  assert.match(form.html, /Log out\?/);
  assert.equal(user.cookies.has('ks-session'), true);
});

async function createUser(name: string): Promise<Record<'username' | 'password', string>> {
  const body = { metadata: { name }, spec: { email: `${name}@example.com`, password: 'Passw0rd!' } };
  const answer = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', { token: await server.token(), body });
  assert.equal(answer.status, 200, answer.text);
  return { username: name, password: 'Passw0rd!' };
}

test('who has a second factor is asked for it', async () => {
  const eve = await createUser('eve');
  const token = await server.token('eve', eve.password);
  const path = '/kapis/iam.kubesphere.io/v1alpha2/users/eve/totp';
  const begun = await server.call(path, { token, body: { currentPassword: eve.password } });
  const app = new TOTP({ secret: Secret.fromBase32(begun.json.secret), digits: 6, period: 30 });
  const code = (at: number) => app.generate({ timestamp: Date.now() + at });
  assert.equal((await server.call(path, { method: 'PUT', token, body: { code: code(-30_000) } })).status, 200);
  const user = browser();
  const page = await user.open(url());
  const without = await user.submit(page, eve);
  assert.equal(without.status, 401);
  assert.match(without.html, /one-time code is needed/);
  const wrong = await user.submit(without, { ...eve, otp: 'abcdef' });
  assert.deepEqual([wrong.status, user.cookies.has('ks-session')], [401, false]);
  assert.equal((await user.submit(wrong, { ...eve, otp: code(0) })).status, 303);
});

test('a password that another has set is not enough for a client', async () => {
  const fresh = await createUser('fresh');
  await server.kubernetes(`${USERS}/fresh`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'iam.kubesphere.io/uninitialized': 'true' } } },
  });
  const answer = await eventually(async () => {
    const user = browser();
    const tried = await user.submit(await user.open(url()), fresh);
    assert.equal(tried.status, 403);
    assert.equal(user.cookies.has('ks-session'), false);
    return tried;
  });
  assert.match(answer.html, /set one of your own first/);
});

test('an API token makes no other tokens', async () => {
  const made = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/admin/tokens', {
    token: await server.token(),
    body: { name: 'script' },
  });
  for (const response_type of ['code', 'token']) {
    const answer = await server.call(url({ response_type }), { token: made.json.token });
    assert.deepEqual([answer.status, answer.headers.get('location')], [401, null]);
  }
});
