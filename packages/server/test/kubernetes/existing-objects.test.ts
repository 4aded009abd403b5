import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hash } from '@node-rs/bcrypt';
import { eventually, TestServer } from '../support/test-server.ts';

// Objects of a KubeSphere 3.0 cluster, stored without this server: they work as they are and stay
// unchanged.
const IAM = '/apis/iam.kubesphere.io/v1alpha2';
const I = '/kapis/iam.kubesphere.io/v1alpha2';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const RBAC = 'rbac.authorization.k8s.io';
const WORKSPACE = 'kubesphere.io/workspace';
const USER_REF = 'iam.kubesphere.io/user-ref';
let server: TestServer;

async function create(
  path: string,
  object: { metadata: object } & Record<string, unknown>,
): Promise<void> {
  const { status, json } = await server.kubernetes(path, { method: 'POST', body: object });
  assert.equal(status, 201, `${path}: ${JSON.stringify(json)}`);
}

const subject = (name: string) => [{ kind: 'User', apiGroup: RBAC, name }];

const iam = (kind: string, metadata: object, rest: object) => ({
  apiVersion: 'iam.kubesphere.io/v1alpha2',
  kind,
  metadata,
  ...rest,
});

async function user(
  name: string,
  state: string | undefined,
  annotations: Record<string, string> = {},
): Promise<void> {
  const password = await hash('Passw0rd!', { cost: 10, version: '2a' });
  await create(
    `${IAM}/users`,
    iam(
      'User',
      {
        name,
        finalizers: ['finalizers.kubesphere.io/users'],
        annotations: { 'iam.kubesphere.io/password-encrypted': 'true', ...annotations },
      },
      {
        spec: { email: `${name}@example.com`, lang: 'zh', password },
        ...(state && { status: { state, lastTransitionTime: '2020-12-01T00:00:00Z' } }),
      },
    ),
  );
}

before(async () => {
  server = await TestServer.start();

  // 3.0 leaves the annotation that requested the role, also when the role has changed since.
  await user('old', 'Active', { 'iam.kubesphere.io/globalrole': 'platform-admin' });
  await user('off', 'Disabled');

  await create(
    `${IAM}/globalrolebindings`,
    iam(
      'GlobalRoleBinding',
      { name: 'old-platform-regular', labels: { [USER_REF]: 'old' } },
      {
        subjects: subject('old'),
        roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'GlobalRole', name: 'platform-regular' },
      },
    ),
  );

  await create('/apis/tenant.kubesphere.io/v1alpha2/workspacetemplates', {
    apiVersion: 'tenant.kubesphere.io/v1alpha2',
    kind: 'WorkspaceTemplate',
    metadata: { name: 'past', annotations: { 'kubesphere.io/creator': 'admin' } },
    spec: { placement: {}, template: { metadata: {}, spec: { manager: 'old' } } },
  });

  await create('/api/v1/namespaces', {
    metadata: {
      name: 'past-project',
      labels: { [WORKSPACE]: 'past', 'kubesphere.io/namespace': 'past-project' },
      annotations: { 'kubesphere.io/creator': 'old' },
      finalizers: ['finalizers.kubesphere.io/namespaces'],
    },
  });

  await user('viewer', 'Active');
  await eventually(async () =>
    assert.equal((await server.kubernetes(`${IAM}/workspaceroles/past-viewer`)).status, 200),
  );

  await create(
    `${IAM}/workspacerolebindings`,
    iam(
      'WorkspaceRoleBinding',
      { name: 'viewer-past-viewer', labels: { [USER_REF]: 'viewer', [WORKSPACE]: 'past' } },
      {
        subjects: subject('viewer'),
        roleRef: { apiGroup: 'iam.kubesphere.io', kind: 'WorkspaceRole', name: 'past-viewer' },
      },
    ),
  );
});

after(() => server.stop());

test('users log in with their existing passwords, and disabled users stay disabled', async () => {
  assert.equal((await server.login('old@example.com', 'Passw0rd!')).status, 200);

  const token = await server.token('old', 'Passw0rd!');

  assert.equal((await server.login('off', 'Passw0rd!')).status, 403);

  const { json } = await server.call(`${I}/users/old`, { token });

  // The binding decides the role, not the annotation from earlier.
  assert.equal(json.metadata.annotations['iam.kubesphere.io/globalrole'], 'platform-regular');
  assert.equal((await server.call('/api/v1/nodes', { token })).status, 403);
});

test('imported workspaces, projects and members are unchanged', async () => {
  const token = await server.token('old', 'Passw0rd!');
  await eventually(async () => {
    const workspaces = await server.call(`${T}/workspaces`, { token });
    assert.deepEqual(
      workspaces.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['past'],
    );

    const { json } = await server.call(
      `${I}/workspaces/past/workspacemembers?sortBy=name&ascending=true`,
      { token },
    );

    assert.deepEqual(
      json.items.map(
        ({ metadata }: { metadata: { name: string; annotations: Record<string, string> } }) => [
          metadata.name,
          metadata.annotations['iam.kubesphere.io/workspacerole'],
        ],
      ),
      [
        ['old', 'past-admin'],
        ['viewer', 'past-viewer'],
      ],
    );

    assert.equal(
      (await server.call('/api/v1/namespaces/past-project/pods', { token })).status,
      200,
    );
  });

  const viewer = await server.token('viewer', 'Passw0rd!');
  assert.equal(
    (await server.call('/api/v1/namespaces/past-project/pods', { token: viewer })).status,
    200,
  );

  assert.equal(
    (
      await server.call('/api/v1/namespaces/past-project/pods', {
        token: viewer,
        body: { metadata: { name: 'x' } },
      })
    ).status,
    403,
  );
});

test('no object of 3.0 is overwritten', async () => {
  // Time for controllers that would.
  await new Promise((resolve) => setTimeout(resolve, 1000));

  const password = (await server.kubernetes(`${IAM}/users/viewer`)).json;
  assert.match(password.spec.password, /^\$2a\$10\$/);
  assert.equal(password.status.lastTransitionTime, '2020-12-01T00:00:00Z');

  for (const path of [
    `${IAM}/globalrolebindings/old-platform-regular`,
    `${IAM}/workspacerolebindings/viewer-past-viewer`,
  ]) {
    const { json } = await server.kubernetes(path);
    assert.equal(json.subjects[0].name, path.includes('old') ? 'old' : 'viewer', path);
    assert.equal(json.metadata.annotations?.['iam.kubesphere.io/user-uid'], undefined);
  }
});

test('it is deleted with its user, as in 3.0', async () => {
  const token = await server.token();
  assert.equal((await server.call(`${I}/users/viewer`, { method: 'DELETE', token })).status, 200);

  await eventually(async () =>
    assert.equal(
      (await server.kubernetes(`${IAM}/workspacerolebindings/viewer-past-viewer`)).status,
      404,
    ),
  );
});
