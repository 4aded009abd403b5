import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasStateCookie, isReturnPath, LoginStates } from './login-state.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const cookieHeader = (cookie: string) => `other=1; ${cookie.split(';')[0]}; more=2`;

test('a log-in is accepted once, by any replica, with its state', async () => {
  const { pending, cookie } = await new LoginStates(SECRET).begin('corp', '/oauth/authorize?x=1', {
    secure: false,
  });

  assert.doesNotMatch(cookie, /Secure/);

  const replica = new LoginStates(SECRET);
  const taken = await replica.take('corp', pending.state, cookieHeader(cookie));
  assert.deepEqual(
    [taken.nonce, taken.verifier, taken.returnTo],
    [pending.nonce, pending.verifier, '/oauth/authorize?x=1'],
  );

  await assert.rejects(
    replica.take('corp', pending.state, cookieHeader(cookie)),
    /has been used already/,
  );
});

test('another provider, state, key or a missing cookie is refused', async () => {
  const states = new LoginStates(SECRET);
  const { pending, cookie } = await states.begin('corp', '', { secure: true });

  assert.match(cookie, /; Secure$/);

  await assert.rejects(
    states.take('other', pending.state, cookieHeader(cookie)),
    /was not begun by this browser/,
  );

  await assert.rejects(
    states.take('corp', `${pending.state}x`, cookieHeader(cookie)),
    /was not begun by this browser/,
  );

  await assert.rejects(
    states.take('corp', '', cookieHeader(cookie)),
    /was not begun by this browser/,
  );
  await assert.rejects(states.take('corp', pending.state, 'a=b'), /has not begun the log-in/);

  await assert.rejects(
    new LoginStates(`${SECRET}!`).take('corp', pending.state, cookieHeader(cookie)),
    /was not begun/,
  );

  assert.equal((await states.take('corp', pending.state, cookieHeader(cookie))).provider, 'corp');
});

test('a log-in ends after ten minutes, and so does the memory of used ones', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });

  const states = new LoginStates(SECRET);
  const first = await states.begin('corp', '', { secure: false });
  const second = await states.begin('corp', '', { secure: false });

  t.mock.timers.tick(599_000);
  await states.take('corp', first.pending.state, cookieHeader(first.cookie));
  t.mock.timers.tick(2000);

  await assert.rejects(
    states.take('corp', second.pending.state, cookieHeader(second.cookie)),
    /took too long/,
  );
});

test('after a log-in a browser may only continue with an authorization request of this server', () => {
  assert.equal(
    isReturnPath('/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fb.example%2Fcb&state=s'),
    true,
  );

  for (const path of [
    '',
    '/',
    '/oauth/authorize',
    '/oauth/authorize/?x',
    '//oauth/authorize?x',
    '///evil.example/oauth/authorize?',
    '/\\evil.example/oauth/authorize?',
    'https://evil.example/oauth/authorize?x',
    'oauth/authorize?x',
    '/oauth/authorize?x\r\nlocation: https://evil.example',
    '/oauth/authorize?x y',
    '/oauth/authorize?\\',
    '/oauth/authorize?x#y',
    '/oauth/authorize?ü',
    '/oauth/authorize%3fx',
    '/oauth/../oauth/authorize?x',
    ' /oauth/authorize?x',
    `/oauth/authorize?${'x'.repeat(3000)}`,
  ]) {
    assert.equal(isReturnPath(path), false, path);
  }
});

test('arbitrary cookie headers are refused', async () => {
  const states = new LoginStates(SECRET);
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.string(), async (value, state) => {
      hasStateCookie(value);

      for (const cookies of [value, `ks-login=${value}`]) {
        await assert.rejects(
          states.take('corp', state, cookies),
          (error: { code?: number }) => error.code === 401,
        );
      }
    }),
    { numRuns: 200 },
  );
});
