import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { Tokens } from './tokens.ts';

const SECRET = 'a secret that is long enough for HS256';
const user = { name: 'jeff', uid: 'u-1' };
const decode = (token: string, part: number) =>
  JSON.parse(Buffer.from(token.split('.')[part]!, 'base64url').toString());

function sign(header: object, claims: object, secret = SECRET, hash = 'sha256'): string {
  const body = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${body}.${createHmac(hash, secret).update(body).digest('base64url')}`;
}

test('tokens have 3.0’s header and claims', async () => {
  const token = await new Tokens(SECRET, 10_000).issue(user, 'access_token', 7_200_000);
  assert.deepEqual(decode(token, 0), { alg: 'HS256', typ: 'JWT' });

  const claims = decode(token, 1);
  assert.deepEqual(Object.keys(claims), [
    'username',
    'uid',
    'token_type',
    'exp',
    'iat',
    'iss',
    'nbf',
  ]);

  assert.equal(claims.exp - claims.iat, 7200);
  assert.equal(claims.iat, claims.nbf);
  assert.ok(Math.abs(Date.now() / 1000 - 10 - claims.iat) < 2);
  assert.equal(claims.iss, 'kubesphere');
});

test('a token is valid for its own type only, also after an earlier check', async () => {
  const tokens = new Tokens(SECRET, 0);
  const refresh = await tokens.issue(user, 'refresh_token', 1000_000);

  assert.equal((await tokens.verify(refresh, 'refresh_token')).username, 'jeff');

  await assert.rejects(async () => tokens.verify(refresh, 'access_token'), {
    code: 401,
    message: 'the token is a refresh_token, not a access_token',
  });
});

const now = Math.floor(Date.now() / 1000);

const claims = {
  username: 'jeff',
  uid: '',
  token_type: 'access_token',
  exp: now + 60,
  iat: now,
  iss: 'kubesphere',
  nbf: now,
};

const refused: [string, string, RegExp][] = [
  ['no token', 'garbage', /invalid number of segments/],
  ['no JSON', 'a.b.c', /./],
  [
    'alg none',
    `${sign({ alg: 'none', typ: 'JWT' }, claims).split('.').slice(0, 2).join('.')}.`,
    /./,
  ],
  ['another HMAC', sign({ alg: 'HS512', typ: 'JWT' }, claims, SECRET, 'sha512'), /signing method/],
  [
    'another key',
    sign({ alg: 'HS256', typ: 'JWT' }, claims, 'x'.repeat(32)),
    /signature is invalid/,
  ],
  ['another issuer', sign({ alg: 'HS256', typ: 'JWT' }, { ...claims, iss: 'x' }), /iss/],
  [
    'expired',
    sign({ alg: 'HS256', typ: 'JWT' }, { ...claims, exp: now - 5 }),
    /^token is expired by \d+s$/,
  ],
  [
    'of the future',
    sign({ alg: 'HS256', typ: 'JWT' }, { ...claims, nbf: now + 100 }),
    /^token is not valid yet$/,
  ],
  ['no user', sign({ alg: 'HS256', typ: 'JWT' }, { ...claims, username: '' }), /no user/],
  ['no type', sign({ alg: 'HS256', typ: 'JWT' }, { ...claims, token_type: undefined }), /no user/],
];

for (const [name, token, message] of refused) {
  test(`refused: ${name}`, async () => {
    const tokens = new Tokens(SECRET, 0);

    // What is remembered of a token does not change the answer.
    for (let i = 0; i < 2; i++) {
      await assert.rejects(async () => tokens.verify(token, 'access_token'), {
        code: 401,
        message,
      });
    }
  });
}
