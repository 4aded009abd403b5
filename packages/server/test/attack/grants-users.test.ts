import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Change } from '../support/doors.ts';
import { PASSWORD, PATHS, TestPlatform } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';

const { iam, iamObjects } = PATHS;
const USERS = `${iamObjects}/users`;
const MERGE = { 'content-type': 'application/merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
let platform: TestPlatform;

/**
 * Uma manages users; each of the others has rights that she lacks, at another level, and Paul has
 * none.
 */
const tokens: Record<string, string> = {};
const STRONGER = ['wanda', 'nora', 'otto', 'cora', 'sven', 'gus'] as const;

before(async () => {
  platform = await TestPlatform.start();
  tokens.uma = await platform.createUser('uma', 'users-manager');

  for (const name of [...STRONGER, 'olga', 'paul', 'dee']) {
    tokens[name] = await platform.createUser(name);
  }

  await platform.createWorkspace('ws-a', 'wanda');
  await platform.createProject('ns-a', 'ws-a');
  await platform.addMember('namespaces/ns-a', 'nora', 'admin');
  await platform.addMember('namespaces/ns-a', 'olga', 'operator');
  await platform.addMember('namespaces/ns-a', 'otto', 'operator');
  await platform.addMember('', 'cora', 'cluster-viewer');
  await platform.addMember('namespaces/kube-system', 'sven', 'viewer');

  // Gus has rights only through a group.
  const group = await platform.write(`${iam}/workspaces/ws-a/groups`, {
    metadata: { generateName: 'bosses' },
  });
  await platform.writeEventually(`${iam}/workspaces/ws-a/groupbindings`, [
    { userName: 'gus', groupName: group.metadata.name },
  ]);

  await platform.write(`${iam}/workspaces/ws-a/workspacerolebindings`, [
    {
      subjects: [{ kind: 'Group', name: group.metadata.name }],
      roleRef: { kind: 'WorkspaceRole', name: 'ws-a-admin' },
    },
  ]);

  for (const [name, query] of [
    ['wanda', 'verb=delete&resource=pods&namespace=ns-a'],
    ['nora', 'verb=delete&resource=pods&namespace=ns-a'],
    ['otto', 'verb=delete&resource=pods&namespace=ns-a'],
    ['cora', 'verb=list&resource=nodes'],
    ['sven', 'verb=list&resource=pods&namespace=kube-system'],
    ['gus', 'verb=delete&resource=pods&namespace=ns-a'],
  ] as const) {
    await platform.waitUntilAllowed(tokens[name]!, query);
  }
});

after(() => platform.stop());

const ofUser = (name: string, change: Record<string, unknown>): Change => ({
  path: `${USERS}/${name}`,
  apiVersion: 'iam.kubesphere.io/v1alpha2',
  kind: 'User',
  change,
});

test('another user’s e-mail address is refused through the Kubernetes API, and that user still logs in', async () => {
  const body = {
    apiVersion: 'iam.kubesphere.io/v1alpha2',
    kind: 'User',
    metadata: { name: 'copy' },
    spec: { email: 'paul@example.com', password: PASSWORD },
  };

  const wrong: string[] = [];

  const conflicts = (what: string, { status, text }: { status: number; text: string }) => {
    if (status !== 409) {
      wrong.push(`${what}: ${status} ${text.slice(0, 200)}`);
    }
  };

  for (const query of ['?dryRun=All', '']) {
    conflicts(`POST${query}`, await platform.call(USERS + query, { token: tokens.uma, body }));

    const email = { spec: { email: 'paul@example.com' } };
    conflicts(
      `merge patch${query}`,
      await platform.call(`${USERS}/dee${query}`, {
        method: 'PATCH',
        token: tokens.uma,
        headers: MERGE,
        body: email,
      }),
    );

    const ops = [{ op: 'replace', path: '/spec/email', value: 'paul@example.com' }];
    conflicts(
      `JSON patch${query}`,
      await platform.call(`${USERS}/dee${query}`, {
        method: 'PATCH',
        headers: JSON_PATCH,
        body: ops,
      }),
    );

    const applied = { ...body, metadata: { name: 'dee' }, spec: { email: 'paul@example.com' } };

    const options = {
      method: 'PATCH',
      headers: { 'content-type': 'application/apply-patch+yaml' },
    };

    const apply = `fieldManager=x&force=true${query.replace('?', '&')}`;
    conflicts(
      `apply${query}`,
      await platform.call(`${USERS}/dee?${apply}`, { ...options, body: JSON.stringify(applied) }),
    );

    conflicts(
      `apply that makes one${query}`,
      await platform.call(`${USERS}/copy?${apply}`, { ...options, body: JSON.stringify(body) }),
    );

    const stored = await platform.read(`${USERS}/dee`);
    conflicts(
      `PUT${query}`,
      await platform.call(`${USERS}/dee${query}`, {
        method: 'PUT',
        body: { ...stored, spec: { ...stored.spec, ...email.spec } },
      }),
    );
  }

  assert.deepEqual(wrong, []);

  const own = await platform.server.login('paul@example.com', PASSWORD);
  assert.equal(own.status, 200, own.text);

  assert.equal(
    (await platform.call(`${iam}/users/paul`, { token: own.json.access_token })).status,
    200,
  );
});

test('sessions of a disabled user stay ended when the user is enabled', async () => {
  const { json } = await platform.server.login('dee', PASSWORD);
  const { access_token: token, refresh_token } = json;
  const readStatus = async () => (await platform.call(`${iam}/users/dee`, { token })).status;

  assert.equal(await readStatus(), 200);

  const basic = `Basic ${Buffer.from(`dee:${PASSWORD}`).toString('base64')}`;

  const setState = async (state: string, allowed: boolean) => {
    await platform.write(
      `${USERS}/dee`,
      { status: { state } },
      { method: 'PATCH', headers: MERGE },
    );

    // A log-in would end other sessions, so another call must show that the state has spread.
    await eventually(async () => {
      const { status } = await platform.server.call(`${iam}/users/dee`, {
        headers: { authorization: basic },
      });
      assert.equal(status === 200, allowed, `${status}`);
    });
  };

  await setState('Disabled', false);
  assert.equal(await readStatus(), 401);
  await setState('Active', true);

  // Checks at once and again a moment later.
  for (let left = 10; left > 0; left -= 1) {
    assert.equal(await readStatus(), 401, 'the session has ended for good');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  const refreshed = await platform.server.call('/oauth/token', {
    form: { grant_type: 'refresh_token', refresh_token },
  });
  assert.ok(refreshed.status === 400 || refreshed.status === 401, refreshed.text);
});

test('finalizers and owners of a stronger user cannot be changed by a user manager', () =>
  platform.assertWithstands(async () => {
    // With an owner that is gone, the garbage collector would delete the user.
    const owner = {
      apiVersion: 'v1',
      kind: 'Namespace',
      name: 'gone',
      uid: '00000000-0000-4000-8000-000000000000',
    };

    await platform.expectRefusedAtEveryDoor(
      tokens.uma!,
      ofUser('olga', { metadata: { ownerReferences: [owner] } }),
    );

    assert.equal((await platform.read(`${USERS}/olga`)).metadata.ownerReferences, undefined);
  }));

for (const name of STRONGER) {
  test(`a user manager takes over neither account nor state of ${name}, who has rights that they lack`, () =>
    platform.assertWithstands(async () => {
      const uma = tokens.uma!;
      const before = (await platform.server.kubernetes(`${USERS}/${name}`)).json;

      await platform.expectRefused(uma, 'PUT', `${iam}/users/${name}/password`, {
        password: 'Taken-0ver',
      });
      await platform.expectRefused(uma, 'PUT', `${iam}/users/${name}/password?dryRun=All`, {
        password: 'Taken-0ver',
      });

      const stored = await platform.read(`${iam}/users/${name}`);
      const moved = { ...stored, spec: { ...stored.spec, email: `${name}@evil.example` } };

      await platform.expectRefused(uma, 'PUT', `${iam}/users/${name}`, moved);

      for (const change of [
        { spec: { password: 'Taken-0ver' } },
        { spec: { email: `${name}@evil.example` } },
        { status: { state: 'Disabled' } },
      ]) {
        await platform.expectRefusedAtEveryDoor(uma, ofUser(name, change));
      }

      await platform.expectRefused(uma, 'PATCH', `${USERS}/${name}/status`, {
        status: { state: 'Disabled' },
      });

      for (const path of [`${iam}/users/${name}`, `${USERS}/${name}`]) {
        for (const query of ['?dryRun=All', '']) {
          await platform.expectRefused(uma, 'DELETE', path + query);
        }
      }

      for (const what of ['sessions', 'totp']) {
        await platform.expectRefused(uma, 'DELETE', `${iam}/users/${name}/${what}`);
      }

      const { json: after } = await platform.server.kubernetes(`${USERS}/${name}`);
      assert.deepEqual([after.spec, after.status.state], [before.spec, before.status.state]);
      assert.equal((await platform.server.login(name, PASSWORD)).status, 200);
    }));
}

test('user managers may not delete collections that contain a user with more rights', () =>
  platform.assertWithstands(async () => {
    for (const query of [
      '?dryRun=All',
      '?fieldSelector=metadata.name%3Dwanda',
      '?labelSelector=a%3Db',
      '',
    ]) {
      await platform.expectRefused(tokens.uma!, 'DELETE', USERS + query);
    }

    assert.equal((await platform.server.login('wanda', PASSWORD)).status, 200);
  }));
