import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JOB, PipelinesPlatform } from '@ks-apiserver/server/test/support/pipelines-platform';
import { eventually } from '@ks-apiserver/server/test/support/test-server';

let devops: PipelinesPlatform;
let viewer: string;

before(async () => {
  devops = await PipelinesPlatform.start();
  const { platform, jenkins } = devops;

  await platform.createWorkspace('ws-a');
  await platform.createWorkspace('ws-b');
  await devops.createProject('proj-a', 'ws-a');
  await devops.createProject('proj-b', 'ws-b');

  viewer = await platform.createUser('viewer');
  await platform.addMember('workspaces/ws-a', 'viewer', 'ws-a-viewer');

  // Those of the other project come between the own ones.
  jenkins.state.addFolder('aaa');
  for (const [folder, name] of [
    ['aaa', 'x'],
    ['proj-b', 'secret'],
    ['proj-a', 'one'],
    ['proj-a', 'two'],
    ['proj-a', 'three'],
  ] as const) {
    jenkins.state.addJob(folder, name, JOB);
  }

  await eventually(async () =>
    assert.equal(
      (await devops.call('/devops/proj-a/pipelines/one', { token: viewer })).status,
      200,
    ),
  );
});

after(() => devops.stop());

const namesOf = ({ json }: { json: { items: { fullName: string }[] } }) =>
  json.items.map(({ fullName }) => fullName);

test('a tenant finds the pipelines of their own projects', async () => {
  const found = await devops.call('/search?q=type:pipeline', { token: viewer });

  assert.equal(found.status, 200, found.text);
  assert.deepEqual(namesOf(found), ['proj-a/one', 'proj-a/two', 'proj-a/three']);
  assert.equal(found.json.total_count, 3);
  assert.doesNotMatch(found.text, /secret/);

  const page = await devops.call('/search?q=type:pipeline&start=1&limit=1', { token: viewer });
  assert.deepEqual(namesOf(page), ['proj-a/two']);
  assert.equal(page.json.total_count, 3);
});

test("a search that names another tenant's project finds nothing", async () => {
  const q = encodeURIComponent('type:pipeline;pipeline:proj-b/*');
  const found = await devops.call(`/search?q=${q}`, { token: viewer });

  assert.deepEqual([found.json.items, found.json.total_count], [[], 0]);
});

test('an administrator finds all pipelines', async () => {
  const found = await devops.call('/search');
  assert.equal(found.json.total_count, 5);
  assert.equal(namesOf(found).length, 5);
});

test("a tenant cannot call what is another's, nor Jenkins itself", async () => {
  for (const path of [
    '/devops/proj-b/pipelines/secret',
    '/devops/proj-b/pipelines/secret/runs',
    '/devops/aaa/pipelines/x',
    '/jenkins/job/proj-b/job/secret/',
    '/jenkins/job/proj-a/job/one/',
  ]) {
    const { length } = devops.callsOfUsers;
    const { status } = await devops.call(path, { token: viewer });

    assert.equal(status, 403, path);
    assert.equal(devops.callsOfUsers.length, length);
  }

  // A viewer of a workspace starts nothing.
  const { status } = await devops.call('/devops/proj-a/pipelines/one/runs', {
    method: 'POST',
    token: viewer,
  });
  assert.equal(status, 403);
});
