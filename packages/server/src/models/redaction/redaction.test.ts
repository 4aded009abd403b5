import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import fc from 'fast-check';
import {
  secretFieldsOf,
  secretsOf,
  withoutSecrets,
  withoutSecretTexts,
  withSecretsOf,
} from './redaction.ts';

const clusters = secretFieldsOf({ group: 'cluster.kubesphere.io', resource: 'clusters' })!;
const users = secretFieldsOf({ group: 'iam.kubesphere.io', resource: 'users' })!;
const MARK = 'marked-secret';

function cluster(kubeconfig: unknown, token: unknown): KubeObject {
  const annotations = {
    a: 'b',
    'kubectl.kubernetes.io/last-applied-configuration': `{"token":"${MARK}"}`,
  };

  const spec = { provider: 'x', connection: { type: 'direct', kubeconfig, token } };

  return {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'far', annotations },
    spec,
  };
}

test('an object, a list, a Table and an event lose their secrets, and nothing else', () => {
  const object = cluster(MARK, MARK);

  const shown = {
    ...object,
    metadata: { name: 'far', annotations: { a: 'b' } },
    spec: { provider: 'x', connection: { type: 'direct' } },
  };

  assert.deepEqual(withoutSecrets(object, clusters), shown);
  assert.deepEqual(withoutSecrets({ kind: 'ClusterList', items: [object] }, clusters).items, [
    shown,
  ]);

  assert.deepEqual(
    withoutSecrets({ kind: 'Table', rows: [{ cells: [1], object }] }, clusters).rows,
    [{ cells: [1], object: shown }],
  );

  assert.deepEqual(withoutSecrets({ type: 'ADDED', object }, clusters), {
    type: 'ADDED',
    object: shown,
  });

  assert.equal(object.spec.connection.token, MARK, 'what is given stays as it is');
});

test('writing a redacted object back changes no secret', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (kubeconfig, token) => {
      const stored = cluster(kubeconfig, token);
      const back = withSecretsOf(stored, withoutSecrets(stored, clusters), clusters);
      assert.deepEqual(back.spec, stored.spec);
    }),
  );
});

test('an error about refused text contains no secret, neither plain nor escaped', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 4 }),
      fc.string(),
      fc.string(),
      (password, before, after) => {
        const user = { metadata: { name: 'jo' }, spec: { password } };
        const message = `Invalid value: ${JSON.stringify(before + password + after)}: ${password}`;
        const told = withoutSecretTexts(message, secretsOf(user, users));
        assert.ok(
          !told.replaceAll('[hidden]', '').includes(password) || '[hidden]'.includes(password),
          told,
        );
      },
    ),
  );
});

test('objects of unusual structure are redacted without errors', () => {
  for (const value of [
    null,
    1,
    'x',
    [],
    {},
    { spec: null },
    { spec: 'x' },
    { spec: { connection: [] } },
    { items: [null] },
  ]) {
    assert.deepEqual(withoutSecrets(value, clusters), value);
  }
});

const secrets = secretFieldsOf({ group: '', resource: 'secrets' })!;
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A Secret of a type, with a copy of itself in the annotation that kubectl writes. */
function secret(type: string, data: Record<string, string>): KubeObject {
  const applied = JSON.stringify({ type, data });

  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'robot', annotations: { [APPLIED]: applied } },
    type,
    data,
  };
}

for (const [type, key] of [
  ['basic-auth', 'password'],
  ['ssh-auth', 'privatekey'],
  ['secret-text', 'secret'],
  ['kubeconfig', 'content'],
  ['of-a-later-version', 'whatever'],
] as const) {
  test(`a credential of the type ${type} shows nothing but its user name`, () => {
    const stored = secret(`credential.devops.kubesphere.io/${type}`, {
      username: 'dQ==',
      [key]: MARK,
    });
    const shown = withoutSecrets(stored, secrets);

    assert.deepEqual(shown.data, { username: 'dQ==' });
    assert.ok(!JSON.stringify(shown).includes(MARK));
    assert.deepEqual(withSecretsOf(stored, shown, secrets).data, stored.data);
    assert.deepEqual(secretsOf(stored, secrets), [MARK]);
  });
}

test('other Secrets are shown whole, also beside a credential in a list', () => {
  const plain = secret('Opaque', { password: 'visible' });
  const hidden = secret('credential.devops.kubesphere.io/secret-text', { secret: MARK });
  const list = withoutSecrets({ kind: 'SecretList', items: [plain, hidden] }, secrets);

  assert.deepEqual(list.items[0], plain);
  assert.deepEqual(list.items[1]?.data, {});
});

test('metadata alone loses the copy of a credential, whose type it does not tell', () => {
  const { metadata } = secret('credential.devops.kubesphere.io/secret-text', { secret: MARK });
  const shown = withoutSecrets({ kind: 'PartialObjectMetadata', metadata }, secrets);

  assert.deepEqual(shown.metadata.annotations, {});
});

test('a federated user has no password, in the template or an override', () => {
  const fields = secretFieldsOf({ group: 'types.kubefed.io', resource: 'federatedusers' })!;
  const user = {
    metadata: { name: 'alice' },
    spec: {
      template: { spec: { email: 'a@b.c', password: MARK } },
      overrides: [
        { clusterName: 'east', clusterOverrides: [{ path: '/spec/password', value: MARK }] },
      ],
    },
  };
  const shown = withoutSecrets(user, fields);

  assert.deepEqual(shown.spec, { template: { spec: { email: 'a@b.c' } } });
  assert.deepEqual(withSecretsOf(user, shown, fields), user);
});

test('a federated Secret is shown unless it is a credential of Jenkins', () => {
  const fields = secretFieldsOf({ group: 'types.kubefed.io', resource: 'federatedsecrets' })!;
  const of = (type: string, clusterOverrides: object[] = []) => ({
    metadata: { name: 'x' },
    spec: {
      template: { type, data: { username: 'name', password: MARK } },
      overrides: [{ clusterName: 'east', clusterOverrides }],
    },
  });
  const credential = 'credential.devops.kubesphere.io/basic-auth';

  assert.deepEqual(withoutSecrets(of('Opaque'), fields), of('Opaque'));
  assert.deepEqual(withoutSecrets(of(credential), fields).spec, {
    template: { type: credential, data: { username: 'name' } },
  });
  const overridden = of('Opaque', [{ path: '/type', value: credential }]);
  assert.equal(withoutSecrets(overridden, fields).spec, undefined);
});
