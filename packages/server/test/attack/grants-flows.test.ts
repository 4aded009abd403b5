import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PASSWORD, PATHS, TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

// Flows of the console that no check may break.
const { iam, tenant, templates } = PATHS;
const MERGE = { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } };
let platform: TestPlatform;
const tokens: Record<string, string> = {};

before(async () => {
  platform = await TestPlatform.start();

  for (const name of ['wanda', 'ines', 'pete', 'otto', 'nell']) {
    tokens[name] = await platform.createUser(name);
  }

  tokens.walt = await platform.createUser('walt', 'workspaces-manager');
  tokens.uma = await platform.createUser('uma', 'users-manager');
  await platform.createWorkspace('ws-a', 'wanda');

  await platform.waitUntilAllowed(
    tokens.wanda!,
    'verb=create&apiGroup=iam.kubesphere.io&resource=workspacemembers&workspace=ws-a',
  );
});

after(() => platform.stop());

const roleOf = async (path: string, level: string) =>
  (await platform.read(path)).metadata.annotations[`iam.kubesphere.io/${level}`];

const isAdminOf = (workspace: string, name: string) =>
  eventually(async () =>
    assert.equal(
      await roleOf(`${iam}/workspaces/${workspace}/workspacemembers/${name}`, 'workspacerole'),
      `${workspace}-admin`,
    ),
  );

test('the creator of a project is its admin, also without the console’s annotation', async () => {
  const token = tokens.wanda!;
  await platform.write(
    `${tenant}/workspaces/ws-a/namespaces`,
    { metadata: { name: 'unsigned' } },
    { token },
  );

  await eventually(async () =>
    assert.equal(await roleOf(`${iam}/namespaces/unsigned/members/wanda`, 'role'), 'admin'),
  );
});

test('an admin of a workspace invites members and changes their roles', async () => {
  const token = tokens.wanda!;
  const members = `${iam}/workspaces/ws-a/workspacemembers`;

  await platform.write(members, [{ username: 'ines', roleRef: 'ws-a-viewer' }], { token });
  await eventually(async () =>
    assert.equal(await roleOf(`${members}/ines`, 'workspacerole'), 'ws-a-viewer'),
  );

  for (const roleRef of ['ws-a-regular', 'ws-a-admin', 'ws-a-self-provisioner']) {
    await platform.write(
      `${members}/ines`,
      { username: 'ines', roleRef },
      { method: 'PUT', token },
    );
    await eventually(async () =>
      assert.equal(await roleOf(`${members}/ines`, 'workspacerole'), roleRef),
    );
  }

  const metadata = {
    name: 'ws-a-people',
    annotations: { 'iam.kubesphere.io/aggregation-roles': '["role-template-manage-members"]' },
  };

  await platform.write(`${iam}/workspaces/ws-a/workspaceroles`, { metadata }, { token });

  const group = await platform.write(
    `${iam}/workspaces/ws-a/groups`,
    { metadata: { generateName: 'team' } },
    { token },
  );

  await platform.write(
    `${iam}/workspaces/ws-a/workspacerolebindings`,
    [
      {
        subjects: [{ kind: 'Group', name: group.metadata.name }],
        roleRef: { kind: 'WorkspaceRole', name: 'ws-a-viewer' },
      },
    ],
    { token },
  );

  await platform.writeEventually(
    `${iam}/workspaces/ws-a/groupbindings`,
    [{ userName: 'nell', groupName: group.metadata.name }],
    { token },
  );
});

test('members who may create projects in a workspace become admin of theirs', async () => {
  const token = tokens.ines!;
  await platform.waitUntilAllowed(
    token,
    'verb=create&apiGroup=tenant.kubesphere.io&resource=namespaces&workspace=ws-a',
  );

  await platform.write(
    `${tenant}/workspaces/ws-a/namespaces`,
    { metadata: { name: 'ns-ines', annotations: { 'kubesphere.io/creator': 'ines' } } },
    { token },
  );

  await eventually(async () =>
    assert.equal(await roleOf(`${iam}/namespaces/ns-ines/members/ines`, 'role'), 'admin'),
  );
  await platform.waitUntilAllowed(token, 'verb=create&resource=secrets&namespace=ns-ines');

  await platform.writeEventually(
    '/api/v1/namespaces/ns-ines/configmaps',
    { metadata: { name: 'own' } },
    { token },
  );
});

test('an admin of a project adds members, makes roles from templates, and sets its alias', async () => {
  const token = tokens.ines!;
  const at = `${iam}/namespaces/ns-ines`;

  await platform.write(`${at}/members`, [{ username: 'otto', roleRef: 'operator' }], { token });

  await platform.write(
    `${at}/members/otto`,
    { username: 'otto', roleRef: 'viewer' },
    { method: 'PUT', token },
  );

  const annotations = {
    'iam.kubesphere.io/aggregation-roles':
      '["role-template-view-configmaps","role-template-manage-secrets"]',
  };

  const role = await platform.write(
    `${at}/roles`,
    { metadata: { name: 'keeper', annotations } },
    { token },
  );

  assert.ok(role.rules.length >= 2, JSON.stringify(role.rules));

  await platform.writeEventually(
    `${at}/members/otto`,
    { username: 'otto', roleRef: 'keeper' },
    { method: 'PUT', token },
  );

  const alias = { metadata: { annotations: { 'kubesphere.io/alias-name': 'Ines' } } };
  await platform.write('/api/v1/namespaces/ns-ines', alias, { ...MERGE, token });

  assert.equal(
    (await platform.call(`${at}/members/otto`, { method: 'DELETE', token })).status,
    200,
  );
});

test('an admin of a workspace creates projects for other users, and the named creator is its admin', async () => {
  const token = tokens.wanda!;
  const annotations = { 'kubesphere.io/creator': 'wanda' };
  await platform.write(
    `${tenant}/workspaces/ws-a/namespaces`,
    { metadata: { name: 'ns-wanda', annotations } },
    { token },
  );

  await eventually(async () =>
    assert.equal(await roleOf(`${iam}/namespaces/ns-wanda/members/wanda`, 'role'), 'admin'),
  );

  // A caller who may grant that role there may name another user.
  const change = { metadata: { annotations: { 'kubesphere.io/creator': 'nell' } } };
  await platform.write(`${tenant}/workspaces/ws-a/namespaces/ns-wanda`, change, {
    ...MERGE,
    token,
  });
});

test('the administrator changes the manager of a workspace, and the new one administers it', async () => {
  await platform.createWorkspace('ws-c', 'wanda');
  await isAdminOf('ws-c', 'wanda');

  await platform.write(
    `${tenant}/workspaces/ws-c`,
    { spec: { template: { spec: { manager: 'pete' } } } },
    MERGE,
  );

  await isAdminOf('ws-c', 'pete');
  await platform.waitUntilAllowed(
    tokens.pete!,
    'verb=delete&resource=workspaceroles&workspace=ws-c',
  );

  await platform.write(
    `${templates}/ws-c`,
    { spec: { template: { spec: { manager: 'otto' } } } },
    MERGE,
  );

  await isAdminOf('ws-c', 'otto');
});

test('an admin of a workspace hands over its management', async () => {
  const spec = { template: { spec: { manager: 'pete' } } };
  await platform.write(`${tenant}/workspaces/ws-a`, { spec }, { ...MERGE, token: tokens.wanda! });
  await isAdminOf('ws-a', 'pete');
});

test('workspace managers create workspaces, with themselves or others as manager', async () => {
  const token = tokens.walt!;

  for (const [name, manager] of [
    ['ws-own', 'walt'],
    ['ws-others', 'pete'],
  ] as const) {
    await platform.write(
      `${tenant}/workspaces`,
      { metadata: { name }, spec: { template: { spec: { manager } } } },
      { token },
    );

    await isAdminOf(name, manager);
  }

  await platform.waitUntilAllowed(
    tokens.pete!,
    'verb=delete&resource=workspaceroles&workspace=ws-others',
  );

  await platform.write(
    `${tenant}/workspaces/ws-own/namespaces`,
    { metadata: { name: 'ns-walt' } },
    { token },
  );
});

test('user managers may create users without roles, and reset passwords of users without rights', async () => {
  const token = tokens.uma!;
  const spec = { email: 'new@example.com', password: PASSWORD };

  await platform.write(`${iam}/users`, { metadata: { name: 'new' }, spec }, { token });
  assert.equal((await platform.server.login('new', PASSWORD)).status, 200);

  await platform.write(
    `${iam}/users/new/password`,
    { password: 'An0ther!Pw' },
    { method: 'PUT', token },
  );

  assert.equal((await platform.server.login('new', 'An0ther!Pw')).status, 200);

  const users = '/apis/iam.kubesphere.io/v1alpha2/users/new';
  await platform.write(users, { spec: { email: 'newer@example.com' } }, { ...MERGE, token });
  await platform.write(users, { status: { state: 'Disabled' } }, { ...MERGE, token });
  await eventually(async () =>
    assert.equal((await platform.server.login('new', 'An0ther!Pw')).status, 403),
  );
  assert.equal((await platform.call(`${iam}/users/new`, { method: 'DELETE', token })).status, 200);
});

test('every user may change their own password and leave workspaces and projects', async () => {
  const body = { currentPassword: PASSWORD, password: 'An0ther!Pw' };
  await platform.write(`${iam}/users/nell/password`, body, { method: 'PUT', token: tokens.nell! });

  const token = await platform.server.token('nell', 'An0ther!Pw');

  await platform.addMember('workspaces/ws-a', 'nell', 'ws-a-viewer');

  const own = `${iam}/workspaces/ws-a/workspacemembers/nell`;
  assert.equal((await platform.call(own, { token })).status, 200);
  assert.equal((await platform.call(own, { method: 'DELETE', token })).status, 200);
});
