// GitHub, CAS and Alibaba Cloud IDaaS, against small servers that implement their documented
// protocols.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { decodeJwt } from 'jose';
import { api, eventually, tokenOf } from './api.mjs';
import { Browser } from './browser.mjs';
import { freePorts, startServer } from './server.mjs';

const ADMIN = 'a password for provider tests';
const USERS = '/kapis/iam.kubesphere.io/v1alpha2/users';
const dir = mkdtempSync(join(tmpdir(), 'ks-idp-'));
/** How many answers that break the protocol are tried. */
const ODD_ANSWERS = 19;

const asked = [];
let base;
let idp;
let server;
let admin;

/** Accounts by the code or ticket that identifies them. */
const accounts = {};

/** Answers that break the protocol, by path. */
const odd = {};

/** Reads a form and answers as the provider of the first path segment does. */
async function provider(req, res) {
  const url = new URL(req.url, base);
  let body = '';

  for await (const chunk of req) {
    body += chunk;
  }

  const form = new URLSearchParams(body);
  asked.push({ path: url.pathname, query: url.searchParams, form, headers: req.headers });

  const json = (value, status = 200) => {
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify(value));
  };

  const xml = (inner) => {
    res.writeHead(200, { 'content-type': 'application/xml' });
    res.end(
      `<?xml version="1.0"?><cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">${inner}</cas:serviceResponse>`,
    );
  };

  if (odd[url.pathname]) {
    return odd[url.pathname](res, json, xml);
  }

  const [, type, what] = url.pathname.split('/');
  if (type === 'cas' && what === 'serviceValidate') {
    const user = accounts[url.searchParams.get('ticket')];
    const service = url.searchParams.get('service') ?? '';
    if (!user || user.service !== service) {
      return xml(
        `<cas:authenticationFailure code="${user ? 'INVALID_SERVICE' : 'INVALID_TICKET'}">no</cas:authenticationFailure>`,
      );
    }

    return xml(
      `<cas:authenticationSuccess><cas:user>${user.name}</cas:user></cas:authenticationSuccess>`,
    );
  }

  if (what === 'token') {
    const code = form.get('code');

    const good =
      accounts[code] &&
      form.get('client_id') === `${type}-id` &&
      form.get('client_secret') === `${type}-secret`;

    // GitHub sends errors with status 200, the others with 400.
    if (!good) {
      return json(
        { error: type === 'github' ? 'bad_verification_code' : 'invalid_grant' },
        type === 'github' ? 200 : 400,
      );
    }

    return json({ access_token: `token-of-${code}`, token_type: 'bearer', scope: 'user' });
  }

  const account = accounts[/^Bearer token-of-(.+)$/.exec(req.headers.authorization ?? '')?.[1]];
  if (!account) {
    return json({ message: 'Bad credentials' }, 401);
  }
  if (type === 'github') {
    return json(account);
  }

  return json({ success: true, code: '200', message: null, requestId: 'r', data: account });
}

before(async () => {
  idp = createServer(provider);
  await new Promise((resolve) => idp.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${idp.address().port}`;
  const oauth = (type) => ({
    clientID: `${type}-id`,
    clientSecret: `${type}-secret`,
    redirectURL: `http://ks.example/oauth/callback/${type}`,
    scopes: ['user'],
    endpoint: {
      authURL: `${base}/${type}/auth?team=x`,
      tokenURL: `${base}/${type}/token`,
      userInfoURL: `${base}/${type}/user`,
    },
  });

  const [securePort] = await freePorts(1);

  const wellKnown = [
    {
      name: 'github',
      type: 'GitHubIdentityProvider',
      mappingMethod: 'mixed',
      provider: oauth('github'),
    },
    { name: 'idaas', type: 'AliyunIDaaSProvider', mappingMethod: 'auto', provider: oauth('idaas') },
    {
      name: 'cas',
      type: 'CASIdentityProvider',
      // As a console of 3.x calls it.
      allowMissingState: true,
      provider: {
        CASServerURL: `${base}/cas/`,
        redirectURL: 'http://ks.example/oauth/callback/cas?from=cas',
      },
    },
  ];

  const identityProviders = [
    ...wellKnown,
    // One for each odd answer: a provider that counts as down is not called for three seconds.
    ...Array.from({ length: ODD_ANSWERS }, (_, i) =>
      wellKnown.map(({ name, provider: settings, ...others }) => ({
        ...others,
        name: `${name}-${i}`,
        provider: {
          ...settings,
          redirectURL: settings.redirectURL.replace(`/callback/${name}`, `$&-${i}`),
        },
      })),
    ).flat(),
    ...[false, true].map((insecureSkipVerify) => ({
      name: insecureSkipVerify ? 'anytls' : 'badtls',
      type: 'GitHubIdentityProvider',
      provider: {
        ...oauth(insecureSkipVerify ? 'anytls' : 'badtls'),
        // The embedded Kubernetes API has a certificate of an unknown authority.
        endpoint: { tokenURL: `https://127.0.0.1:${securePort}/` },
        insecureSkipVerify,
      },
    })),
  ];

  const file = join(dir, 'kubesphere.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      authentication: { multipleLogin: true, oauthOptions: { identityProviders } },
    }),
  );

  server = await startServer({
    dir: join(dir, 'data'),
    adminPassword: ADMIN,
    args: ['--config', file, '--secure-port', String(securePort)],
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

/** Logs in as an account, which the provider knows by a code of its own. */
const logIn = async (name, account) => {
  const browser = new Browser();
  const { location } = await browser.visit(`${server.url}/oauth/login/${name}`);
  const url = new URL(location);
  const code = `code${Object.keys(accounts).length}`;
  const back = new URL(url.searchParams.get('service') ?? url.searchParams.get('redirect_uri'));

  const isCas = name.startsWith('cas');
  accounts[code] = isCas ? { name: account, service: back.href } : account;
  back.searchParams.set(isCas ? 'ticket' : 'code', code);

  if (!isCas) {
    back.searchParams.set('state', url.searchParams.get('state'));
  }

  return { url, ...(await browser.visit(back.href.replace('http://ks.example', server.url))) };
};

const username = ({ status, text }) => {
  assert.equal(status, 200, text);
  return decodeJwt(JSON.parse(text).access_token).username;
};

const octocat = { login: 'Octo-Cat', id: 583231, name: 'The Cat', email: null };

test('GitHub: users are identified by their number, because another user can take over a login', async () => {
  const answer = await logIn('github', octocat);
  assert.equal(username(answer), 'octo-cat');

  assert.equal(
    answer.url.href.startsWith(
      `${base}/github/auth?team=x&response_type=code&client_id=github-id&`,
    ),
    true,
  );

  const { form, headers } = asked.find(({ path }) => path === '/github/token');
  assert.deepEqual(
    [form.get('redirect_uri'), headers.accept],
    ['http://ks.example/oauth/callback/github', 'application/json'],
  );

  const { metadata, spec } = (await call(`${USERS}/octo-cat`)).json;
  assert.equal(metadata.labels['iam.kubesphere.io/origin-uid'], 'id.583231');
  assert.deepEqual([spec.email, spec.displayName], ['', 'The Cat']);
  assert.equal(username(await logIn('github', { ...octocat, login: 'renamed' })), 'octo-cat');
});

test('GitHub with auto-linked users of 3.x: matched by login once, then by number', async () => {
  const labels = {
    'iam.kubesphere.io/identify-provider': 'github',
    'iam.kubesphere.io/origin-uid': 'Old-Hand',
  };

  await call(USERS, {
    body: { metadata: { name: 'veteran', labels }, spec: { email: 'veteran@example.com' } },
  });

  const annotations = { 'iam.kubesphere.io/identify-provider': 'github' };
  await call(USERS, {
    body: { metadata: { name: 'elder', annotations }, spec: { email: 'elder@example.com' } },
  });
  await eventually(async () =>
    assert.equal(username(await logIn('github', { login: 'Old-Hand', id: 7 })), 'veteran'),
  );
  assert.equal(username(await logIn('github', { login: 'elder', id: 8 })), 'elder');

  const label = async (name) =>
    (await call(`${USERS}/${name}`)).json.metadata.labels['iam.kubesphere.io/origin-uid'];
  assert.deepEqual([await label('veteran'), await label('elder')], ['id.7', 'id.8']);

  await eventually(async () => {
    // The login now belongs to another person.
    assert.equal(username(await logIn('github', { login: 'Old-Hand', id: 99 })), 'old-hand');
  });
});

test('IDaaS: the user is inside an envelope', async () => {
  assert.equal(
    username(
      await logIn('idaas', {
        sub: '551',
        username: 'li.lei',
        email: 'li@example.com',
        nickname: 'Li',
      }),
    ),
    'li.lei',
  );

  const { metadata, spec } = (await call(`${USERS}/li.lei`)).json;
  assert.deepEqual(
    [metadata.labels['iam.kubesphere.io/origin-uid'], spec.email],
    ['551', 'li@example.com'],
  );

  const other = await logIn('idaas', { sub: '552', username: 'li.lei' });
  assert.deepEqual(
    [other.status, other.text],
    [401, 'Unauthorized: user li.lei is already bound to other identify provider'],
  );
});

test('mixed uses the name as the user, as in 3.0, but never for admin', async () => {
  await call(USERS, {
    body: { metadata: { name: 'plain' }, spec: { email: 'plain@example.com' } },
  });
  await eventually(async () =>
    assert.equal(username(await logIn('github', { login: 'plain', id: 20 })), 'plain'),
  );
  assert.equal((await call(`${USERS}/plain`)).json.metadata.labels, undefined);
  assert.equal((await logIn('github', { login: 'admin', id: 21 })).status, 401);
  assert.equal((await logIn('github', { login: 'ADMIN', id: 21 })).status, 401);
});

test('CAS: the state is part of the service, which both requests must name', async () => {
  const answer = await logIn('cas', 'mei');
  assert.equal(username(answer), 'mei');

  assert.match(
    answer.url.searchParams.get('service'),
    /^http:\/\/ks\.example\/oauth\/callback\/cas\?from=cas&state=[\w-]{43}$/,
  );

  accounts.plainly = { name: 'mei', service: 'http://ks.example/oauth/callback/cas?from=cas' };

  const visit = (ticket) =>
    new Browser().visit(`${server.url}/oauth/callback/cas?ticket=${ticket}`);
  assert.equal(
    username(await visit('plainly')),
    'mei',
    'a console of 3.x names the service without a state',
  );

  accounts.elsewhere = { name: 'mei', service: 'http://other.example/' };

  assert.equal(
    (await visit('elsewhere')).text,
    'Unauthorized: CAS refuses the ticket: INVALID_SERVICE',
  );

  assert.equal(
    (await visit('nosuch&pgtUrl=http://evil.example/')).text,
    'Unauthorized: CAS refuses the ticket: INVALID_TICKET',
  );

  assert.equal((await visit('')).text, 'Unauthorized: missing ticket');

  assert.equal(
    asked.some(({ query }) => query.has('pgtUrl')),
    false,
  );
});

test('answers outside the protocol are refused, and no redirect is followed', async () => {
  const redirectToTrap = (res) => {
    res.writeHead(302, { location: `${base}/trap` });
    res.end();
  };

  const endless = (res) => {
    res.writeHead(200, { 'content-type': 'application/json' });

    const chunks = function* () {
      for (;;) {
        yield 'x'.repeat(65_536);
      }
    };

    // The body has no end but the connection's.
    pipeline(Readable.from(chunks()), res, () => {});
  };

  const cases = [
    ['github', '/github/token', redirectToTrap],
    ['github', '/github/user', redirectToTrap],
    ['github', '/github/token', (res) => res.end('access_token=x')],
    ['github', '/github/token', (_, json) => json({ access_token: 'a\r\nb: c' })],
    ['github', '/github/user', (_, json) => json([])],
    ['github', '/github/user', (_, json) => json({ login: 'admin' })],
    ['github', '/github/user', (_, json) => json({ login: { $ne: 1 }, id: 1 })],
    ['github', '/github/user', (_, json) => json({ message: 'no' }, 500)],
    ['github', '/github/user', endless],
    ['github', '/github/user', (res) => res.destroy()],
    ['github', '/github/user', () => {}],
    ['github', '/github/user', (res) => res.writeHead(200).write('{')],
    ['idaas', '/idaas/user', (_, json) => json({ success: false, message: 'secret reason' })],
    ['idaas', '/idaas/user', (_, json) => json({ success: true, data: null })],
    ['cas', '/cas/serviceValidate', (res) => res.end('<html>')],
    ['cas', '/cas/serviceValidate', (_, __, xml) => xml('<cas:authenticationSuccess/>')],
    [
      'cas',
      '/cas/serviceValidate',
      (_, __, xml) =>
        xml(
          '<cas:authenticationSuccess><cas:user>a</cas:user><cas:user>b</cas:user></cas:authenticationSuccess>',
        ),
    ],
    [
      'cas',
      '/cas/serviceValidate',
      (res) => res.end('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>'),
    ],
    ['cas', '/cas/serviceValidate', redirectToTrap],
  ];

  assert.equal(cases.length, ODD_ANSWERS);

  for (const [i, [name, path, answer]] of cases.entries()) {
    let isAsked = false;
    odd[path] = (...args) => {
      isAsked = true;
      return /** @type {(...args: any[]) => unknown} */ (answer)(...args);
    };

    const { status, text } = await logIn(
      `${name}-${i}`,
      name === 'cas' ? 'eve' : { login: 'eve', id: 66, sub: '66', username: 'eve' },
    );

    delete odd[path];
    assert.ok(isAsked, `${path} ${answer}`);
    assert.ok([401, 503].includes(status), `${path} ${answer}: ${status} ${text}`);
    assert.doesNotMatch(text, /secret|127\.0\.0\.1/);
  }

  assert.equal(
    asked.some(({ path }) => path === '/trap'),
    false,
  );

  assert.deepEqual((await call(`${USERS}?name=eve`)).json.items, []);
});

test('a certificate that does not verify ends the call, unless verification is turned off', async () => {
  assert.equal((await logIn('badtls', octocat)).status, 503);
  const { status, text } = await logIn('anytls', octocat);
  assert.deepEqual([status, text], [401, 'Unauthorized: the token request failed with status 403']);
});

test('no user may link themselves, or a user with more rights, to an account', async () => {
  const role = (globalrole) => ({ annotations: { 'iam.kubesphere.io/globalrole': globalrole } });

  const create = async (name, globalrole) => {
    const spec = { email: `${name}@example.com`, password: 'Passw0rd!' };
    assert.equal(
      (await call(USERS, { body: { metadata: { name, ...role(globalrole) }, spec } })).status,
      200,
    );

    return eventually(() => tokenOf(server.url, name, 'Passw0rd!'));
  };

  const regular = await create('regular', 'platform-regular');
  const manager = await create('manager', 'users-manager');

  await create('boss', 'platform-admin');

  const link = {
    'iam.kubesphere.io/identify-provider': 'idaas',
    'iam.kubesphere.io/origin-uid': '900',
  };

  const edit = async (name, token, change) => {
    for (;;) {
      const { json } = await call(`${USERS}/${name}`);
      change(json.metadata);

      const answer = await call(`${USERS}/${name}`, { method: 'PUT', token, body: json });

      // A log-in writes its time there a moment later.
      if (answer.status !== 409 || !answer.text.includes('modified')) {
        return answer;
      }
    }
  };

  const asLabels = (metadata) => {
    metadata.labels = { ...metadata.labels, ...link };
  };

  const asAnnotation = (metadata) => {
    metadata.annotations = {
      ...metadata.annotations,
      'iam.kubesphere.io/identify-provider': 'idaas',
    };
  };

  for (const change of [asLabels, asAnnotation]) {
    const refused = await edit('regular', regular, change);
    assert.deepEqual(
      [refused.status, refused.text.includes('only who manages users')],
      [403, true],
      refused.text,
    );

    assert.equal(
      (await edit('boss', manager, change)).status,
      403,
      'a manager of users is not the boss',
    );
  }

  // Through the Kubernetes API, with a role that lets users write their own object there.
  const rules = [
    {
      apiGroups: ['iam.kubesphere.io'],
      resources: ['users'],
      resourceNames: ['boss'],
      verbs: ['get', 'patch', 'update'],
    },
  ];

  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await call(`${rbac}/clusterroles`, {
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'writes-boss' },
      rules,
    },
  });

  await call(`${rbac}/clusterrolebindings`, {
    body: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'writes-boss' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writes-boss' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'regular' }],
    },
  });

  const object = '/apis/iam.kubesphere.io/v1alpha2/users/boss';
  const patch = (token, metadata) => call(object, { method: 'PATCH', token, body: { metadata } });

  await eventually(async () =>
    assert.equal((await patch(regular, { annotations: { note: 'x' } })).status, 200),
  );
  assert.equal((await patch(regular, { labels: link })).status, 403);

  assert.equal(
    (await patch(regular, { annotations: { 'iam.kubesphere.io/identify-provider': 'idaas' } }))
      .status,
    403,
  );

  assert.equal((await logIn('idaas', { sub: '900', username: 'boss' })).status, 401);

  // Allowed callers: a manager of users for users with no more rights than they have, an
  // administrator for every user.
  assert.equal(
    (await edit('regular', manager, asLabels)).status,
    403,
    'regular writes at the cluster scope',
  );

  assert.equal(
    (await call(`${rbac}/clusterrolebindings/writes-boss`, { method: 'DELETE' })).status,
    200,
  );

  await eventually(async () =>
    assert.equal((await edit('regular', manager, asLabels)).status, 200),
  );
  await eventually(async () =>
    assert.equal(username(await logIn('idaas', { sub: '900', username: 'whoever' })), 'regular'),
  );

  const second = await edit('boss', admin, asLabels);
  assert.deepEqual(
    [second.status, second.text],
    [409, 'the account of the identity provider is linked to user regular already\n'],
  );

  // Linked users change the rest of their object, and stay linked even if they leave the link out.
  const own = await edit('regular', regular, (metadata) => delete metadata.labels);
  assert.equal(own.status, 200, own.text);
  assert.deepEqual(own.json.metadata.labels, link);

  assert.equal(
    (
      await edit(
        'regular',
        regular,
        (metadata) => (metadata.labels['iam.kubesphere.io/origin-uid'] = '901'),
      )
    ).status,
    403,
  );

  assert.equal(
    (await patch(admin, { labels: { ...link, 'iam.kubesphere.io/origin-uid': '902' } })).status,
    200,
  );

  await eventually(async () =>
    assert.equal(username(await logIn('idaas', { sub: '902', username: 'x' })), 'boss'),
  );
});

test('choosing a name at a provider gives no rights of that name', async () => {
  const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';

  const binding = (name, labels) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `all-of-${name}`, labels },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
  });

  // A user of Kubernetes itself, and the rights that KubeSphere gave to a former user.
  assert.equal((await call(path, { body: binding('kubernetes-admin', {}) })).status, 201);

  assert.equal(
    (await call(path, { body: binding('left', { 'iam.kubesphere.io/user-ref': 'left' }) })).status,
    201,
  );

  await eventually(async () =>
    assert.equal((await logIn('idaas', { sub: '910', username: 'kubernetes-admin' })).status, 401),
  );
  assert.equal((await call(`${USERS}?name=kubernetes-admin`)).json.totalItems, 0);
  assert.equal(username(await logIn('idaas', { sub: '911', username: 'left' })), 'left');
  await eventually(async () => assert.equal((await call(`${path}/all-of-left`)).status, 404));
});

test("log-in pages get the data for each console's button, and no secret", async () => {
  const answer = await api(server.url)('/kapis/config.kubesphere.io/v1alpha2/configs/oauth');
  assert.doesNotMatch(answer.text, /secret/i);

  const shown = new Map(
    answer.json.identityProviders.map(({ name, provider }) => [name, provider]),
  );
  assert.equal(shown.get('github').endpoint.authURL, `${base}/github/auth?team=x`);
  assert.equal(shown.get('cas').casServerURL, `${base}/cas/`);

  // 3.0's console reads the endpoint of every provider that has settings.
  for (const [name, provider] of shown) {
    assert.equal(typeof provider?.endpoint.authURL, provider ? 'string' : 'undefined', name);
  }
});
