import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type Answer,
  eventually,
  GARBAGE_MS,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

const I = '/kapis/iam.kubesphere.io/v1alpha2';
const T = '/kapis/tenant.kubesphere.io/v1alpha2';
const PASSWORD = 'Passw0rd!';
const AGGREGATION = 'iam.kubesphere.io/aggregation-roles';
const GLOBAL_ROLE = 'iam.kubesphere.io/globalrole';
let server: TestServer;
let admin: string;

const call = (
  method: string,
  path: string,
  body?: unknown,
  token: string | undefined = admin,
): Promise<Answer> => server.call(path, { method, token, ...(body !== undefined && { body }) });

const logIn = (user: string) => server.token(user, PASSWORD);

async function expectOk(answer: Promise<Answer>): Promise<Answer> {
  const got = await answer;
  assert.equal(got.status, 200, got.text);
  return got;
}

const user = (name: string, role = 'platform-regular') => ({
  metadata: { name, annotations: { [GLOBAL_ROLE]: role } },
  spec: { email: `${name}@example.com`, password: PASSWORD },
});

const role = (name: string, templates: string[]) => ({
  metadata: { name, annotations: { [AGGREGATION]: JSON.stringify(templates) } },
  rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
});

before(async () => {
  server = await TestServer.start();
  admin = await server.token();

  for (const name of ['ann', 'ben', 'eve']) {
    await expectOk(call('POST', `${I}/users`, user(name)));
  }

  await expectOk(call('POST', `${I}/users`, user('uma', 'users-manager')));

  await expectOk(
    call('POST', `${T}/workspaces`, {
      metadata: { name: 'ws' },
      spec: { template: { spec: { manager: 'ann' } } },
    }),
  );

  await eventually(() => expectOk(call('GET', `${I}/workspaces/ws/workspaceroles/ws-viewer`)));
  await eventually(() => expectOk(call('GET', `${I}/workspaces/ws/workspacemembers/ann`)));
});

after(() => server.stop());

test('a new user is Active at once, with a hidden hash and the global role of their annotation', async () => {
  await expectOk(call('POST', `${I}/users`, user('new')));
  await logIn('new');

  const { json } = await eventually(async () => {
    const answer = await expectOk(call('GET', `${I}/users/new`));
    assert.equal(answer.json.metadata.annotations[GLOBAL_ROLE], 'platform-regular');
    return answer;
  });

  assert.equal(json.spec.password, undefined);
  assert.equal(json.status.state, 'Active');

  const again = await call('POST', `${I}/users`, {
    ...user('new'),
    spec: { email: 'other@example.com' },
  });

  assert.deepEqual(
    [again.status, again.text],
    [409, 'users.iam.kubesphere.io "new" already exists\n'],
  );
});

test('invalid users are refused before anything is created', async () => {
  const cases: [unknown, number, RegExp][] = [
    [user('zoe', 'nosuch'), 404, /^globalrole\.iam\.kubesphere\.io "nosuch" not found\n$/],
    [
      { ...user('zoe'), spec: { email: 'ann@example.com' } },
      409,
      /ann@example\.com already exists/,
    ],
    [{ ...user('zoe'), spec: { email: 'no address' } }, 400, /is no e-mail address/],
    [{ metadata: { name: 'zoe' } }, 400, /spec/],
    ['{bad', 400, /invalid character/],
    [user('Zoe_Bad'), 400, /Invalid value: "Zoe_Bad"/],
    [user('z'.repeat(64)), 400, /metadata\.name: Too long/],
  ];

  for (const [body, status, text] of cases) {
    const answer = await call('POST', `${I}/users`, body);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.text, text);
  }

  assert.equal((await call('GET', `${I}/users?name=zoe`)).json.totalItems, 0);

  assert.equal(
    (await server.kubernetes(`/apis/iam.kubesphere.io/v1alpha2/users/${'z'.repeat(64)}`)).status,
    404,
  );
});

test('user managers may neither create administrators nor set an administrator’s password', async () => {
  const uma = await logIn('uma');
  assert.equal((await call('POST', `${I}/users`, user('evil', 'platform-admin'), uma)).status, 403);

  assert.equal(
    (await server.kubernetes('/apis/iam.kubesphere.io/v1alpha2/users/evil')).status,
    404,
  );

  assert.equal(
    (await call('PUT', `${I}/users/admin/password`, { password: 'Taken-0ver' }, uma)).status,
    403,
  );

  await expectOk(call('PUT', `${I}/users/eve/password`, { password: 'Chang3d!' }, uma));
  await server.token('eve', 'Chang3d!');
  await expectOk(call('PUT', `${I}/users/eve/password`, { password: PASSWORD }, uma));
});

test('no user may give themselves a role through their own object', async () => {
  const eve = await logIn('eve');
  const own = (await expectOk(call('GET', `${I}/users/eve`, undefined, eve))).json;

  own.metadata.annotations[GLOBAL_ROLE] = 'platform-admin';

  const answer = await call('PUT', `${I}/users/eve`, own, eve);
  assert.equal(answer.status, 403);
  assert.match(answer.text, /update global role binding is not allowed/);

  // The time of the log-in is still being written to the object: a conflict is read and sent again,
  // as clients do.
  const updated = await eventually(async () => {
    const fresh = (await expectOk(call('GET', `${I}/users/eve`, undefined, eve))).json;

    const changed = {
      ...fresh,
      metadata: { ...fresh.metadata, annotations: {} },
      spec: { ...fresh.spec, description: 'me' },
      status: { state: 'Disabled' },
    };

    return expectOk(call('PUT', `${I}/users/eve`, changed, eve));
  });

  assert.deepEqual([updated.json.spec.description, updated.json.status.state], ['me', 'Active']);
  await logIn('eve');
});

test('a change of password needs the old one and ends the sessions', async () => {
  const ben = await logIn('ben');

  const wrong = await call(
    'PUT',
    `${I}/users/ben/password`,
    { currentPassword: 'x', password: 'Newpass1!' },
    ben,
  );

  assert.deepEqual([wrong.status, wrong.text], [400, 'incorrect old password\n']);

  await expectOk(
    call(
      'PUT',
      `${I}/users/ben/password`,
      { currentPassword: PASSWORD, password: 'Newpass1!' },
      ben,
    ),
  );

  assert.equal((await call('GET', `${I}/users/ben`, undefined, ben)).status, 401);
  await eventually(() => server.token('ben', 'Newpass1!'));
  await expectOk(call('PUT', `${I}/users/ben/password`, { password: PASSWORD }));
});

test('templates of workspace roles are found by a filter of 3.0 and by a selector of later consoles', async () => {
  const label = 'iam.kubesphere.io/role-template=true';

  const names = async (parameter: string) => {
    const query = new URLSearchParams({ [parameter]: label, limit: '-1' });
    const { items } = (await expectOk(call('GET', `${I}/workspaces/ws/workspaceroles?${query}`)))
      .json;
    return items.map(({ metadata }: { metadata: { name: string } }) => metadata.name).sort();
  };

  const found = await names('label');
  assert.ok(found.length > 10, found.join());
  assert.deepEqual(await names('labelSelector'), found);
});

test('roles have the rules of their templates and never those in the request', async () => {
  const made = await expectOk(
    call('POST', `${I}/globalroles`, role('auditor', ['role-template-view-users'])),
  );
  const template = (await expectOk(call('GET', `${I}/globalroles/role-template-view-users`))).json;

  assert.deepEqual(made.json.rules, template.rules);

  const missing = await call('POST', `${I}/globalroles`, role('none', ['nosuch']));
  assert.deepEqual(
    [missing.status, missing.text],
    [404, 'globalrole.iam.kubesphere.io "nosuch" not found\n'],
  );

  const without = await call('PUT', `${I}/globalroles/auditor`, role('auditor', []));
  assert.equal(without.status, 409);

  const patched = await eventually(() =>
    expectOk(
      call('PATCH', `${I}/globalroles/auditor`, {
        metadata: { annotations: { note: 'x' } },
        rules: role('', []).rules,
      }),
    ),
  );

  assert.deepEqual(
    [patched.json.rules, patched.json.metadata.annotations.note],
    [template.rules, 'x'],
  );

  const emptied = await eventually(() =>
    expectOk(
      call('PATCH', `${I}/globalroles/auditor`, {
        metadata: { annotations: { [AGGREGATION]: '[]', note: null } },
      }),
    ),
  );

  assert.deepEqual([emptied.json.rules, emptied.json.metadata.annotations.note], [[], undefined]);
  assert.equal((await call('PUT', `${I}/globalroles/other`, role('auditor', []))).status, 400);
  assert.deepEqual((await expectOk(call('DELETE', `${I}/globalroles/auditor`))).json, {
    message: 'success',
  });
  assert.equal((await call('DELETE', `${I}/globalroles/auditor`)).status, 404);
});

test('a workspace has owner and finalizer, and is deleted with everything that belongs to it', async () => {
  await expectOk(
    call('POST', `${T}/workspaces`, {
      metadata: { name: 'brief' },
      spec: { template: { spec: { manager: 'ann' } } },
    }),
  );

  const path = '/apis/tenant.kubesphere.io/v1alpha1/workspaces/brief';
  await eventually(async () => {
    const { metadata, spec } = (await server.kubernetes(path)).json;
    assert.deepEqual(metadata.finalizers, ['finalizers.tenant.kubesphere.io']);
    assert.equal(metadata.ownerReferences[0].kind, 'WorkspaceTemplate');
    assert.equal(spec.manager, 'ann');
  });

  await expectOk(call('DELETE', `${T}/workspaces/brief`));

  await eventually(async () => {
    assert.equal((await server.kubernetes(path)).status, 404);

    const roles = await server.kubernetes(
      '/apis/iam.kubesphere.io/v1alpha2/workspaceroles?labelSelector=kubesphere.io/workspace=brief',
    );
    assert.equal(roles.json.items.length, 0);
  }, GARBAGE_MS);
});

test('the roles of a workspace belong to it', async () => {
  const ann = await logIn('ann');
  await expectOk(
    call(
      'POST',
      `${I}/workspaces/ws/workspaceroles`,
      role('ws-reader', ['role-template-view-members']),
      ann,
    ),
  );

  await expectOk(
    call('POST', `${T}/workspaces`, {
      metadata: { name: 'other' },
      spec: { template: { spec: {} } },
    }),
  );

  await eventually(() =>
    expectOk(call('GET', `${I}/workspaces/ws/workspaceroles/ws-reader`, undefined, ann)),
  );
  assert.equal((await call('GET', `${I}/workspaces/other/workspaceroles/ws-reader`)).status, 404);

  assert.equal(
    (await call('DELETE', `${I}/workspaces/other/workspaceroles/ws-reader`)).status,
    404,
  );

  const names = (
    await expectOk(
      call('GET', `${I}/workspaces/ws/workspaceroles?sortBy=name&ascending=true`, undefined, ann),
    )
  ).json.items.map((item: { metadata: { name: string } }) => item.metadata.name);

  assert.deepEqual(names, [
    'ws-admin',
    'ws-reader',
    'ws-regular',
    'ws-self-provisioner',
    'ws-viewer',
  ]);
});

test('members have one role, are listed with it, and lose it when they are removed', async () => {
  const path = `${I}/workspaces/ws/workspacemembers`;
  const ann = await logIn('ann');

  await expectOk(call('POST', path, [{ username: 'ben', roleRef: 'ws-viewer' }], ann));
  await expectOk(call('PUT', `${path}/ben`, { username: 'ben', roleRef: 'ws-regular' }, ann));

  await eventually(async () => {
    const { json } = await expectOk(call('GET', `${path}/ben`, undefined, ann));
    assert.equal(json.metadata.annotations['iam.kubesphere.io/workspacerole'], 'ws-regular');
  });

  const { json } = await expectOk(call('GET', `${path}?workspacerole=ws-regular`, undefined, ann));
  assert.deepEqual(
    json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ['ben'],
  );

  assert.equal(
    (
      await call(
        'POST',
        path,
        [
          { username: 'eve', roleRef: 'ws-viewer' },
          { username: 'eve', roleRef: 'nosuch' },
        ],
        ann,
      )
    ).status,
    404,
  );

  assert.equal(
    (await call('GET', `${path}/eve`, undefined, ann)).text,
    'user.iam.kubesphere.io "eve" not found\n',
  );

  assert.ok(
    Array.isArray((await expectOk(call('GET', `${path}/ben/workspaceroles`, undefined, ann))).json),
  );
  await expectOk(call('DELETE', `${path}/ben`, undefined, ann));
  await eventually(async () =>
    assert.equal((await call('GET', `${path}/ben`, undefined, ann)).status, 404),
  );
});

test('a binding with other subjects only loses the user', async () => {
  const subjects = ['ben', 'eve'].map((name) => ({
    kind: 'User',
    apiGroup: 'rbac.authorization.k8s.io',
    name,
  }));

  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'both' },
    subjects,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  };

  const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  assert.equal((await server.kubernetes(path, { method: 'POST', body: binding })).status, 201);
  await expectOk(call('DELETE', `${I}/clustermembers/ben`));
  assert.deepEqual((await server.kubernetes(`${path}/both`)).json.subjects, [subjects[1]]);
});

test('deleting a user deletes their bindings', async () => {
  await expectOk(call('POST', `${I}/users`, user('gone')));

  await expectOk(
    call('POST', `${I}/workspaces/ws/workspacemembers`, [
      { username: 'gone', roleRef: 'ws-viewer' },
    ]),
  );

  await expectOk(call('DELETE', `${I}/users/gone`));

  await eventually(async () => {
    for (const resource of ['globalrolebindings', 'workspacerolebindings']) {
      const { json } = await server.kubernetes(
        `/apis/iam.kubesphere.io/v1alpha2/${resource}?labelSelector=iam.kubesphere.io/user-ref=gone`,
      );
      assert.equal(json.items.length, 0);
    }

    assert.equal(
      (await server.kubernetes('/apis/iam.kubesphere.io/v1alpha2/users/gone')).status,
      404,
    );
  });
});

test('a key refused in one user is refused in every user', async () => {
  // It is no valid label value, and bindings have the name as a label.
  const long = 'y'.repeat(64);
  const members = ['eve', long].map((username) => ({ username, roleRef: 'ws-viewer' }));
  const answer = await call('POST', `${I}/workspaces/ws/workspacemembers`, members);

  assert.notEqual(answer.status, 200);
  assert.equal((await call('GET', `${I}/workspaces/ws/workspacemembers/eve`)).status, 404);
});
