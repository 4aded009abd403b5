import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ON_CLUSTER, PATHS, TestPlatform, userSubject } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const { rbac } = PATHS;
const AT = '/api/v1/namespaces/shop/serviceaccounts';
const BINDINGS = `${rbac}/namespaces/shop/rolebindings`;
const ROLE = 'iam.kubesphere.io/role';
const MERGE = { 'content-type': 'application/merge-patch+json' };

let platform: TestPlatform;
let operator: string;

before(async () => {
  platform = await TestPlatform.start();
  await platform.createWorkspace('ws');
  await platform.createProject('shop', 'ws');
  operator = await platform.createUser('op');

  // The right to create ServiceAccounts and to read Pods, nothing else.
  await platform.write(`${rbac}/namespaces/shop/roles`, {
    metadata: { name: 'accounts' },
    rules: [
      { apiGroups: [''], resources: ['serviceaccounts', 'serviceaccounts/token'], verbs: ['*'] },
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
    ],
  });

  await platform.write(`${rbac}/namespaces/shop/roles`, {
    metadata: { name: 'pod-reader' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
  });

  await platform.write(BINDINGS, {
    metadata: { name: 'op-accounts' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'accounts' },
    subjects: userSubject('op'),
  });

  await platform.waitUntilAllowed(operator, 'verb=create&resource=serviceaccounts&namespace=shop');
});

after(() => platform.stop());

interface Binding {
  metadata: { name: string; labels?: Record<string, string> };
  roleRef: { name: string };
  subjects?: { kind: string; name: string }[];
}

const rolesOf = async (name: string) =>
  ((await platform.read(BINDINGS)).items as Binding[])
    .filter(({ subjects }) =>
      subjects?.some((one) => one.kind === 'ServiceAccount' && one.name === name),
    )
    .map(({ roleRef }) => roleRef.name);

const waitForRoles = (name: string, roles: string[]) =>
  eventually(async () => assert.deepEqual(await rolesOf(name), roles, name));
const account = (name: string, role?: string) => ({
  metadata: { name, ...(role !== undefined && { annotations: { [ROLE]: role } }) },
});

test('a ServiceAccount has the role that its annotation names, another when that changes, and none without it', async () => {
  await platform.write(AT, account('robot', 'viewer'));
  await waitForRoles('robot', ['viewer']);

  const [made] = (
    await platform.read(`${BINDINGS}?labelSelector=iam.kubesphere.io/serviceaccount-ref%3Drobot`)
  ).items;
  assert.equal(made.metadata.ownerReferences[0].kind, 'ServiceAccount');

  const change = (role: string | null) =>
    platform.write(
      `${AT}/robot`,
      { metadata: { annotations: { [ROLE]: role } } },
      { method: 'PATCH', headers: MERGE },
    );

  await change('operator');
  await waitForRoles('robot', ['operator']);

  await platform.call(
    `${BINDINGS}/${(await platform.read(`${BINDINGS}?labelSelector=iam.kubesphere.io/serviceaccount-ref%3Drobot`)).items[0].metadata.name}`,
    { method: 'DELETE' },
  );

  await waitForRoles('robot', ['operator']);
  await change(null);
  await waitForRoles('robot', []);
  await change('comes-later');

  await platform.write(`${rbac}/namespaces/shop/roles`, {
    metadata: { name: 'comes-later' },
    rules: [],
  });

  await waitForRoles('robot', ['comes-later']);
  await platform.call(`${AT}/robot`, { method: 'DELETE' });
  await waitForRoles('robot', []);
});

test('its token has these rights at the Kubernetes API', { skip: ON_CLUSTER }, async () => {
  await platform.write(AT, account('reader', 'pod-reader'));
  await waitForRoles('reader', ['pod-reader']);

  const { status } = await platform.write(`${AT}/reader/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {},
  });

  const { json } = await platform.server.kubernetes(
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    {
      method: 'POST',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: 'system:serviceaccount:shop:reader',
          resourceAttributes: { namespace: 'shop', verb: 'list', resource: 'pods' },
        },
      },
    },
  );

  assert.ok(status.token);
  assert.equal(json.status.allowed, true);
});

test('a ServiceAccount gets only roles within the caller’s rights, through any API', async () => {
  await platform.write(AT, account('mine', 'pod-reader'), { token: operator });
  await waitForRoles('mine', ['pod-reader']);
  await platform.write(AT, account('plain'), { token: operator });

  const own = await platform.kubeconfigOf('op');
  await platform.assertWithstands(async () => {
    for (const role of ['admin', 'operator', 'not-there-yet']) {
      await platform.expectRefused(operator, 'POST', AT, account('evil', role));
      await platform.expectRefused(operator, 'POST', `${AT}?dryRun=All`, account('evil', role));
    }

    const change = { metadata: { annotations: { [ROLE]: 'admin' } } };

    const at = {
      path: `${AT}/plain`,
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      builtIn: true,
      change,
    };

    await platform.expectRefusedAtEveryDoor(operator, at);
    await platform.expectRefusedAtOwnPort(own, at);

    const made = await own.call(AT, { body: account('evil', 'admin') });
    if (made.status !== 403) {
      platform.recordFailure(`own port: POST: ${made.status} ${made.text}`);
    }

    await platform.expectRefused(operator, 'POST', `${AT}/evil/token`, {});
  });

  assert.deepEqual(await rolesOf('plain'), []);
  assert.deepEqual(await rolesOf('evil'), []);
});

test('a recreated ServiceAccount does not have the roles of the former one', async () => {
  await platform.write(AT, account('again', 'admin'));
  await waitForRoles('again', ['admin']);
  await platform.call(`${AT}/again`, { method: 'DELETE' });
  await eventually(() => platform.write(AT, account('again'), { token: operator }));
  await waitForRoles('again', []);
});
