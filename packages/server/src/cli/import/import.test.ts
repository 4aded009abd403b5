import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { ConsoleSession } from '@ks-apiserver/server/test/console/console';
import {
  inviteToProject,
  inviteToWorkspace,
  newProject,
  newUser,
  newWorkspace,
} from '@ks-apiserver/server/test/console/forms';
import {
  ADMIN_PASSWORD,
  eventually,
  run,
  TestServer,
} from '@ks-apiserver/server/test/support/test-server';

// Imports the objects of one KubeSphere into another.
const IAM = '/kapis/iam.kubesphere.io/v1alpha2';
const PASSWORD = 'Passw0rd!';
let old: TestServer;
let fresh: TestServer;

before(async () => {
  [old, fresh] = await Promise.all([TestServer.start(), TestServer.start()]);

  const admin = await ConsoleSession.logIn(old, 'admin', ADMIN_PASSWORD);

  const send = async (call: Parameters<ConsoleSession['call']>[1]) => {
    const { status, text } = await admin.call('form', call);
    assert.ok(status < 300, text);
  };

  await send(newUser('admin', 'lead', 'platform-regular', PASSWORD));
  await send(newUser('admin', 'guest', 'platform-regular', PASSWORD));
  await send(newWorkspace('admin', 'team', 'lead'));
  await admin.until(`${IAM}/workspaces/team/workspaceroles`, ({ json }) => json.totalItems >= 4);

  await send({
    method: 'POST',
    path: `${IAM}/workspaces/team/workspaceroles`,
    body: {
      metadata: {
        name: 'team-auditor',
        annotations: {
          'kubesphere.io/creator': 'admin',
          'iam.kubesphere.io/aggregation-roles': '["role-template-view-members"]',
        },
      },
    },
  });

  await send(inviteToWorkspace('team', 'guest', 'auditor'));
  await send(newProject('admin', 'team', 'shop'));
  await admin.until(`${IAM}/namespaces/shop/roles`, ({ json }) => json.totalItems >= 3);
  await send(inviteToProject('shop', 'guest', 'viewer'));

  await send({
    method: 'POST',
    path: '/api/v1/namespaces/shop/resourcequotas',
    body: { metadata: { name: 'shop' }, spec: { hard: { pods: '7' } } },
  });
});

after(() => Promise.all([old, fresh].map((server) => server.stop())));

const command = (...args: string[]) => run(['import', ...args], { cwd: tmpdir() });
const runImport = (...args: string[]) =>
  command('--from', old.kubeconfig, '--kubeconfig', fresh.kubeconfig, ...args);

test('a dry run shows what would be created, and writes nothing', async () => {
  const { code, stdout, stderr } = await runImport('--dry-run');
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^users\.iam\.kubesphere\.io\/lead created$/m);
  assert.match(stdout, /\(dry run\)$/m);
  assert.equal((await fresh.kubernetes('/apis/iam.kubesphere.io/v1alpha2/users/lead')).status, 404);
});

test('imported users log in with their passwords and keep their roles', async () => {
  const { code, stdout, stderr } = await runImport();
  assert.equal(code, 0, `${stdout}${stderr}`);
  assert.match(stdout, /, 0 failed$/m);

  const guest = await eventually(() => ConsoleSession.logIn(fresh, 'guest', PASSWORD), 10_000);
  await guest.until(
    '/kapis/tenant.kubesphere.io/v1alpha2/workspaces',
    ({ json }) => json.totalItems === 1,
  );

  await guest.until('/api/v1/namespaces/shop/configmaps', ({ status }) => status === 200);
  await guest.until(`${IAM}/workspaces/team/workspacemembers`, ({ status }) => status === 200);

  const quota = await guest.call('project', {
    method: 'GET',
    path: '/api/v1/namespaces/shop/resourcequotas/shop',
  });

  assert.equal(quota.json.spec.hard.pods, '7');

  const made = {
    method: 'POST',
    path: '/api/v1/namespaces/shop/configmaps',
    body: { metadata: { name: 'mine' } },
  };

  assert.equal((await guest.call('project', made, [403])).status, 403);

  const lead = await ConsoleSession.logIn(fresh, 'lead', PASSWORD);
  assert.equal((await lead.call('project', made)).status, 201);
});

test('a second installation changes nothing, and the administrator keeps their password', async () => {
  const { code, stdout } = await runImport();
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^0 created, \d+ there already, 0 failed$/m);
  await ConsoleSession.logIn(fresh, 'admin', ADMIN_PASSWORD);
});

test('the command reports missing arguments', async () => {
  const without = await command();
  assert.deepEqual([without.code, /needs --from/.test(without.stderr)], [1, true]);
  assert.match((await command('--help')).stdout, /usage: ks-apiserver import --from FILE/);

  const missing = await command('--from', '/nowhere', '--kubeconfig', fresh.kubeconfig);
  assert.deepEqual([missing.code, /nowhere/.test(missing.stderr)], [1, true]);
});
