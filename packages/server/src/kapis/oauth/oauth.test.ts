import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  ADMIN_PASSWORD,
  type Answer,
  eventually,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

const FORM = 'application/x-www-form-urlencoded';
const USERS = '/apis/iam.kubesphere.io/v1alpha2/users';
const WHOAMI = '/kapis/iam.kubesphere.io/v1alpha2/users/admin';
let server: TestServer;

before(async () => {
  const dir = await (await import('node:fs/promises')).mkdtemp(
    join((await import('node:os')).tmpdir(), 'ks-oauth-'),
  );
  const config = join(dir, 'kubesphere.yaml');
  await writeFile(
    config,
    `authentication:
  authenticateRateLimiterMaxTries: 3
  authenticateRateLimiterDuration: 2s
  oauthOptions:
    sessionMaxAge: 4s
    clients:
    - {name: console, redirectURIs: ["https://console.example/cb?x=1"]}
    - {name: denied, redirectURIs: ["https://denied.example/"], grantMethod: deny}
`,
  );

  server = await TestServer.start({ args: ['--config', config] });
});

after(() => server.stop());

const grant = (form: Record<string, string>) => server.call('/oauth/token', { form });
const login = (username: string, password: string) =>
  grant({ grant_type: 'password', username, password });

async function createUser(name: string): Promise<void> {
  const body = {
    metadata: { name },
    spec: { email: `${name}@example.com`, password: 'Passw0rd!' },
  };

  const { status, text } = await server.call('/kapis/iam.kubesphere.io/v1alpha2/users', {
    token: await server.token(),
    body,
  });

  assert.equal(status, 200, text);
  assert.doesNotMatch(text, /\$2[aby]\$|Passw0rd/);
}

test('wrong passwords, unknown users and garbage are refused', async () => {
  const cases: [Record<string, string>, number, string][] = [
    [
      { grant_type: 'password', username: 'ghost', password: 'x' },
      401,
      'Unauthorized: incorrect password',
    ],
    [{ grant_type: 'password', username: 'admin' }, 401, 'Unauthorized: incorrect password'],
    [{ grant_type: 'client_credentials' }, 400, 'Grant type client_credentials is not supported'],
    [{ username: 'admin' }, 400, 'Grant type  is not supported'],
    [
      { grant_type: 'refresh_token' },
      401,
      'Unauthorized: token contains an invalid number of segments',
    ],
    [
      { grant_type: 'refresh_token', refresh_token: 'a.b.c' },
      401,
      'Unauthorized: token is malformed',
    ],
  ];

  for (const [form, status, text] of cases) {
    const answer = await grant(form);
    assert.deepEqual([answer.status, answer.text], [status, text]);
  }

  const json = await server.call('/oauth/token', { body: { grant_type: 'password' } });
  assert.deepEqual([json.status, json.text], [415, '415: Unsupported Media Type']);

  const broken = await server.call('/oauth/token', {
    method: 'POST',
    headers: { 'content-type': FORM },
    body: 'a=%zz',
  });

  assert.deepEqual([broken.status, broken.text], [400, 'invalid URL escape "%zz"']);
});

test('credentials in the query are ignored', async () => {
  const { status } = await server.call(
    `/oauth/token?grant_type=password&username=admin&password=${encodeURIComponent(ADMIN_PASSWORD)}`,
    { form: {} },
  );

  assert.equal(status, 400);
});

test('an e-mail address is as good as the name, and a log-in ends the earlier sessions', async () => {
  await createUser('mail');

  const first = (await login('mail@example.com', 'Passw0rd!')).json;
  const own = '/kapis/tenant.kubesphere.io/v1alpha2/nosuch';

  assert.equal((await server.call(own, { token: first.access_token })).status, 404);
  await new Promise((resolve) => setTimeout(resolve, 1100));

  const second = (await login('mail', 'Passw0rd!')).json;

  assert.equal((await server.call(own, { token: first.access_token })).status, 401);
  assert.equal((await server.call(own, { token: second.access_token })).status, 404);

  assert.equal(
    (await grant({ grant_type: 'refresh_token', refresh_token: first.refresh_token })).text,
    'Unauthorized: token not found in cache',
  );
});

test('a refresh token is no access token, nor the other way round', async () => {
  await createUser('tokens');

  const pair = (await login('tokens', 'Passw0rd!')).json;
  assert.equal((await server.call(WHOAMI, { token: pair.refresh_token })).status, 401);

  assert.equal(
    (await grant({ grant_type: 'refresh_token', refresh_token: pair.access_token })).status,
    401,
  );

  const renewed = await grant({ grant_type: 'refresh_token', refresh_token: pair.refresh_token });
  assert.equal(renewed.status, 200);
  assert.equal(renewed.json.expires_in, 7200);
});

test('an account is locked after too many failures, also by e-mail, and unlocked after a while', async () => {
  await createUser('locked');

  const tries: Answer[] = [];

  for (let i = 0; i < 3; i++) {
    tries.push(await login(i % 2 ? 'locked@example.com' : 'locked', 'wrong'));
  }

  assert.deepEqual(
    tries.map(({ status }) => status),
    [401, 401, 401],
  );

  const locked = await login('locked', 'Passw0rd!');
  assert.deepEqual([locked.status, locked.text], [429, 'Unauthorized: auth rate limit exceeded']);
  assert.ok(Number(locked.headers.get('retry-after')) >= 1);

  const basic = await server.call(WHOAMI, {
    headers: { authorization: `Basic ${btoa('locked:Passw0rd!')}` },
  });
  assert.equal(basic.status, 429);
  assert.equal(basic.json.reason, 'TooManyRequests');

  await eventually(async () =>
    assert.equal(
      (await server.kubernetes(`${USERS}/locked`)).json.status.state,
      'AuthLimitExceeded',
    ),
  );

  await eventually(async () => assert.equal((await login('locked', 'Passw0rd!')).status, 200));
  await eventually(async () =>
    assert.equal((await server.kubernetes(`${USERS}/locked`)).json.status.state, 'Active'),
  );
});

test('every attempt leaves a record under the name of the user', async () => {
  await createUser('recorded');
  await login('recorded@example.com', 'wrong');
  await login('recorded', 'Passw0rd!');

  const records = await eventually(async () => {
    const { json } = await server.kubernetes(
      '/apis/iam.kubesphere.io/v1alpha2/loginrecords?labelSelector=iam.kubesphere.io/user-ref=recorded',
    );
    assert.equal(json.items.length, 2);
    return json.items;
  });

  assert.deepEqual(
    records.map((record: { spec: { success: boolean } }) => record.spec.success).toSorted(),
    [false, true],
  );

  for (const { spec } of records) {
    assert.deepEqual([spec.type, spec.sourceIP], ['Token', '127.0.0.1']);
  }
});

test('disabled and deleted users lose their sessions', async () => {
  for (const name of ['disabled', 'deleted']) {
    await createUser(name);
  }

  const tokens = {
    disabled: await server.token('disabled', 'Passw0rd!'),
    deleted: await server.token('deleted', 'Passw0rd!'),
  };

  await server.kubernetes(`${USERS}/disabled`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { status: { state: 'Disabled' } },
  });

  await server.kubernetes(`${USERS}/deleted`, { method: 'DELETE' });

  for (const token of Object.values(tokens)) {
    await eventually(async () => assert.equal((await server.call(WHOAMI, { token })).status, 401));
  }

  await eventually(async () =>
    assert.equal((await server.kubernetes(`${USERS}/deleted`)).status, 404),
  );

  const disabled = await login('disabled', 'Passw0rd!');
  assert.deepEqual([disabled.status, disabled.text], [403, 'Forbidden: account is not active']);
  assert.equal((await login('disabled', 'wrong')).text, 'Unauthorized: incorrect password');
});

test('a user created with kubectl becomes active, and their password is hashed', async () => {
  const object = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name: 'applied' },
    spec: { email: 'applied@example.com', password: 'Passw0rd!' },
  };

  assert.equal((await server.kubernetes(USERS, { method: 'POST', body: object })).status, 201);
  await eventually(async () => assert.equal((await login('applied', 'Passw0rd!')).status, 200));

  const readPassword = async () =>
    (await server.kubernetes(`${USERS}/applied`)).json.spec.password as string;
  assert.match(await readPassword(), /^\$2a\$10\$/);

  // The mark of the first hashing stays when kubectl patches the password.
  const patch = {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { spec: { password: 'Passw0rd!2' } },
  };

  assert.equal((await server.kubernetes(`${USERS}/applied`, patch)).status, 200);
  await eventually(async () => assert.match(await readPassword(), /^\$2a\$10\$/));
  await eventually(async () => assert.equal((await login('applied', 'Passw0rd!2')).status, 200));
});

test('callers who may list users see no hash and no session', async () => {
  const { text } = await server.call('/kapis/resources.kubesphere.io/v1alpha3/users', {
    token: await server.token(),
  });
  assert.doesNotMatch(text, /\$2[aby]\$|"password":/);
});

test('the implicit grant redirects to registered URIs only, and needs a credential', async () => {
  const token = await server.token();
  const authorize = (query: string, as: string | undefined = token) =>
    server.call(`/oauth/authorize?${query}`, { token: as });
  const answer = await authorize('client_id=console&response_type=token&state=s%20t');

  assert.equal(answer.status, 302);

  const location = new URL(answer.headers.get('location')!);
  assert.equal(
    location.origin + location.pathname + location.search,
    'https://console.example/cb?x=1',
  );

  const fragment = new URLSearchParams(location.hash.slice(1));
  assert.equal(fragment.get('state'), 's t');

  assert.equal(
    (await server.call('/kapis/nosuch', { token: fragment.get('access_token')! })).status,
    404,
  );

  const refused: [string, string][] = [
    ['client_id=nosuch', 'Unauthorized: the OAuth client was not found'],
    ['client_id=default&response_type=code', 'Response type code is not supported'],
    ['client_id=default&response_type=token', 'Unauthorized: redirect URL is not allowed'],
    [
      'client_id=console&response_type=token&redirect_uri=https://evil.example/',
      'Unauthorized: redirect URL is not allowed',
    ],
  ];

  const fresh = await server.token();

  for (const [query, text] of refused) {
    const { status, text: got } = await server.call(`/oauth/authorize?${query}`, { token: fresh });
    assert.deepEqual([status, got], [401, text]);
  }

  const denied = await authorize('client_id=denied&response_type=token', fresh);
  assert.match(
    denied.headers.get('location') ?? '',
    /^https:\/\/denied\.example\/#error=unauthorized_client&/,
  );

  const anonymous = await server.call('/oauth/authorize?client_id=console&response_type=token');
  assert.deepEqual([anonymous.status, anonymous.headers.get('location')], [401, null]);
});

test('a TokenReview names the user of a token, and for a wrong one only the failure', async () => {
  await createUser('reviewed');

  const review = (token: unknown) =>
    server.call('/oauth/authenticate', {
      body: { apiVersion: 'authentication.k8s.io/v1beta1', kind: 'TokenReview', spec: { token } },
    });

  const { json } = await review(await server.token('reviewed', 'Passw0rd!'));
  assert.equal(json.apiVersion, 'authentication.k8s.io/v1beta1');
  assert.equal(json.status.authenticated, true);
  assert.equal(json.status.user.username, 'reviewed');
  assert.equal((await review('a.b.c')).json.status.authenticated, false);

  const missing = await server.call('/oauth/authenticate', { body: { kind: 'TokenReview' } });
  assert.deepEqual([missing.status, missing.text], [400, 'token must not be null\n']);
});

test('a log-out ends the session of its token, and no other', async () => {
  await createUser('leaver');
  await eventually(async () => assert.equal((await login('leaver', 'Passw0rd!')).status, 200));

  for (const method of ['GET', 'POST']) {
    // Tokens issued within one second are equal.
    await new Promise((resolve) => setTimeout(resolve, 1100));

    const { access_token: token, refresh_token } = (await login('leaver', 'Passw0rd!')).json;
    const answer = await server.call('/oauth/logout', { method, token });

    assert.deepEqual([answer.status, answer.json], [200, { message: 'success' }]);
    assert.equal((await server.call('/kapis/version', { token })).status, 401);
    assert.equal((await server.call('/oauth/logout', { method, token })).status, 401);
    assert.equal((await grant({ grant_type: 'refresh_token', refresh_token })).status, 401);
    assert.equal((await server.call('/oauth/logout', { method })).status, 401);
  }

  const admin = await server.token();
  assert.equal((await server.call('/kapis/version', { token: admin })).status, 200);
});

test('with one session for each user, an exchange ends former tokens, and concurrent ones get the same tokens', async () => {
  await createUser('single');

  const first = (await login('single', 'Passw0rd!')).json;
  const refresh = () => grant({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
  const answers = await Promise.all([refresh(), refresh(), refresh()]);

  answers.push(await refresh());

  const second = answers[0].json;

  for (const { status, json } of answers) {
    assert.equal(status, 200);

    assert.deepEqual(
      [json.access_token, json.refresh_token],
      [second.access_token, second.refresh_token],
    );
  }

  const status = async (token: string) => (await server.call('/kapis/version', { token })).status;
  assert.deepEqual(
    [await status(first.access_token), await status(second.access_token)],
    [401, 200],
  );

  // The token before the last counts as stolen.
  const third = await grant({ grant_type: 'refresh_token', refresh_token: second.refresh_token });
  assert.equal(third.status, 200);
  assert.equal((await refresh()).text, 'Unauthorized: token not found in cache');
  assert.equal(await status(third.json.access_token), 401);
});

test('a session is refreshed until its maximum lifetime, and then ends', async () => {
  await createUser('lasting');

  const first = (await login('lasting', 'Passw0rd!')).json;
  const second = await grant({ grant_type: 'refresh_token', refresh_token: first.refresh_token });

  assert.equal(second.status, 200, second.text);
  await new Promise((resolve) => setTimeout(resolve, 4200));

  const third = await grant({
    grant_type: 'refresh_token',
    refresh_token: second.json.refresh_token,
  });

  assert.deepEqual(
    [third.status, third.text],
    [401, 'Unauthorized: the session has lasted as long as it may: log in again'],
  );

  const own = '/kapis/tenant.kubesphere.io/v1alpha2/workspaces';
  assert.equal((await server.call(own, { token: second.json.access_token })).status, 401);
});

test('the log-in of 2.x is open to users with the right, and refuses bodies without name and password', async () => {
  const path = '/kapis/iam.kubesphere.io/v1alpha2/login';
  const body = { username: 'admin', password: ADMIN_PASSWORD };

  assert.equal((await server.call(path, { body })).status, 403);

  const headers = { authorization: `Basic ${btoa(`admin:${ADMIN_PASSWORD}`)}` };
  const good = await server.call(path, { body, headers });

  assert.equal(good.status, 200, good.text);
  assert.equal((await server.call(WHOAMI, { token: good.json.access_token })).status, 200);

  const wrong = await server.call(path, { body: { ...body, password: 'wrong' }, headers });
  assert.deepEqual([wrong.status, wrong.text], [401, 'Unauthorized: incorrect password']);

  for (const unusable of ['{bad', '{}', { username: 'admin', password: '' }, '[]']) {
    const answer = await server.call(path, { body: unusable, headers });
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), answer.text],
      [401, 'application/json', '{}'],
    );
  }
});
