import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import {
  ADMIN,
  errorOf,
  startAuthorization,
  url,
} from '@ks-apiserver/server/test/support/authorization';
import { eventually } from '@ks-apiserver/server/test/support/test-server';
import { Secret, TOTP } from 'otpauth';

const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const { server, browser, logIn, createUser } = await startAuthorization();

after(() => server.stop());

test('the page runs no script, cannot be framed and is not cached', async () => {
  const page = await browser().open(url());
  assert.equal(page.status, 200);

  const policy = page.headers.get('content-security-policy')!;
  const style = /<style>([\s\S]*)<\/style>/.exec(page.html)![1]!;

  assert.ok(policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`));

  assert.match(
    policy,
    /default-src 'none'.*form-action 'self' https:\/\/app\.example;.*frame-ancestors 'none'/,
  );

  assert.equal(page.headers.get('x-frame-options'), 'DENY');
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.equal(page.headers.get('referrer-policy'), 'same-origin');
  assert.doesNotMatch(page.html, /<script|onload=|javascript:/i);
});

test('the page offers the providers with a redirect, with the way back', async () => {
  const { html } = await browser().open(url({ prompt: 'login' }));
  const [, link = ''] = /href="(login\/[^"]*)"/.exec(html)!;

  assert.match(html, /Continue with git-hub/);
  assert.doesNotMatch(html, /Continue with ldap/);

  const back = new URL(link.replaceAll('&amp;', '&'), `${server.url}/oauth/`).searchParams.get(
    'return_to',
  )!;
  assert.match(back, /^\/oauth\/authorize\?/);

  // The requested new log-in happens at the provider.
  assert.equal(new URL(back, server.url).searchParams.has('prompt'), false);
});

test('wrong, unknown and invalid names get the same answer', async () => {
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

test('a log-in takes as long for unknown names as for known ones', async () => {
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

test('a form of another origin is refused: another browser, another request, another site, no token', async () => {
  const attacker = browser();
  const theirs = await attacker.open(url());
  const victim = browser();
  const page = await victim.open(url());

  const refused = [
    await victim.submit(theirs, ADMIN),
    await browser().submit(page, ADMIN),
    await victim.submit(
      { ...page, html: page.html.replaceAll('client_id=app', 'client_id=secret') },
      ADMIN,
    ),
    await victim.submit(page, ADMIN, { 'sec-fetch-site': 'cross-site' }),
    await victim.submit(page, { ...ADMIN, csrf: '' }),
  ];

  for (const { status, location } of refused) {
    assert.deepEqual([status, location], [403, undefined]);
  }

  assert.equal(victim.cookies.has('ks-session'), false);
  assert.equal((await victim.submit(page, ADMIN, { 'sec-fetch-site': 'same-origin' })).status, 303);
});

test('a log-in starts a new session and ends the former one', async () => {
  const { user } = await logIn();
  const first = user.cookies.get('ks-session')!;
  const done = await user.submit(await user.open(url({ prompt: 'login' })), ADMIN);

  assert.equal(done.status, 303);
  assert.notEqual(user.cookies.get('ks-session'), first);

  const thief = browser();
  thief.cookies.set('ks-session', first);
  assert.equal((await thief.open(url())).status, 200);
  thief.cookies.set('ks-session', 'A'.repeat(43));
  assert.equal((await thief.open(url())).status, 200);

  assert.equal(
    (await thief.open(url({ prompt: 'none' }))).location!.searchParams.get('error'),
    'login_required',
  );
});

test('over https the cookie is only sent over https', async () => {
  const user = browser({ 'x-forwarded-proto': 'https' });
  const done = await user.submit(await user.open(url()), ADMIN);
  const [set = ''] = done.headers.getSetCookie();
  assert.match(
    set,
    /^__Secure-ks-session=[\w-]{43}; Path=\/oauth; HttpOnly; SameSite=Lax; Secure$/,
  );

  const planted = browser({ 'x-forwarded-proto': 'https' });
  planted.cookies.set('ks-session', user.cookies.get('__Secure-ks-session')!);
  assert.equal((await planted.open(url())).status, 200);
  assert.equal((await user.open(url())).status, 302);
});

test('the cookie only works for the log-in pages', async () => {
  const { user } = await logIn();
  const cookie = `ks-session=${user.cookies.get('ks-session')}`;
  const api = await server.call('/api/v1/nodes', { headers: { cookie } });

  assert.equal(api.status, 403);

  const self = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users/admin', {
    headers: { cookie },
  });
  assert.equal(self.status, 403);

  const value = user.cookies.get('ks-session');
  assert.equal((await server.call('/api/v1/nodes', { token: value })).status, 401);
});

test('a client that requires consent gets nothing before the user agrees', async () => {
  const user = browser();
  const request = url({ client_id: 'asks', scope: 'openid email' });
  const consent = await user.submit(await user.open(request), ADMIN);

  assert.deepEqual([consent.status, consent.location], [200, undefined]);
  assert.match(consent.html, /see your e-mail address/);
  assert.equal(errorOf(await user.submit(consent, { consent: 'deny' })), 'access_denied');

  const other = browser();
  const theirs = await other.submit(await other.open(request), ADMIN);

  assert.equal((await user.submit(theirs, { consent: 'allow' })).status, 403);

  // The consent covers this request, and no larger one.
  const larger = { ...consent, html: consent.html.replaceAll('scope=openid+email', 'scope=full') };
  assert.equal((await user.submit(larger, { consent: 'allow' })).status, 403);

  const allowed = await user.submit(consent, { consent: 'allow' });
  assert.equal(allowed.status, 303);
  assert.ok(allowed.location!.searchParams.get('code'));
});

test('a log-in that is too old is repeated', async () => {
  const { user } = await logIn();

  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.equal((await user.open(url({ max_age: '3600' }))).status, 302);
  assert.equal((await user.open(url({ max_age: '1' }))).status, 200);
  assert.equal(errorOf(await user.open(url({ max_age: '1', prompt: 'none' }))), 'login_required');
});

test('a log-out redirects to registered addresses only', async () => {
  const { user } = await logIn();
  const away = await user.open(
    '/oauth/logout?post_logout_redirect_uri=https://evil.example/&client_id=app',
  );

  assert.deepEqual([away.status, away.location], [400, undefined]);
  assert.equal((await user.open(url({ prompt: 'none' }))).status, 302);

  const form = await user.open('/oauth/logout', { form: { csrf: 'guessed' } });
  assert.match(form.html, /Log out\?/);
  assert.equal(user.cookies.has('ks-session'), true);
});

test('users with a second factor are asked for it', async () => {
  const eve = await createUser('eve');
  const token = await server.token('eve', eve.password);
  const path = '/kapis/iam.kubesphere.io/v1alpha2/users/eve/totp';
  const begun = await server.call(path, { token, body: { currentPassword: eve.password } });
  const app = new TOTP({ secret: Secret.fromBase32(begun.json.secret), digits: 6, period: 30 });
  const code = (at: number) => app.generate({ timestamp: Date.now() + at });
  assert.equal(
    (await server.call(path, { method: 'PUT', token, body: { code: code(-30_000) } })).status,
    200,
  );

  const user = browser();
  const page = await user.open(url());
  const without = await user.submit(page, eve);

  assert.equal(without.status, 401);
  assert.match(without.html, /one-time code is needed/);

  const wrong = await user.submit(without, { ...eve, otp: 'abcdef' });
  assert.deepEqual([wrong.status, user.cookies.has('ks-session')], [401, false]);
  assert.equal((await user.submit(wrong, { ...eve, otp: code(0) })).status, 303);
});

test('a password set by another user is not enough for a client', async () => {
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
