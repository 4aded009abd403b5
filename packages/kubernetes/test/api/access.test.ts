import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

const impersonate = (user: string, ...groups: string[]) => ({
  'impersonate-user': user,
  ...(groups.length > 0 && { 'impersonate-group': groups.join(',') }),
});

describe('access', () => {
  let server: TestServer;
  before(async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const serviceAccountKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

    server = await startTestServer({ serviceAccountKey });

    const subjects = [{ kind: 'User', name: 'bob', apiGroup: 'rbac.authorization.k8s.io' }];
    const roleRef = { kind: 'ClusterRole', name: 'edit', apiGroup: 'rbac.authorization.k8s.io' };

    const body = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'bob' },
      subjects,
      roleRef,
    };

    const bound = await server.call('POST', `${rbac}/namespaces/default/rolebindings`, { body });
    assert.equal(bound.status, 201, bound.text);
  });

  after(() => server.close());

  test("roles decide, in Kubernetes' wording", async () => {
    const cases: [string, string, Record<string, string>, number, string | undefined][] = [
      ['GET', '/api/v1/namespaces/default/pods', impersonate('bob'), 200, undefined],
      ['GET', '/api/v1/namespaces/default', impersonate('bob'), 200, undefined],
      [
        'GET',
        '/api/v1/pods',
        impersonate('bob'),
        403,
        'pods is forbidden: User "bob" cannot list resource "pods" in API group "" at the cluster scope',
      ],
      [
        'GET',
        '/apis/apps/v1/namespaces/kube-system/deployments/x/scale',
        impersonate('bob'),
        403,
        'deployments.apps "x" is forbidden: User "bob" cannot get resource "deployments/scale" in API group "apps" in the namespace "kube-system"',
      ],
      [
        'GET',
        '/metrics',
        impersonate('bob'),
        403,
        'forbidden: User "bob" cannot get path "/metrics"',
      ],
      ['GET', '/version', impersonate('system:anonymous'), 200, undefined],
    ];

    for (const [method, path, headers, status, message] of cases) {
      const answer = await server.call(method, path, { headers });
      assert.equal(answer.status, status, `${path}: ${answer.text}`);

      if (message) {
        assert.equal(answer.body.message, message);
      }
    }

    const anonymous = await server.call('GET', '/api/v1/namespaces', { anonymous: true });
    assert.equal(anonymous.status, 403);

    const wrong = await server.call('GET', '/api', {
      anonymous: true,
      headers: { authorization: 'Bearer x' },
    });

    assert.equal(wrong.status, 401);

    const twice = await server.call('GET', '/api/v1/pods', {
      headers: { 'impersonate-group': 'system:masters' },
    });
    assert.equal(twice.status, 400);
  });

  test('no user may grant or bind more than they hold', async () => {
    const admin = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'more' },
    };

    const roleRef = {
      kind: 'ClusterRole',
      name: 'cluster-admin',
      apiGroup: 'rbac.authorization.k8s.io',
    };

    await server.call('POST', `${rbac}/namespaces/default/rolebindings`, {
      body: {
        ...admin,
        metadata: { name: 'ann' },
        roleRef: { ...roleRef, name: 'admin' },
        subjects: [{ kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' }],
      },
    });

    const binding = await server.call('POST', `${rbac}/namespaces/default/rolebindings`, {
      headers: impersonate('ann'),
      body: { ...admin, roleRef, subjects: [] },
    });

    assert.equal(binding.status, 403, binding.text);

    assert.match(
      binding.body.message,
      /^rolebindings\.rbac\.authorization\.k8s\.io "more" is forbidden: user "ann" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{/,
    );

    const unknown = await server.call('POST', `${rbac}/namespaces/default/rolebindings`, {
      headers: impersonate('ann'),
      body: { ...admin, roleRef: { ...roleRef, name: 'not-there-yet' }, subjects: [] },
    });

    assert.equal(unknown.status, 404, unknown.text);

    const role = (resources: string[]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: resources.join('-') },
      rules: [{ apiGroups: [''], resources, verbs: ['get'] }],
    });

    const roles = `${rbac}/namespaces/default/roles`;
    assert.equal(
      (await server.call('POST', roles, { headers: impersonate('ann'), body: role(['pods']) }))
        .status,
      201,
    );

    assert.equal(
      (await server.call('POST', roles, { headers: impersonate('ann'), body: role(['nodes']) }))
        .status,
      403,
    );
  });

  test('reviews agree with authorization', async () => {
    const group = '/apis/authorization.k8s.io/v1';
    const spec = { resourceAttributes: { verb: 'create', resource: 'pods', namespace: 'default' } };

    const self = await server.call('POST', `${group}/selfsubjectaccessreviews`, {
      headers: impersonate('bob'),
      body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec },
    });

    assert.deepEqual([self.status, self.body.status.allowed], [201, true]);

    assert.match(
      self.body.status.reason,
      /^RBAC: allowed by \w+ "[^"]+" of ClusterRole "\w+" to User "bob"$/,
    );

    const none = await server.call('POST', `${group}/selfsubjectaccessreviews`, {
      body: { spec: {} },
    });

    assert.deepEqual(
      [none.status, none.body.details.causes[0].field],
      [422, 'spec.resourceAttributes'],
    );

    const other = await server.call('POST', `${group}/subjectaccessreviews`, {
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { ...spec, user: 'eve' },
      },
    });

    assert.equal(other.body.status.allowed, false);

    const rules = await server.call('POST', `${group}/selfsubjectrulesreviews`, {
      headers: impersonate('bob'),
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectRulesReview',
        spec: { namespace: 'default' },
      },
    });

    assert.ok(rules.body.status.resourceRules.length > 5, rules.text);
  });

  test('ServiceAccounts get tokens that work while they exist', async () => {
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await server.call('POST', accounts, {
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
    });

    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 600 },
    };

    const answer = await server.call('POST', `${accounts}/robot/token`, { body: request });
    assert.equal(answer.status, 201, answer.text);

    const headers = { authorization: `Bearer ${answer.body.status.token}` };

    const who = await server.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
      anonymous: true,
      headers,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    });

    assert.equal(
      who.body.status.userInfo.username,
      'system:serviceaccount:default:robot',
      who.text,
    );

    await server.call('DELETE', `${accounts}/robot`);
    assert.equal((await server.call('GET', '/api', { anonymous: true, headers })).status, 401);
  });
});
