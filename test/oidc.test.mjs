// Log-ins through a real OpenID provider, and through one whose answers are changed in transit.
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { decodeJwt, importJWK, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { api, eventually, tokenOf } from './api.mjs';
import { Browser } from './browser.mjs';
import { freePorts, startServer } from './server.mjs';

const ADMIN = 'a password for oidc tests';
const USERS = '/kapis/iam.kubesphere.io/v1alpha2/users';
const redirectURL = (name) => `https://ks.example/oauth/callback/${name}`;
const dir = mkdtempSync(join(tmpdir(), 'ks-oidc-'));

/**
 * Generates a separate key: on Node 20 exporting one half of a fresh pair can wait forever for the
 * other.
 */
const newKey = () => {
  const encodings = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  };

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings });
  return createPrivateKey(String(privateKey));
};

const jwk = { ...newKey().export({ format: 'jwk' }), kid: 'k', alg: 'RS256', use: 'sig' };
const foreign = newKey();

let server;
let admin;
let issuer;
let idp;

/**
 * Changes the answers of the provider's token endpoint: claims in, claims (and perhaps another key)
 * out.
 */
let tamper;

async function changeAnswer(body) {
  const answer = JSON.parse(body);
  if (!answer.id_token) {
    return body;
  }

  const { claims, key = await importJWK(jwk), alg = 'RS256' } = tamper(decodeJwt(answer.id_token));
  answer.id_token = await new SignJWT(claims).setProtectedHeader({ alg, kid: 'k' }).sign(key);

  return JSON.stringify(answer);
}

async function startProvider() {
  const [port] = await freePorts(1);
  issuer = `http://127.0.0.1:${port}`;

  const clients = ['oidc', 'trusting', 'lookup'].map((name) => ({
    client_id: name,
    client_secret: `secret of ${name}`,
    redirect_uris: [redirectURL(name)],
  }));

  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [jwk] },
    pkce: { required: () => false },
    claims: {
      openid: ['sub'],
      profile: ['preferred_username', 'name'],
      email: ['email', 'email_verified'],
    },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        preferred_username: id.split('|')[0],
        name: 'N. N.',
        email: `${id.split('|')[0]}@idp.test`,
      }),
    }),
  });

  const handle = provider.callback();
  idp = createServer((req, res) => {
    if (tamper && req.url === '/token') {
      const end = res.end.bind(res);
      /** @type {any} */ (res).end = (body) => {
        changeAnswer(String(body)).then((text) => {
          res.setHeader('content-length', Buffer.byteLength(text));
          end(text);
        });
      };
    }

    handle(req, res);
  });

  await new Promise((resolve) => idp.listen(port, '127.0.0.1', resolve));
}

before(async () => {
  await startProvider();

  const [closedPort] = await freePorts(1);

  const entry = (name, more = {}, settings = {}) => ({
    name,
    type: 'OIDCIdentityProvider',
    ...more,
    provider: {
      issuer,
      clientID: name,
      clientSecret: `secret of ${name}`,
      redirectURL: redirectURL(name),
      scopes: ['openid', 'profile', 'email'],
      ...settings,
    },
  });

  const identityProviders = [
    entry('down', {}, { issuer: `http://127.0.0.1:${closedPort}` }),
    entry('elsewhere', {}, { issuer: issuer.replace('127.0.0.1', 'localhost') }),
    entry('oidc', {}, { getUserInfo: true }),
    entry('trusting', { allowMissingState: true, mappingMethod: 'auto' }),
    entry('lookup', { mappingMethod: 'lookup' }),
  ];

  const clients = [{ name: 'app', secret: 'of app', redirectURIs: ['https://app.example/cb'] }];
  const file = join(dir, 'kubesphere.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      authentication: { multipleLogin: true, oauthOptions: { identityProviders, clients } },
    }),
  );

  server = await startServer({
    dir: join(dir, 'data'),
    adminPassword: ADMIN,
    args: ['--config', file],
  });

  admin = await tokenOf(server.url, 'admin', ADMIN);
});

after(async () => {
  await server?.stop();
  idp?.close();
  idp?.closeAllConnections();
  rmSync(dir, { recursive: true, force: true });
});

const call = (path, options) => api(server.url)(path, { token: admin, ...options });
const asAdmin = async (path, body) => (await call(path, { body })).json;

/** Begins a log-in; returns the provider's authorization URL. */
const begin = async (browser, name) => {
  const { status, location, text, headers } = await browser.visit(
    `${server.url}/oauth/login/${name}`,
  );
  assert.equal(status, 302, text);
  return { url: new URL(location), headers };
};

/**
 * Logs in at the provider; returns the callback's URL as the browser would open it, on this server.
 */
const logInAtProvider = async (browser, url, login) => {
  let next = String(url);

  for (let i = 0; i < 20; i++) {
    if (next.startsWith('https://ks.example/')) {
      return next.replace('https://ks.example', server.url);
    }

    const page = await browser.visit(next);
    if (page.location) {
      next = page.location;
    } else {
      const [, action] = /action="([^"]+)"/.exec(page.text) ?? assert.fail(page.text);
      const prompt = /name="prompt" value="(\w+)"/.exec(page.text)[1];
      next = (await browser.visit(action, { form: { prompt, login, password: 'x' } })).location;
    }
  }

  assert.fail(`no way back from ${next}`);
};

const logIn = async (name, login, browser = new Browser()) => {
  const { url } = await begin(browser, name);
  const callback = await logInAtProvider(browser, url, login);
  return { callback, browser, ...(await browser.visit(callback)) };
};

const claims = (text) => decodeJwt(JSON.parse(text).access_token);

const assertUnauthorized = ({ status, text }, pattern) => {
  assert.equal(status, 401, text);
  assert.match(text, pattern);
};

test('a log-in is bound to the browser by a cookie, with PKCE and a nonce', async () => {
  const { url, headers } = await begin(new Browser(), 'oidc');
  const cookie = headers.get('set-cookie');
  assert.match(
    cookie,
    /^ks-login=[\w.-]+; Path=\/oauth; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
  );

  assert.equal(headers.get('cache-control'), 'no-store');

  const { state, nonce, code_challenge, code_challenge_method, scope, redirect_uri } =
    Object.fromEntries(url.searchParams);
  for (const text of [state, nonce, code_challenge]) {
    assert.match(text, /^[\w-]{43}$/);
  }

  assert.equal(cookie.includes(state), false);

  assert.deepEqual(
    [code_challenge_method, scope, redirect_uri],
    ['S256', 'openid profile email', redirectURL('oidc')],
  );
});

test('a client of this server sends the browser through the log-in page to the provider, and gets its code', async () => {
  const browser = new Browser();

  const request = new URLSearchParams({
    client_id: 'app',
    response_type: 'code',
    redirect_uri: 'https://app.example/cb',
    state: 'of app',
    scope: 'openid',
  });

  const page = await browser.visit(`${server.url}/oauth/authorize?${request}`, {
    headers: { accept: 'text/html' },
  });
  const [, link] = /href="(login\/oidc\?[^"]+)"/.exec(page.text) ?? assert.fail(page.text);
  const there = await browser.visit(
    new URL(link.replaceAll('&amp;', '&'), `${server.url}/oauth/`).href,
  );
  const back = await browser.visit(await logInAtProvider(browser, there.location, 'Through|7'));

  assert.equal(back.status, 302, back.text);
  assert.ok(back.location.startsWith(`${server.url}/oauth/authorize?`), back.location);

  const granted = await browser.visit(back.location, { headers: { accept: 'text/html' } });
  const answer = new URL(granted.location);

  assert.equal(answer.origin + answer.pathname, 'https://app.example/cb');
  assert.equal(answer.searchParams.get('state'), 'of app');

  const form = {
    grant_type: 'authorization_code',
    code: answer.searchParams.get('code'),
    redirect_uri: 'https://app.example/cb',
    client_id: 'app',
    client_secret: 'of app',
  };

  const { status, json } = await call('/oauth/token', { token: undefined, form });
  assert.equal(status, 200, JSON.stringify(json));
  assert.equal(decodeJwt(json.id_token).sub, 'through');

  // Only to this server's own authorization endpoint.
  for (const elsewhere of [
    'https://evil.example/',
    '//evil.example',
    '/kapis/version',
    '/oauth/authorize',
    '/oauth/authorize?\\@x',
  ]) {
    assert.equal(
      (
        await new Browser().visit(
          `${server.url}/oauth/login/oidc?return_to=${encodeURIComponent(elsewhere)}`,
        )
      ).status,
      400,
      elsewhere,
    );
  }
});

test('the account becomes a user, and the same user at later log-ins', async () => {
  const { status, text, headers } = await logIn('oidc', 'Zoe.Q|77');
  assert.equal(status, 200, text);

  assert.deepEqual(Object.keys(JSON.parse(text)), [
    'access_token',
    'token_type',
    'refresh_token',
    'expires_in',
  ]);

  assert.deepEqual(
    [headers.get('cache-control'), headers.get('content-type')],
    ['no-store', 'application/json'],
  );

  assert.equal(claims(text).username, 'zoe.q');

  const { metadata, spec } = await asAdmin(`${USERS}/zoe.q`);
  assert.equal(metadata.labels['iam.kubesphere.io/identify-provider'], 'oidc');
  assert.match(metadata.labels['iam.kubesphere.io/origin-uid'], /^sha256-/);
  assert.equal(metadata.annotations['iam.kubesphere.io/origin-uid'], 'Zoe.Q|77');
  assert.deepEqual([spec.email, spec.displayName], ['Zoe.Q@idp.test', 'N. N.']);
  assert.equal(claims((await logIn('oidc', 'Zoe.Q|77')).text).username, 'zoe.q');

  await eventually(async () => {
    const { items } = await asAdmin(`${USERS}/zoe.q/loginrecords`);
    assert.deepEqual(
      [items.length, items[0].spec.type, items[0].spec.provider],
      [2, 'OAuth', 'oidc'],
    );
  });

  const token = JSON.parse(text).access_token;
  const own = await call(`${USERS}/zoe.q`, { token });

  assert.equal(own.status, 200);
});

test('another account of the same name is refused, and no account is linked by name or address', async () => {
  assertUnauthorized(
    await logIn('oidc', 'Zoe.Q|78'),
    /^Unauthorized: user zoe\.q is already bound to other identify provider$/,
  );

  assertUnauthorized(await logIn('oidc', 'admin'), /already bound/);
  assertUnauthorized(await logIn('trusting', 'Zoe.Q|77'), /already bound/);
});

test('lookup admits users whom an administrator has linked', async () => {
  assertUnauthorized(await logIn('lookup', 'yuri'), /^Unauthorized: identity mapping not match$/);

  const labels = {
    'iam.kubesphere.io/identify-provider': 'lookup',
    'iam.kubesphere.io/origin-uid': 'yuri',
  };

  await asAdmin(USERS, {
    metadata: { name: 'george', labels },
    spec: { email: 'george@example.com' },
  });

  await eventually(async () => {
    const { status, text } = await logIn('lookup', 'yuri');
    assert.equal(status, 200, text);
    assert.equal(claims(text).username, 'george');
  });

  const body = { metadata: { name: 'rival', labels }, spec: { email: 'rival@example.com' } };
  const twice = await call(USERS, { body });
  assert.deepEqual(
    [twice.status, twice.text],
    [409, 'the account of the identity provider is linked to user george already\n'],
  );
});

test('disabled users are refused', async () => {
  assert.equal((await logIn('oidc', 'gone')).status, 200);

  await call('/apis/iam.kubesphere.io/v1alpha2/users/gone', {
    method: 'PATCH',
    body: { status: { state: 'Disabled' } },
  });

  await eventually(async () => {
    const { status, text } = await logIn('oidc', 'gone');
    assert.deepEqual([status, text], [403, 'Forbidden: account is not active']);
  });
});

test('a callback works once, in the same browser, for the requested provider', async () => {
  const { callback, browser, status } = await logIn('oidc', 'once');
  assert.equal(status, 200);

  assertUnauthorized(
    await browser.visit(callback),
    /has not begun the log-in: start at \/oauth\/login\/oidc/,
  );

  // With the cookie kept: the state has been used. A victim's browser has no cookie or one of its
  // own.
  const thief = new Browser();
  const { url } = await begin(thief, 'oidc');
  const stolen = await logInAtProvider(thief, url, 'mallory');

  assertUnauthorized(await new Browser().visit(stolen), /has not begun the log-in/);

  const victim = new Browser();
  await begin(victim, 'oidc');
  assertUnauthorized(await victim.visit(stolen), /was not begun by this browser/);

  const headers = { cookie: thief.cookies(stolen) };
  assertUnauthorized(
    await new Browser().visit(stolen.replace('/oidc?', '/lookup?'), { headers }),
    /was not begun by this browser/,
  );

  assertUnauthorized(
    await new Browser().visit(stolen.replace(/state=[^&]+/, 'state=x'), { headers }),
    /was not begun/,
  );

  assertUnauthorized(
    await new Browser().visit(stolen.replace(/[?&]state=[^&]+/, '?x=1'), { headers }),
    /was not begun/,
  );

  assert.equal((await new Browser().visit(stolen, { headers })).status, 200);
  assertUnauthorized(await new Browser().visit(stolen, { headers }), /has been used already/);
});

test('a cookie that was changed, or signed with another key, is invalid', async () => {
  const browser = new Browser();
  const { url } = await begin(browser, 'oidc');
  const callback = await logInAtProvider(browser, url, 'mallory');
  const cookie = browser.cookies(callback);
  for (const headers of [
    { cookie: `${cookie.slice(0, -2)}AA` },
    { cookie: cookie.replace(/\.[^.]{10}/, '.AAAAAAAAAA') },
    { cookie: `ks-login=${'x'.repeat(10_000)}` },
    { cookie: 'ks-login=eyJhbGciOiJub25lIn0..' },
  ]) {
    assertUnauthorized(await new Browser().visit(callback, { headers }), /^Unauthorized: /);
  }
});

test('a refusal of the provider is final', async () => {
  const browser = new Browser();
  const { url } = await begin(browser, 'oidc');
  const state = url.searchParams.get('state');
  const callback = `${server.url}/oauth/callback/oidc?state=${state}`;
  const cookie = browser.cookies(callback);
  const visit = (query, headers = { cookie }) => new Browser().visit(callback + query, { headers });
  assertUnauthorized(
    await visit('&error=access_denied&error_description=<script>'),
    /^Unauthorized: access_denied$/,
  );

  assertUnauthorized(await visit('&code=x'), /has been used already/);

  const again = new Browser();
  await begin(again, 'oidc');

  assertUnauthorized(
    await visit('', { cookie: again.cookies(callback) }),
    /was not begun by this browser/,
  );

  const third = new Browser();
  const { url: thirdUrl } = await begin(third, 'oidc');
  const next = `${server.url}/oauth/callback/oidc?state=${thirdUrl.searchParams.get('state')}`;

  assertUnauthorized(await third.visit(next), /^Unauthorized: missing code$/);

  const fourth = new Browser();
  const { url: fourthUrl } = await begin(fourth, 'oidc');
  assertUnauthorized(
    await fourth.visit(
      `${server.url}/oauth/callback/oidc?code=wrong&iss=${issuer}&state=${fourthUrl.searchParams.get('state')}`,
    ),
    /^Unauthorized: the provider's answer was refused: invalid_grant$/,
  );
});

test('an ID token for another log-in is refused', async () => {
  const browser = new Browser();
  const { url } = await begin(browser, 'oidc');

  url.searchParams.set('nonce', 'another');

  assertUnauthorized(
    await browser.visit(await logInAtProvider(browser, url, 'mallory')),
    /refused: OAUTH_JWT_CLAIM_COMPARISON_FAILED/,
  );

  const other = new Browser();
  const { url: weak } = await begin(other, 'oidc');

  weak.searchParams.set('code_challenge', 'A'.repeat(43));

  assertUnauthorized(
    await other.visit(await logInAtProvider(other, weak, 'mallory')),
    /refused: invalid_grant/,
  );
});

const now = () => Math.floor(Date.now() / 1000);

const tampered = {
  'another issuer': (c) => ({ claims: { ...c, iss: 'https://evil.example' } }),
  'another audience': (c) => ({ claims: { ...c, aud: 'another' } }),
  'an expired token': (c) => ({ claims: { ...c, exp: now() - 3600, iat: now() - 7200 } }),
  'a token from the future': (c) => ({ claims: { ...c, nbf: now() + 3600 } }),
  'a token without nonce': ({ nonce: _, ...c }) => ({ claims: c }),
  'a token without subject': ({ sub: _, ...c }) => ({ claims: c }),
  'another subject than userinfo': (c) => ({ claims: { ...c, sub: 'admin' } }),
  'a foreign signature': (c) => ({ claims: c, key: foreign }),
  'a signature with the client secret': (c) => ({
    claims: c,
    key: Buffer.from('secret of oidc'.padEnd(32)),
    alg: 'HS256',
  }),
};

for (const [what, change] of Object.entries(tampered)) {
  test(`an ID token that is changed to ${what} is refused`, async () => {
    tamper = change;

    try {
      assertUnauthorized(
        await logIn('oidc', 'intruder'),
        /^Unauthorized: the provider's answer was refused: /,
      );
    } finally {
      tamper = undefined;
    }

    const { items } = await asAdmin(`${USERS}?name=intruder`);
    assert.deepEqual(items, []);
  });
}

test('a console that handles the callback itself works where that is allowed, and only there', async () => {
  const authorize = async (name) => {
    const url = new URL(`${issuer}/auth`);

    const query = {
      client_id: name,
      response_type: 'code',
      scope: 'openid profile email',
      redirect_uri: redirectURL(name),
      state: name,
    };

    url.search = new URLSearchParams(query).toString();

    const back = new URL(await logInAtProvider(new Browser(), url, 'consoler'));

    return new Browser().visit(
      `${server.url}/oauth/callback/${name}?code=${back.searchParams.get('code')}`,
    );
  };

  const { status, text } = await authorize('trusting');
  assert.equal(status, 200, text);
  assert.equal(claims(text).username, 'consoler');

  assertUnauthorized(
    await authorize('oidc'),
    /has not begun the log-in: .* set allowMissingState of the identity provider$/,
  );

  // A browser that has begun a log-in is checked there too.
  const browser = new Browser();
  const { url } = await begin(browser, 'trusting');
  const callback = await logInAtProvider(browser, url, 'consoler');
  assertUnauthorized(
    await browser.visit(callback.replace(/state=[^&]+/, 'state=other')),
    /was not begun by this browser/,
  );
});

test('a provider that is down, or that fails verification, answers 503 and does not affect others', async () => {
  const { status, text } = await new Browser().visit(`${server.url}/oauth/login/down`);
  assert.deepEqual(
    [status, text],
    [
      503,
      'Internal error occurred: identity provider down gives no usable answer, try again later',
    ],
  );

  assert.equal((await new Browser().visit(`${server.url}/oauth/login/elsewhere`)).status, 503);
  assert.equal((await logIn('oidc', 'calm')).status, 200);
});

test('unknown providers and redirect targets are refused', async () => {
  for (const path of [
    '/oauth/login/nosuch',
    '/oauth/callback/nosuch?code=x',
    '/oauth/callback/__proto__?code=x',
  ]) {
    assertUnauthorized(
      await new Browser().visit(server.url + path),
      /^Unauthorized: the identity provider was not found$/,
    );
  }

  const { status, text } = await new Browser().visit(
    `${server.url}/oauth/login/oidc?return_to=https://evil.example/`,
  );
  assert.deepEqual([status, text.startsWith('return_to ')], [400, true]);
});

test('log-in pages get the data for their link, and no secret', async () => {
  const { text } = await new Browser().visit(
    `${server.url}/kapis/config.kubesphere.io/v1alpha2/configs/oauth`,
  );
  assert.doesNotMatch(text, /secret/i);

  const { provider } = JSON.parse(text).identityProviders.find(({ name }) => name === 'oidc');
  assert.deepEqual(provider, {
    clientID: 'oidc',
    redirectURL: redirectURL('oidc'),
    scopes: ['openid', 'profile', 'email'],
    endpoint: { authURL: `${issuer}/auth`, endSessionURL: `${issuer}/session/end` },
  });

  // 3.0's console makes a button of every provider that has settings: providers without an address
  // get none.
  const down = JSON.parse(text).identityProviders.find(({ name }) => name === 'down');
  assert.equal(down.provider, undefined);
});

test('every malformed callback is refused', async () => {
  const browser = new Browser();
  await begin(browser, 'oidc');

  const cookie = browser.cookies(`${server.url}/oauth/callback/oidc`);

  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('x'.repeat(1500), '%00', '\r\nset-cookie: a=b'),
  );

  const query = fc.dictionary(
    fc.constantFrom('code', 'state', 'error', 'iss', 'ticket', 'response', 'return_to', 'id_token'),
    value,
  );

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('oidc', 'trusting', 'lookup', '%2e%2e', 'x'),
      query,
      fc.boolean(),
      async (name, fields, bound) => {
        const parameters = new URLSearchParams();

        for (const [key, text] of Object.entries(fields)) {
          parameters.set(key, text.toWellFormed?.() ?? text);
        }

        const response = await fetch(`${server.url}/oauth/callback/${name}?${parameters}`, {
          redirect: 'manual',
          headers: bound ? { cookie } : {},
        });

        assert.ok(
          [400, 401, 404].includes(response.status),
          `${response.status} ${await response.text()}`,
        );

        assert.equal(response.headers.get('set-cookie'), null);
      },
    ),
    { numRuns: 150, endOnFailure: true },
  );

  const login = fc.record({ username: fc.anything(), password: fc.anything() });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('oidc', 'nosuch'), login, async (name, body) => {
      const text = JSON.stringify(body);

      const response = await fetch(`${server.url}/oauth/login/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
      });

      assert.ok([400, 401].includes(response.status), `${response.status} ${text}`);
    }),
    { numRuns: 60, endOnFailure: true },
  );

  assert.doesNotMatch(server.output(), /secret of/);
});
