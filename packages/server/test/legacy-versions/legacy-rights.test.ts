import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CERTIFICATE_REQUEST } from '../support/certificate-request.ts';
import type { Change } from '../support/doors.ts';
import { LiveStream } from '../support/live-stream.ts';
import { PATHS, TestPlatform, userSubject } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import { callWithUpgrade } from '../support/upgraded-call.ts';

const OLD_RBAC = 'rbac.authorization.k8s.io/v1beta1';
const oldRbac = `/apis/${OLD_RBAC}`;
const INGRESSES = '/apis/extensions/v1beta1/namespaces/pr-a/ingresses';
const WATCHED = '/apis/extensions/v1beta1/watch/namespaces/pr-a/ingresses';
const ALL = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

let platform: TestPlatform;

/**
 * Olga has ingresses of extensions, Nick those of networking.k8s.io, Beth both; Rita writes roles
 * and bindings of RBAC, Carl certificate signing requests; Vera views the project, Opal operates
 * it, Una has no role.
 */
const tokens: Record<string, string> = {};

const ingress = (name: string) => ({
  apiVersion: 'extensions/v1beta1',
  kind: 'Ingress',
  metadata: { name },
  spec: { backend: { serviceName: 'web', servicePort: 80 } },
});

const rule = (apiGroup: string, resource: string) => ({
  apiGroups: [apiGroup],
  resources: [resource],
  verbs: ALL,
});

before(async () => {
  platform = await TestPlatform.start();

  for (const name of ['olga', 'nick', 'beth', 'rita', 'carl', 'vera', 'opal', 'una']) {
    tokens[name] = await platform.createUser(name);
  }

  await platform.createWorkspace('ws-a');
  await platform.createProject('pr-a', 'ws-a');
  await platform.addMember('workspaces/ws-a', 'vera', 'ws-a-regular');
  await platform.addMember('namespaces/pr-a', 'vera', 'viewer');
  await platform.addMember('workspaces/ws-a', 'opal', 'ws-a-regular');
  await platform.addMember('namespaces/pr-a', 'opal', 'operator');
  await platform.grantClusterRole('olga', [rule('extensions', 'ingresses')], 'olga');
  await platform.grantClusterRole('nick', [rule('networking.k8s.io', 'ingresses')], 'nick');
  await platform.grantClusterRole('beth-old', [rule('extensions', 'ingresses')], 'beth');
  await platform.grantClusterRole('beth-new', [rule('networking.k8s.io', 'ingresses')], 'beth');

  const rbac = ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'];
  await platform.grantClusterRole(
    'rita',
    rbac.map((resource) => rule('rbac.authorization.k8s.io', resource)),
    'rita',
  );

  await platform.grantClusterRole(
    'carl',
    ['certificatesigningrequests', 'certificatesigningrequests/approval'].map((resource) =>
      rule('certificates.k8s.io', resource),
    ),
    'carl',
  );

  await platform.write(INGRESSES, ingress('there'));

  await platform.waitUntilAllowed(
    tokens.beth!,
    'verb=list&apiGroup=networking.k8s.io&resource=ingresses&namespace=pr-a',
  );

  await platform.waitUntilAllowed(
    tokens.carl!,
    'verb=create&apiGroup=certificates.k8s.io&resource=certificatesigningrequests',
  );
});

after(() => platform?.stop());

const calls: [method: string, path: string, body?: unknown][] = [
  ['GET', `${INGRESSES}/there`],
  ['GET', INGRESSES],
  ['GET', '/apis/extensions/v1beta1/ingresses'],
  ['POST', INGRESSES, ingress('made')],
  ['PUT', `${INGRESSES}/there`, ingress('there')],
  ['PATCH', `${INGRESSES}/there`, { metadata: { labels: { a: 'b' } } }],
  ['DELETE', `${INGRESSES}/nosuch`],
  ['DELETE', `${INGRESSES}?labelSelector=nosuch`],
];

test('a right to one group only is refused for every verb, also for watches', async () => {
  for (const name of ['olga', 'nick', 'una']) {
    await platform.assertWithstands(async () => {
      for (const [method, path, body] of calls) {
        await platform.expectRefused(tokens[name]!, method, path, body);
      }

      for (const path of [`${INGRESSES}?watch=true`, WATCHED]) {
        await platform.expectRefused(tokens[name]!, 'GET', path);
        const { status } = await callWithUpgrade(platform.server.url, path, {
          token: tokens[name]!,
        });
        assert.equal(status, 403, `${name} ${path}`);
      }
    });
  }

  const { status } = await platform.server.call(`${INGRESSES}/there`);
  assert.equal(status, 403);
});

test('rights to both groups allow the calls', async () => {
  for (const [method, path, body] of calls) {
    const headers = {
      'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
    };

    const { status, text } = await platform.call(path, {
      method,
      headers,
      body,
      token: tokens.beth,
    });

    const found = path.endsWith('nosuch') && !path.includes('?') ? 404 : 200;
    assert.equal(status, method === 'POST' ? 201 : found, text);
  }
});

test('an operator of a project creates routes as the console of 3.0 does, and no network policies', async () => {
  const own = await platform.call(INGRESSES, { body: ingress('operated'), token: tokens.opal });
  assert.equal(own.status, 201, own.text);

  await platform.assertWithstands(async () => {
    await platform.expectRefused(
      tokens.opal!,
      'POST',
      INGRESSES.replace('pr-a', 'default'),
      ingress('elsewhere'),
    );

    const policies = '/apis/networking.k8s.io/v1/namespaces/pr-a/networkpolicies';
    await platform.expectRefused(tokens.opal!, 'POST', policies, {
      metadata: { name: 'open' },
      spec: { podSelector: {} },
    });

    await platform.expectRefused(
      tokens.opal!,
      'POST',
      policies.replace('networking.k8s.io/v1', 'extensions/v1beta1'),
      {
        apiVersion: 'extensions/v1beta1',
        kind: 'NetworkPolicy',
        metadata: { name: 'open' },
        spec: { podSelector: {} },
      },
    );
  });
});

test('a viewer of a project reads there in older versions and writes nothing', async () => {
  const read = await platform.call(`${INGRESSES}/there`, { token: tokens.vera });
  assert.deepEqual([read.status, read.json.spec.backend.serviceName], [200, 'web']);

  await platform.assertWithstands(async () => {
    for (const [method, path, body] of calls.filter(([verb]) => verb !== 'GET')) {
      await platform.expectRefused(tokens.vera!, method, path, body);
    }

    await platform.expectRefused(tokens.vera!, 'GET', '/apis/extensions/v1beta1/ingresses');
  });
});

const ANYTHING = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];

const roleRef = (kind: string, name: string) => ({
  apiGroup: 'rbac.authorization.k8s.io',
  kind,
  name,
});

test('roles and bindings of rbac.authorization.k8s.io/v1beta1 grant no more than those of v1', async () => {
  await platform.write(`${PATHS.rbac}/clusterroles`, { metadata: { name: 'harmless' }, rules: [] });

  await platform.write(`${PATHS.rbac}/clusterrolebindings`, {
    metadata: { name: 'harmless' },
    roleRef: roleRef('ClusterRole', 'cluster-admin'),
    subjects: [],
  });

  const changeOf = (kind: string, name: string, change: Record<string, unknown>): Change => ({
    path: `${oldRbac}/${kind.toLowerCase()}s/${name}`,
    apiVersion: OLD_RBAC,
    kind,
    change,
    builtIn: true,
  });

  await platform.assertWithstands(async () => {
    for (const [collection, kind, role] of [
      ['clusterrolebindings', 'ClusterRoleBinding', roleRef('ClusterRole', 'cluster-admin')],
      ['namespaces/pr-a/rolebindings', 'RoleBinding', roleRef('Role', 'admin')],
      [
        'namespaces/kube-system/rolebindings',
        'RoleBinding',
        roleRef('ClusterRole', 'cluster-admin'),
      ],
    ] as const) {
      const body = {
        apiVersion: OLD_RBAC,
        kind,
        metadata: { name: 'rita-tries' },
        roleRef: role,
        subjects: userSubject('rita'),
      };

      await platform.expectRefused(tokens.rita!, 'POST', `${oldRbac}/${collection}`, body);
      await platform.expectRefused(
        tokens.rita!,
        'POST',
        `${oldRbac}/${collection}?dryRun=All`,
        body,
      );

      const applied = await platform.call(`${oldRbac}/${collection}/rita-tries?fieldManager=rita`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: JSON.stringify(body),
        token: tokens.rita,
      });

      assert.equal(applied.status, 403, applied.text);
    }

    for (const [collection, kind] of [
      ['clusterroles', 'ClusterRole'],
      ['namespaces/pr-a/roles', 'Role'],
    ] as const) {
      const body = {
        apiVersion: OLD_RBAC,
        kind,
        metadata: { name: 'rita-tries' },
        rules: ANYTHING,
      };

      await platform.expectRefused(tokens.rita!, 'POST', `${oldRbac}/${collection}`, body);
    }

    await platform.expectRefusedAtEveryDoor(
      tokens.rita!,
      changeOf('ClusterRole', 'harmless', { rules: ANYTHING }),
    );

    await platform.expectRefusedAtEveryDoor(
      tokens.rita!,
      changeOf('ClusterRoleBinding', 'harmless', { subjects: userSubject('rita') }),
    );
  });
});

test('CertificateSigningRequests of v1beta1 are treated like those of v1', async () => {
  const path = '/apis/certificates.k8s.io/v1beta1/certificatesigningrequests';

  const body = (name: string, signerName: string) => ({
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: CERTIFICATE_REQUEST, usages: ['client auth'], signerName },
  });

  const own = body('carl-asks', 'kubernetes.io/kube-apiserver-client');
  const asked = await platform.call(path, { body: own, token: tokens.carl });

  assert.equal(asked.status, 201, asked.text);

  await platform.assertWithstands(async () => {
    for (const signer of [
      'kubernetes.io/kubelet-serving',
      'kubernetes.io/kube-apiserver-client-kubelet',
    ]) {
      await platform.expectRefused(tokens.carl!, 'POST', path, body('carl-tries', signer));
    }

    const conditions = [{ type: 'Approved', reason: 'x', message: 'x' }];

    for (const method of ['PUT', 'PATCH']) {
      const approved = { ...own, status: { conditions } };
      await platform.expectRefused(tokens.carl!, method, `${path}/carl-asks/approval`, approved);
    }
  });

  const conditions = [{ type: 'Approved', reason: 'x', message: 'x' }];

  const { json } = await platform.call(path.concat('/carl-asks/approval'), {
    method: 'PUT',
    body: { ...asked.json, status: { conditions } },
  });

  assert.equal(json.status.conditions[0].status, 'True');
});

test('a watch in an older version ends when the right to the served one is withdrawn', async () => {
  const stream = await LiveStream.open(platform.server, `${INGRESSES}?watch=true`, tokens.beth!);
  assert.equal(stream.status, 200);
  await platform.write(`${PATHS.rbac}/clusterrolebindings/beth-beth-new`, undefined, {
    method: 'DELETE',
  });
  await eventually(async () => assert.ok(stream.ended));
  stream.close();
});

test('an API token creates no certificates in an older version either', async () => {
  const made = await platform.write(`${PATHS.iam}/users/admin/tokens`, { name: 'robot' });
  const token = made.token ?? made.value ?? made.secret;

  assert.ok(token, JSON.stringify(made));

  const { status, json } = await platform.call(
    '/apis/certificates.k8s.io/v1beta1/certificatesigningrequests',
    {
      body: {},
      token,
    },
  );

  assert.deepEqual([status, /API token cannot/.test(json.message)], [403, true]);
});
