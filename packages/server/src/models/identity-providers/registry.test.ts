import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../config/config.ts';
import { firstValue } from './ldap/groups.ts';
import { ProviderError, SettingsError } from './provider.ts';
import { openProviders } from './registry.ts';

const LDAP =
  '{host: "h:389", managerDN: cn=m, managerPassword: p, userSearchBase: dc=x, loginAttribute: uid';
const OIDC =
  '{issuer: https://i.example, clientID: c, redirectURL: https://ks.example/oauth/callback/a';

function openRegistry(entries: string) {
  const { config, unknown } = parseConfig(
    `authentication: {oauthOptions: {identityProviders: [${entries}]}}`,
  );
  assert.deepEqual(unknown, []);
  return openProviders(config.authentication.oauthOptions.identityProviders);
}

const entry = (type: string, provider: string, name = 'a') =>
  `{name: ${name}, type: ${type}, provider: ${provider}}}`;
const ldap = (more: string) => entry('LDAPIdentityProvider', `${LDAP}, ${more}`);

test('several providers of all types, keys in any case', async () => {
  const providers = await openRegistry(
    [
      entry('LDAPIdentityProvider', LDAP.replace('managerDN', 'ManagerDn'), 'ldap'),
      entry('OIDCIdentityProvider', OIDC.replace('clientID', 'CLIENTID'), 'oidc'),
      entry('GitHubIdentityProvider', '{clientid: x, redirecturl: https://ks.example/', 'github'),
      entry(
        'CASIdentityProvider',
        '{casServerUrl: https://cas.example/cas, redirectURL: https://ks.example/',
        'cas',
      ),
      entry(
        'AliyunIDaaSProvider',
        '{clientID: x, redirectURL: https://ks.example/, endpoint: {authURL: https://i.example/a, TokenURL: https://i.example/t, userInfoURL: https://i.example/u}',
        'idaas',
      ),
    ].join(', '),
  );

  assert.deepEqual(
    providers.redirects.map(({ name }) => name),
    ['oidc', 'github', 'cas', 'idaas'],
  );

  assert.deepEqual(
    providers.passwords.map(({ name }) => name),
    ['ldap'],
  );
});

const refusedByOpening: [string, string, RegExp][] = [
  ['[0].name', entry('LDAPIdentityProvider', LDAP, '"a/b"'), /letters, digits/],
  ['[0].name', entry('LDAPIdentityProvider', LDAP, 'system'), /letters, digits/],
  [
    '[1].name',
    `${entry('LDAPIdentityProvider', LDAP)}, ${entry('LDAPIdentityProvider', LDAP)}`,
    /two providers/,
  ],
  [
    '[0].provider.host',
    entry('LDAPIdentityProvider', LDAP.replace('h:389', 'http://h')),
    /no address/,
  ],
  [
    '[0].provider.host',
    entry('LDAPIdentityProvider', LDAP.replace('h:389', 'h:99999')),
    /no address/,
  ],
  [
    '[0].provider.host',
    entry('LDAPIdentityProvider', LDAP.replace('h:389', 'ldap://u:p@h/dc=x?uid')),
    /no address/,
  ],
  [
    '[0].provider.managerPassword',
    entry('LDAPIdentityProvider', LDAP.replace('p,', '"",')),
    /anonymous/,
  ],
  [
    '[0].provider.loginAttribute',
    entry('LDAPIdentityProvider', LDAP.replace('uid', '"uid=*)("')),
    /no name of an attribute/,
  ],
  ['[0].provider.userSearchFilter', ldap('userSearchFilter: "(objectClass=person"'), /no filter/],
  ['[0].provider.groupSearchFilter', ldap('groupSearchFilter: "(&)(x"'), /no filter/],
  ['[0].provider.rootCA', ldap('rootCA: /nosuch/ca.pem'), /cannot be read/],
  ['[0].provider.rootCAData', ldap('rootCAData: Zm9v'), /no certificate/],
  [
    '[0].provider.rootCAData',
    ldap('rootCAData: "-----BEGIN CERTIFICATE-----Zm9v-----END CERTIFICATE-----"'),
    /cannot be read/,
  ],
  [
    '[0].provider.issuer',
    entry('OIDCIdentityProvider', OIDC.replace('https://i.example', 'i.example')),
    /no URL/,
  ],
  [
    '[0].provider.redirectURL',
    entry('OIDCIdentityProvider', OIDC.replace('back/a', 'back/a?x=1')),
    /without a query/,
  ],
  [
    '[0].provider.redirectURL',
    entry('GitHubIdentityProvider', '{clientID: x, redirectURL: "javascript:x"'),
    /no URL/,
  ],
  [
    '[0].provider.casServerURL',
    entry('CASIdentityProvider', '{casServerURL: "//x", redirectURL: https://k/'),
    /no URL/,
  ],
  [
    '[0].provider.endpoint.authURL',
    entry('AliyunIDaaSProvider', '{clientID: x, redirectURL: https://k/'),
    /no URL/,
  ],
];

for (const [field, text, message] of refusedByOpening) {
  test(`refused, naming ${field}: ${text.slice(0, 160)}`, () =>
    assert.rejects(
      openRegistry(text),
      (error: SettingsError) =>
        error instanceof SettingsError && error.field === field && message.test(error.message),
    ));
}

const PATH = 'authentication\\.oauthOptions\\.identityProviders\\[0\\]';

const refusedByReading: [string, string][] = [
  [
    entry('NoSuchProvider', '{'),
    `${PATH}\\.type: "NoSuchProvider" is not valid, allowed is one of LDAPIdentityProvider, `,
  ],
  [entry('LDAPIdentityProvider', '{host: h'), `${PATH}\\.provider\\.userSearchBase: is missing`],
  [entry('OIDCIdentityProvider', '{clientID: c'), `${PATH}\\.provider\\.redirectURL: is missing`],
  [
    ldap('startTLS: perhaps'),
    `${PATH}\\.provider\\.startTLS: "perhaps" is not valid, allowed is true or false`,
  ],
  [ldap('readTimeout: 1'), `${PATH}\\.provider\\.readTimeout: 1 is not valid`],
  [
    `{name: a, type: LDAPIdentityProvider, provider: [1]}`,
    `${PATH}\\.provider: \\[1\\] is not valid`,
  ],
  [
    `{name: a, type: LDAPIdentityProvider, mappingMethod: guess, provider: ${LDAP}}}`,
    `${PATH}\\.mappingMethod: "guess"`,
  ],
];

for (const [text, message] of refusedByReading) {
  test(`refused: ${text.slice(0, 160)}`, () =>
    assert.rejects(async () => openRegistry(text), new RegExp(`^ConfigError: ${message}`)));
}

test('unknown keys of a provider are named, like others', () => {
  const { unknown } = parseConfig(
    `authentication: {oauthOptions: {identityProviders: [${ldap('userSerchFilter: x')}]}}`,
  );
  assert.deepEqual(unknown, [
    'authentication.oauthOptions.identityProviders[0].provider.userSerchFilter',
  ]);
});

test('a provider that is down is not called for a moment, and its address is not revealed', async () => {
  const providers = await openRegistry(
    entry('LDAPIdentityProvider', LDAP.replace('h:389', '127.0.0.1:1')),
  );
  const [{ provider } = assert.fail()] = providers.passwords;
  const authenticate = () => provider.authenticate('u', 'p', () => {});
  const isFailure = (text: RegExp) => (error: ProviderError) =>
    error instanceof ProviderError && error.outcome === 'failed' && text.test(error.message);
  await assert.rejects(
    authenticate(),
    isFailure(/^identity provider a gives no usable answer, try again later$/),
  );

  await assert.rejects(
    authenticate(),
    isFailure(/^identity provider a did not answer a moment ago, try again$/),
  );
});

test('the first part of a distinguished name is unescaped', () => {
  const cases: [string, string | undefined][] = [
    ['cn=devs,ou=groups,dc=x', 'devs'],
    ['CN = devs , OU=x', 'devs'],
    ['cn=Team\\, A\\+B,ou=x', 'Team, A+B'],
    ['cn=J\\C3\\BCrgen \\"J\\",ou=x', 'Jürgen "J"'],
    ['cn=a+sn=b,ou=x', 'a'],
    ['2.5.4.3=x,ou=y', undefined],
    ['nothing', undefined],
    ['cn=,ou=x', undefined],
  ];

  for (const [dn, name] of cases) {
    assert.equal(firstValue(dn), name, dn);
  }
});
