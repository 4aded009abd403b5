// Log-ins against a real OpenLDAP server: plain, StartTLS and ldaps, an Active Directory's
// attributes, and providers that are down.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api, eventually, tokenOf } from '../api.mjs';
import { freePorts, portOf, startServer } from '../server.mjs';
import { certificates, startSlapd } from './slapd.mjs';

const ADMIN = 'a password for ldap tests';
const USERS = '/kapis/iam.kubesphere.io/v1alpha2/users';

const person = (uid, more = '') => `
dn: uid=${uid},ou=people,dc=corp,dc=test
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid} Example
sn: Example
mail: ${uid.toLowerCase()}@corp.test
displayName: ${uid} of corp
userPassword: ${uid}'s secret
${more}`;

/** Entries of the directory; the referral leads to a server that must not be called. */
const corp = (referral) => `
dn: dc=corp,dc=test
objectClass: dcObject
objectClass: organization
o: corp
dc: corp

dn: ou=people,dc=corp,dc=test
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=corp,dc=test
objectClass: organizationalUnit
ou: groups
${['jane', 'bob', 'carl', 'admin', 'Dora_M', 'erin', 'frank', 'gina', 'twin', 'bill'].map((uid) => person(uid)).join('')}
dn: cn=other twin,ou=people,dc=corp,dc=test
objectClass: inetOrgPerson
uid: twin
cn: other twin
sn: Twin
userPassword: twin's secret

dn: cn=nopassword,ou=people,dc=corp,dc=test
objectClass: inetOrgPerson
uid: nopassword
cn: nopassword
sn: Nobody

dn: cn=far away,ou=people,dc=corp,dc=test
objectClass: referral
objectClass: extensibleObject
cn: far away
ref: ldap://127.0.0.1:${referral}/dc=far,dc=test

dn: cn=devs,ou=groups,dc=corp,dc=test
objectClass: groupOfNames
cn: devs
member: uid=jane,ou=people,dc=corp,dc=test
member: uid=bob,ou=people,dc=corp,dc=test

dn: cn=system:masters,ou=groups,dc=corp,dc=test
objectClass: groupOfNames
cn: system:masters
member: uid=jane,ou=people,dc=corp,dc=test

dn: cn=posix,ou=groups,dc=corp,dc=test
objectClass: posixGroup
cn: posix
gidNumber: 1000
memberUid: jane
`;

const AD = `
dn: dc=ad,dc=test
objectClass: dcObject
objectClass: organization
o: ad
dc: ad

dn: ou=staff,dc=ad,dc=test
objectClass: organizationalUnit
ou: staff

dn: cn=Smith\\, John,ou=staff,dc=ad,dc=test
objectClass: user
cn: Smith, John
sn: Smith
sAMAccountName: JSmith
userPrincipalName: john.smith@ad.test
displayName: John Smith
mail: john.smith@ad.test
memberOf: cn=Ops\\, Berlin,ou=teams,dc=ad,dc=test
memberOf: cn=Elsewhere,ou=lists,dc=ad,dc=test
userPassword: smith's secret

dn: cn=Printer,ou=staff,dc=ad,dc=test
objectClass: device
objectClass: extensibleObject
cn: Printer
sAMAccountName: printer
userPassword: printer's secret
`;

const dir = mkdtempSync(join(tmpdir(), 'ks-ldap-'));
const referred = [];
const closers = [];
let server;
let slapd;
let admin;

/** Starts a server that accepts connections and sends nothing. */
const silent = (connections) =>
  new Promise((resolve) => {
    const sockets = new Set();

    const listener = createServer((socket) => {
      connections.push(socket.remotePort);
      sockets.add(socket.on('error', () => {}));
    }).listen(0, '127.0.0.1', () => {
      closers.push(() => {
        for (const socket of sockets) {
          socket.destroy();
        }
        listener.close();
      });

      resolve(portOf(listener));
    });
  });

let call;
const login = (username, password) =>
  call('/oauth/token', { form: { grant_type: 'password', username, password } });
const logInAt = (provider, username, password) =>
  call(`/oauth/login/${provider}`, { body: { username, password } });
const readUser = async (name) => (await call(`${USERS}/${name}`, { token: admin })).json;
const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

const createUser = async (name, metadata = {}, password = undefined) => {
  const spec = { email: `${name}@local.test`, ...(password && { password }) };

  const { status, text } = await call(USERS, {
    token: admin,
    body: { metadata: { name, ...metadata }, spec },
  });

  assert.equal(status, 200, text);
};

const linkTo = (provider, uid) => ({
  labels: {
    'iam.kubesphere.io/identify-provider': provider,
    ...(uid && { 'iam.kubesphere.io/origin-uid': uid }),
  },
});

before(async () => {
  const own = certificates(dir, 'own');
  const foreign = certificates(dir, 'foreign');
  const referralPort = await silent(referred);
  slapd = await startSlapd(dir, own, {
    'dc=corp,dc=test': corp(referralPort),
    'dc=ad,dc=test': AD,
  });

  const hungPort = await silent([]);
  const [closedPort] = await freePorts(1);

  const base = {
    managerDN: 'cn=admin,dc=corp,dc=test',
    managerPassword: "manager's secret",
    userSearchBase: 'ou=people,dc=corp,dc=test',
    loginAttribute: 'uid',
    mailAttribute: 'mail',
    displayNameAttribute: 'displayName',
    readTimeout: 500,
  };

  const provider = (name, settings, mappingMethod = 'auto') => ({
    name,
    type: 'LDAPIdentityProvider',
    mappingMethod,
    provider: { ...base, ...settings },
  });

  const ad = {
    host: `127.0.0.1:${slapd.port}`,
    startTLS: true,
    rootCA: own.ca,
    managerDN: 'cn=admin,dc=ad,dc=test',
    userSearchBase: 'dc=ad,dc=test',
    userSearchFilter: '(objectClass=user)',
    userMemberAttribute: 'memberOf',
    groupSearchBase: 'OU=Teams, DC=ad,DC=test',
  };

  const ldaps = `ldaps://127.0.0.1:${slapd.tlsPort}`;

  const config = {
    authentication: {
      multipleLogin: true,
      oauthOptions: {
        identityProviders: [
          provider('down', { host: `127.0.0.1:${closedPort}` }, 'lookup'),
          provider('nowhere', { host: 'ldap.invalid' }, 'lookup'),
          provider('hung', { host: `127.0.0.1:${hungPort}` }, 'lookup'),
          provider('wrongca', { host: ldaps, rootCA: foreign.ca }),
          provider('wrongcastart', {
            host: `127.0.0.1:${slapd.port}`,
            startTLS: true,
            rootCA: foreign.ca,
          }),
          provider('wrongname', { host: `ldaps://ip6-localhost:${slapd.tlsPort}`, rootCA: own.ca }),
          provider('wrongmanager', { host: `127.0.0.1:${slapd.port}`, managerPassword: 'wrong' }),
          provider('corp', {
            host: `127.0.0.1:${slapd.port}`,
            groupSearchBase: 'ou=groups,dc=corp,dc=test',
            groupSearchFilter: '(objectClass=groupOfNames)',
            groupMemberAttribute: 'member',
          }),
          provider('ad', { ...ad, loginAttribute: 'sAMAccountName' }),
          provider('upn', { ...ad, loginAttribute: 'userPrincipalName' }),
          provider(
            'secure',
            {
              host: ldaps,
              rootCAData: readFileSync(own.ca).toString('base64'),
              groupSearchBase: 'ou=groups,dc=corp,dc=test',
              groupMemberAttribute: 'memberUid',
            },
            'lookup',
          ),
          provider('mixed', { host: ldaps, insecureSkipVerify: true }, 'mixed'),
          provider('mixeddown', { host: `127.0.0.1:${closedPort}` }, 'mixed'),
        ],
      },
    },
  };

  const file = join(dir, 'kubesphere.yaml');
  writeFileSync(file, JSON.stringify(config));

  server = await startServer({
    dir: join(dir, 'data'),
    adminPassword: ADMIN,
    args: ['--config', file],
  });

  call = api(server.url);
  admin = await tokenOf(server.url, 'admin', ADMIN);
});

after(async () => {
  await server?.stop();
  await slapd?.stop();

  for (const close of closers) {
    close();
  }

  rmSync(dir, { recursive: true, force: true });
});

test('a first log-in creates the linked user even when other providers are down, hang or answer wrongly', async () => {
  const started = Date.now();
  const { status, json, text } = await login('jane', "jane's secret");

  assert.equal(status, 200, text);
  assert.ok(Date.now() - started < 5000);

  const user = await readUser('jane');
  assert.deepEqual(user.metadata.labels, {
    'iam.kubesphere.io/identify-provider': 'corp',
    'iam.kubesphere.io/origin-uid': 'jane',
  });

  assert.deepEqual([user.spec.email, user.spec.displayName], ['jane@corp.test', 'jane of corp']);
  assert.equal(user.status.state, 'Active');
  assert.deepEqual(claims(json.access_token).groups, ['corp:devs', 'corp:system:masters']);

  await eventually(async () => {
    const { items } = (await call(`${USERS}/jane/loginrecords`, { token: admin })).json;
    assert.deepEqual(
      [items[0].spec.provider, items[0].spec.type, items[0].spec.success],
      ['corp', 'Token', true],
    );
  });
});

test('groups of the directory are subjects of bindings, and cannot be groups of Kubernetes', async () => {
  const token = (await login('jane', "jane's secret")).json.access_token;
  const secrets = '/api/v1/namespaces/default/configmaps';

  assert.equal((await call(secrets, { token })).status, 403);

  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'devs' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'corp:devs' }],
  };

  const path = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';
  assert.equal((await call(path, { token: admin, body: binding })).status, 201);
  await eventually(async () => assert.equal((await call(secrets, { token })).status, 200));
  assert.equal((await call('/api/v1/nodes', { token })).status, 403);

  // The same with Basic, which has no session.
  const basic = Buffer.from("jane:jane's secret").toString('base64');
  assert.equal((await call(secrets, { headers: { authorization: `Basic ${basic}` } })).status, 200);

  const { json } = await call('/oauth/token', {
    form: {
      grant_type: 'refresh_token',
      refresh_token: (await login('jane', "jane's secret")).json.refresh_token,
    },
  });

  assert.deepEqual(claims(json.access_token).groups, ['corp:devs', 'corp:system:masters']);
});

test("wrong, empty and other users' passwords are refused alike", async () => {
  for (const [name, password] of [
    ['erin', 'wrong'],
    ['erin', ''],
    ['nopassword', ''],
    ['nopassword', 'x'],
    ['nosuch', 'x'],
    ['twin', "twin's secret"],
    ['', "erin's secret"],
    ['printer', "printer's secret"],
  ]) {
    const { status, text } = await logInAt('corp', name, password);
    assert.deepEqual(
      [status, text],
      [401, 'Unauthorized: incorrect password'],
      `${name} ${password}`,
    );

    assert.equal((await login(name, password)).status === 200, false);
  }

  const { status } = await logInAt('ad', 'printer', "printer's secret");
  assert.equal(status, 401);
});

test('a name cannot inject a filter or a DN', async () => {
  const names = [
    '*',
    'eri*',
    'erin)(uid=*',
    '*)(uid=erin',
    'erin)(objectClass=*))(|(uid=*',
    '(uid=erin)',
    'e\\72in',
    '\\2a',
  ];

  names.push(
    'erin\u0000',
    '\u0000',
    'erin\n',
    'uid=erin,ou=people,dc=corp,dc=test',
    '..',
    'x'.repeat(10_000),
    '\ud800',
  );

  for (const name of names) {
    assert.equal((await logInAt('corp', name, "erin's secret")).status, 401, name);
    assert.equal((await logInAt('corp', name, '')).status, 401, name);
  }

  assert.equal((await logInAt('corp', 'x'.repeat(100_000), '')).status, 413);

  const { json } = await call(`${USERS}?limit=-1`, { token: admin });
  assert.deepEqual(json.items.map(({ metadata }) => metadata.name).toSorted(), ['admin', 'jane']);
});

test('Active Directory by StartTLS: account name without case, groups of the entry below the search base', async () => {
  const { status, json, text } = await logInAt('ad', 'jsmith', "smith's secret");
  assert.equal(status, 200, text);
  assert.deepEqual(claims(json.access_token).groups, ['ad:Ops, Berlin']);

  const { metadata, spec } = await readUser('jsmith');
  assert.deepEqual(metadata.labels, linkTo('ad', 'jsmith').labels);
  assert.equal(spec.email, 'john.smith@ad.test');
  assert.equal((await login('JSMITH', "smith's secret")).status, 200);
  assert.equal((await login('jsmith', "smith's secret")).status, 200);

  assert.equal(
    (await login('john.smith@ad.test', "smith's secret")).status,
    200,
    'by their e-mail address',
  );
});

test('Active Directory by user principal name: another provider makes the account another user', async () => {
  const { status, text } = await logInAt('upn', 'John.Smith@ad.test', "smith's secret");
  assert.equal(status, 200, text);

  const { metadata, spec } = await readUser('john.smith-ad.test');
  const { 'iam.kubesphere.io/origin-uid': uid } = metadata.labels;

  assert.match(uid, /^sha256-[0-9a-f]{56}$/);
  assert.equal(metadata.annotations['iam.kubesphere.io/origin-uid'], 'john.smith@ad.test');
  assert.equal(spec.email, '', 'the address is taken by jsmith');
  assert.equal((await login('john.smith-ad.test', "smith's secret")).status, 200);
});

test('ldaps with lookup: only linked users, by the label of 3.0 or of 3.1', async () => {
  const refused = await logInAt('secure', 'bob', "bob's secret");
  assert.deepEqual(
    [refused.status, refused.text],
    [401, 'Unauthorized: identity mapping not match'],
  );

  await createUser('bob', linkTo('secure'));
  await createUser('robert', linkTo('secure', 'bill'));
  await eventually(async () =>
    assert.equal((await logInAt('secure', 'bob', "bob's secret")).status, 200),
  );

  assert.equal(
    (await readUser('bob')).metadata.labels['iam.kubesphere.io/origin-uid'],
    'bob',
    'the link is kept for good',
  );

  assert.equal((await login('bob', "bob's secret")).status, 200);

  const { json } = await login('robert', "bill's secret");
  assert.equal(claims(json.access_token).username, 'robert');
  assert.equal((await login('robert', "bob's secret")).status, 401);
});

test('without a verified certificate no password leaves the server', async () => {
  for (const provider of ['wrongca', 'wrongcastart', 'wrongname']) {
    const { status, text } = await logInAt(provider, 'erin', "erin's secret");
    assert.equal(status, 503, provider);
    assert.match(text, new RegExp(`^Internal error occurred: identity provider ${provider} `));
  }

  const { status, text } = await logInAt('wrongmanager', 'erin', "erin's secret");
  assert.deepEqual([status, text.includes('127.0.0.1')], [503, false]);
});

test('providers that are down or hang answer 503 soon, and for a while at once', async () => {
  for (const provider of ['down', 'nowhere', 'hung']) {
    await new Promise((resolve) => setTimeout(resolve, 3100));

    const started = Date.now();

    assert.equal((await logInAt(provider, 'erin', "erin's secret")).status, 503, provider);
    assert.ok(Date.now() - started < 5000, provider);

    const again = Date.now();

    assert.match(
      (await logInAt(provider, 'erin', "erin's secret")).text,
      /a moment ago, try again/,
    );
    assert.ok(Date.now() - again < 1000, provider);
  }
});

test('admin is local, whatever a directory has under that name', async () => {
  assert.equal((await login('admin', "admin's secret")).status, 401);
  assert.equal((await login('ADMIN', "admin's secret")).status, 401);

  for (const provider of ['corp', 'secure', 'mixed']) {
    assert.equal((await logInAt(provider, 'admin', "admin's secret")).status, 401, provider);
  }

  assert.equal((await login('admin', ADMIN)).status, 200);
});

test('a local user keeps their password, and an account of the same name does not replace them', async () => {
  await createUser('carl', {}, 'Passw0rd!');
  await eventually(async () => assert.equal((await login('carl', 'Passw0rd!')).status, 200));

  const { status, text } = await logInAt('corp', 'carl', "carl's secret");
  assert.deepEqual(
    [status, text],
    [401, 'Unauthorized: user carl is already bound to other identify provider'],
  );

  assert.equal(
    (await readUser('carl')).metadata.labels?.['iam.kubesphere.io/identify-provider'],
    undefined,
  );

  // `mixed` uses the name as the user, as in 3.0.
  assert.equal((await logInAt('mixed', 'carl', "carl's secret")).status, 200);
  assert.equal((await logInAt('mixed', 'gina', "gina's secret")).status, 401, 'and makes nobody');
});

test('an account name that no user can have is converted to a valid one', async () => {
  const { status, json } = await login('dora_m', "Dora_M's secret");
  assert.equal(status, 200);
  assert.equal(claims(json.access_token).username, 'dora-m');
  assert.equal((await login('dora-m', "Dora_M's secret")).status, 200);
});

test('two concurrent first log-ins create one user', async () => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => logInAt('corp', 'gina', "gina's secret")),
  );

  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 200, 200],
  );
});

test('five wrong passwords lock the user, however the name is written and through every API', async () => {
  assert.equal((await login('frank', "frank's secret")).status, 200);

  for (const name of ['frank', 'FRANK', ' Frank', 'frank@corp.test']) {
    assert.equal((await login(name, 'wrong')).status, 401, name);
  }

  assert.equal((await logInAt('corp', 'fRank', 'wrong')).status, 401);
  assert.equal((await login('frank', "frank's secret")).status, 429);
  assert.equal((await login('FRANK', "frank's secret")).status, 429);
  assert.equal((await logInAt('corp', 'Frank', "frank's secret")).status, 429);
  assert.equal((await readUser('frank')).status.state, 'AuthLimitExceeded');

  const { items } = (await call(`${USERS}/frank/loginrecords`, { token: admin })).json;
  const failed = items.filter(({ spec }) => !spec.success);

  assert.deepEqual(new Set(failed.map(({ spec }) => spec.provider)), new Set(['corp']));
});

test('failures are counted while a provider is down, for known and unknown names', async () => {
  for (let i = 0; i < 5; i++) {
    assert.equal((await login('stranger', `guess ${i}`)).status, 503);
  }

  assert.equal((await login('stranger', 'guess')).status, 429);
  await createUser('local', {}, 'Passw0rd!');

  for (let i = 0; i < 5; i++) {
    assert.equal((await login('local', `guess ${i}`)).status, 503);
  }

  assert.equal((await login('local', 'Passw0rd!')).status, 429);
  assert.equal((await readUser('local')).status.state, 'AuthLimitExceeded');
});

test('a disabled user is refused', async () => {
  assert.equal((await login('erin', "erin's secret")).status, 200);

  const path = '/apis/iam.kubesphere.io/v1alpha2/users/erin';

  const disabled = await call(path, {
    token: admin,
    method: 'PATCH',
    body: { status: { state: 'Disabled' } },
  });

  assert.equal(disabled.status, 200);

  await eventually(async () => {
    const { status, text } = await login('erin', "erin's secret");
    assert.deepEqual([status, text], [403, 'Forbidden: account is not active']);
  });

  assert.equal((await login('erin', 'wrong')).status, 401);
});

test('confirming the password works with the directory’s password, and needs the second factor', async () => {
  const { access_token: token } = (await login('bill', "bill's secret")).json;
  const name = claims(token).username;
  const enroll = (currentPassword) =>
    call(`${USERS}/${name}/totp`, { token, method: 'POST', body: { currentPassword } });

  assert.equal((await enroll('wrong')).status, 400);

  const { status, json } = await enroll("bill's secret");
  assert.equal(status, 200);

  const { URI } = await import('otpauth');
  const totp = URI.parse(json.uri);
  const confirm = { token, method: 'PUT', body: { code: totp.generate() } };

  assert.equal((await call(`${USERS}/${name}/totp`, confirm)).status, 200);

  const without = await logInAt('corp', 'bill', "bill's secret");
  assert.deepEqual(
    [without.status, without.text],
    [401, 'Unauthorized: one-time password required: send it as otp'],
  );

  assert.equal((await login('bill', "bill's secret")).status, 401);

  // The code of the next half minute, because each is accepted once.
  const otp = totp.generate({ timestamp: Date.now() + 30_000 });
  const body = { username: 'bill', password: "bill's secret", otp };

  assert.equal((await call('/oauth/login/corp', { body })).status, 200);
});

test('forms are accepted as well, other providers and bodies are not', async () => {
  const form = { username: 'jane', password: "jane's secret" };
  assert.equal((await call('/oauth/login/corp', { form })).status, 200);

  assert.equal(
    (await logInAt('nosuch', 'jane', 'x')).text,
    'Unauthorized: the identity provider was not found',
  );

  for (const body of [[], 'x', { username: {}, password: 'x' }, { username: 'jane' }, null]) {
    assert.equal((await call('/oauth/login/corp', { body })).status, 400, JSON.stringify(body));
  }
});

test('no referral is followed, and no secret is in the log', () => {
  assert.deepEqual(referred, []);
  assert.doesNotMatch(server.output(), /secret/);
});
