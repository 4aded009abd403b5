import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutCredentials } from './credentials.ts';

const MARK = 'marked-credential';
const NONE = { group: '', resource: 'pods' };
const SECRETS = { group: '', resource: 'secrets' };
const USERS = { group: 'iam.kubesphere.io', resource: 'users' };

const hides = (value: unknown, kind = NONE) =>
  assert.ok(
    !JSON.stringify(withoutCredentials(value, kind)).includes(MARK),
    JSON.stringify(withoutCredentials(value, kind)),
  );

test('the data of Secrets is left out, alone, in lists and in patches', () => {
  const secret = {
    kind: 'Secret',
    metadata: { name: 'a', annotations: { x: 'y' } },
    data: { key: MARK },
    stringData: { other: MARK },
  };

  assert.deepEqual(withoutCredentials(secret, SECRETS), {
    kind: 'Secret',
    metadata: { name: 'a', annotations: { x: 'y' } },
  });

  hides({ kind: 'SecretList', items: [secret] }, SECRETS);
  hides([{ op: 'add', path: '/data/key', value: MARK }], SECRETS);
  hides([{ op: 'replace', path: '/data', value: { key: MARK } }], SECRETS);
  hides([{ op: 'replace', path: '', value: secret }], SECRETS);
});

test('passwords of users are left out, in objects, patches and calls that change them', () => {
  hides({ kind: 'User', metadata: { name: 'jo' }, spec: { password: MARK } }, USERS);
  hides({ spec: { password: MARK } }, USERS);
  hides([{ op: 'add', path: '/spec/password', value: MARK }], USERS);
  hides({ currentPassword: MARK, password: MARK }, USERS);
});

test('what is named or looks like a credential is hidden in bodies of any kind', () => {
  hides({ spec: { token: MARK, deep: [{ clientSecret: MARK }] } });
  hides({ containers: [{ env: [{ name: 'DB_PASSWORD', value: MARK }] }] });
  hides({ notes: `-----BEGIN PRIVATE KEY-----\n${MARK}` });
  hides({ config: `users:\n- user: {client-key-data: ${MARK}}` });
  hides({ text: `eyJhbGciOiJIUzI1NiJ9.${MARK}.x` });
});

test('credentials of DevOps projects, and passwords that pipelines ask for, are left out', () => {
  const credentials = { group: 'devops.kubesphere.io', resource: 'credentials' };
  hides({ type: 'x', data: { content: MARK }, stringData: { content: MARK } }, credentials);

  const pipelines = { group: 'devops.kubesphere.io', resource: 'pipelines' };
  const parameters = [{ name: 'KEY', type: 'password', default_value: MARK }];
  hides({ spec: { pipeline: { parameters, remote_trigger: { token: MARK } } } }, pipelines);
});

test('names and references stay', () => {
  const pod = {
    metadata: { name: 'a', labels: { app: 'x' } },
    spec: {
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'registry' }],
      volumes: [{ secret: { secretName: 'a' } }],
      containers: [{ name: 'c', env: [{ name: 'MODE', value: 'fast' }] }],
    },
  };

  assert.deepEqual(withoutCredentials(pod, NONE), pod);
});

test('bodies of any form are read without errors, and are not changed', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(NONE, SECRETS, USERS), (value, kind) => {
      const before = JSON.stringify(value);
      withoutCredentials(value, kind);
      assert.equal(JSON.stringify(value), before);
    }),
  );
});

test('a federated Secret is recorded without its data', () => {
  const kind = { group: 'types.kubefed.io', resource: 'federatedsecrets' };
  const body = {
    spec: {
      template: { type: 'Opaque', data: { a: 'aGlkZGVu' }, stringData: { b: 'hidden' } },
      overrides: [{ clusterName: 'east', clusterOverrides: [{ path: '/data/a', value: 'x' }] }],
      placement: { clusters: [] },
    },
  };

  assert.deepEqual(withoutCredentials(body, kind), {
    spec: { template: { type: 'Opaque' }, placement: { clusters: [] } },
  });

  const patch = [{ op: 'add', path: '/spec/template/data/a', value: 'aGlkZGVu' }];
  assert.doesNotMatch(JSON.stringify(withoutCredentials(patch, kind)), /aGlkZGVu/);
});
