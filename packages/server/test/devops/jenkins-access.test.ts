import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JENKINS_ADMIN } from '../support/jenkins/jenkins-server.ts';
import { PATHS } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import { DEVOPS, DevOpsPlatform } from './devops-platform.ts';

let devops: DevOpsPlatform;
let project: string;

before(async () => {
  devops = await DevOpsPlatform.start();
  const { platform } = devops;

  for (const name of ['vera', 'otto', 'wanda', 'rita']) {
    await platform.createUser(name);
  }

  await platform.createUser('manny', 'workspaces-manager');
  await platform.createWorkspace('ws', 'wanda');
  project = await devops.createProject('ws', 'shop-');
  await platform.addMember(`devops/${project}`, 'vera', 'viewer');
  await platform.addMember(`devops/${project}`, 'otto', 'operator');
});

after(() => devops.stop());

const sidsOf = (key: string) => [...(devops.jenkins.state.roles.get(key)?.sids ?? [])].sort();
const roleOf = (level: string) => `projectRoles kubesphere_${project}_${level}`;

test('members get a role in Jenkins that reaches no further than their project', async () => {
  await eventually(async () => {
    assert.deepEqual(sidsOf(roleOf('viewer')), ['vera']);
    assert.ok(sidsOf(roleOf('operator')).includes('otto'));
    assert.ok(sidsOf(roleOf('operator')).includes('wanda'), 'she administers the workspace');
    assert.ok(sidsOf(roleOf('operator')).includes('manny'), 'he manages all workspaces');
  });

  const { pattern = '', permissions = [] } = devops.jenkins.state.roles.get(roleOf('viewer')) ?? {};
  const reaches = new RegExp(pattern);

  assert.ok(reaches.test(project));
  assert.ok(reaches.test(`${project}/build`));
  assert.ok(!reaches.test(`${project}2/build`));
  assert.ok(!reaches.test('other'));
  assert.deepEqual(permissions, ['hudson.model.Item.Discover', 'hudson.model.Item.Read']);
});

test('users without a role in the project get none in Jenkins, and only administrators get all', async () => {
  await eventually(async () => assert.deepEqual(sidsOf('globalRoles admin'), ['admin']));
  assert.ok(!sidsOf(roleOf('viewer')).includes('rita'));
  assert.ok(!sidsOf(roleOf('operator')).includes('rita'));
});

test('who loses a role in the project loses the one in Jenkins', async () => {
  const member = `${PATHS.iam}/devops/${project}/members/vera`;
  assert.equal((await devops.platform.call(member, { method: 'DELETE' })).status, 200);
  await eventually(async () => assert.deepEqual(sidsOf(roleOf('viewer')), []));
});

test('who is no administrator any more loses Jenkins’ role, and Jenkins’ own accounts keep it', async () => {
  const admins = devops.jenkins.state.roles.get('globalRoles admin')?.sids;
  admins?.add('rita').add('account-of-jenkins').add(JENKINS_ADMIN.username);

  // The controller asks Jenkins again after a moment, not at once.
  await eventually(async () => {
    await devops.platform.write(
      `${PATHS.iamObjects}/users/rita`,
      { metadata: { annotations: { touched: String(performance.now()) } } },
      { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
    );

    assert.deepEqual(sidsOf('globalRoles admin'), [
      'account-of-jenkins',
      'admin',
      JENKINS_ADMIN.username,
    ]);
  });
});

test('the roles go with the project', async () => {
  await devops.platform.call(`${DEVOPS}/workspaces/ws/devops/${project}`, { method: 'DELETE' });
  await eventually(async () => {
    assert.equal(devops.jenkins.state.roles.get(roleOf('viewer')), undefined);
    assert.equal(devops.jenkins.state.roles.get(roleOf('operator')), undefined);
  });
});

test('a Jenkins without the plugin is left to decide by itself', async () => {
  devops.jenkins.failures.add({
    status: 404,
    when: ({ path }) => path.startsWith('/role-strategy/'),
  });

  const other = await devops.createProject('ws', 'plain-');
  await devops.platform.addMember(`devops/${other}`, 'vera', 'viewer');
  await eventually(async () =>
    assert.ok(
      devops.jenkins.calls.some(({ rawQuery }) => rawQuery.includes(`kubesphere_${other}_`)),
    ),
  );

  const { items } = await devops.platform.read('/api/v1/namespaces/default/events');
  const about = items.filter(
    ({ involvedObject, reason }: { involvedObject: { name: string }; reason: string }) =>
      involvedObject.name === other && reason === 'ReconcileFailed',
  );
  assert.deepEqual(about, []);
});
