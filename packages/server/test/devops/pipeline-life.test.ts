import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JenkinsRuns, USER_CRUMB } from '../support/jenkins/runs.ts';
import { isTokenOf } from '../support/pipelines-platform.ts';
import { eventually } from '../support/test-server.ts';
import { DEVOPS, DevOpsPlatform } from './devops-platform.ts';

const RUNS = '/kapis/devops.kubesphere.io/v1alpha2';

const runs = new JenkinsRuns();
let devops: DevOpsPlatform;
let project: string;
let maintainer: string;
let stranger: string;

before(async () => {
  devops = await DevOpsPlatform.start({ authenticate: isTokenOf, routes: runs.routes });

  const { platform } = devops;
  await platform.createWorkspace('ws');
  project = await devops.createProject('ws', 'shop-');

  maintainer = await platform.createUser('maintainer');
  stranger = await platform.createUser('stranger');
  await platform.addMember(`devops/${project}`, 'maintainer', 'operator');
});

after(() => devops.stop());

/** Calls as the member of the project who maintains it. */
const call = (path: string, options = {}, token = maintainer) =>
  devops.platform.call(path, { token, headers: { 'jenkins-crumb': USER_CRUMB }, ...options });

test('a member creates, runs, approves and deletes a pipeline', async () => {
  const pipelines = `${DEVOPS}/devops/${project}/pipelines`;
  const jenkinsfile = "pipeline { stages { stage('x') { steps { input 'Deploy?' } } } }";

  const created = await call(pipelines, {
    body: {
      metadata: { name: 'web' },
      spec: { type: 'pipeline', pipeline: { name: 'web', jenkinsfile } },
    },
  });
  assert.equal(created.status, 200, created.text);

  const pipeline = `${RUNS}/devops/${project}/pipelines/web`;
  await eventually(async () => assert.equal((await call(pipeline)).status, 200));

  const search = await call(`${RUNS}/search?q=type:pipeline`);
  assert.deepEqual(
    search.json.items.map(({ fullName }: { fullName: string }) => fullName),
    [`${project}/web`],
  );

  assert.equal((await call(`${RUNS}/crumbissuer`)).json.crumb, USER_CRUMB);
  const started = await call(`${pipeline}/runs`, { body: { parameters: [] } });
  assert.equal(started.status, 200, started.text);

  const run = `${pipeline}/runs/${started.json.id}`;
  runs.advance(project, 'web');
  runs.advance(project, 'web');

  const [node] = (await call(`${run}/nodesdetail?limit=10000`)).json;
  const waiting = node.steps.find(({ input }: { input?: object }) => input);
  assert.equal(waiting.input.message, 'Deploy?');

  const step = `${run}/nodes/${node.id}/steps/${waiting.id}`;
  const approval = { body: { id: waiting.input.id } };
  assert.equal((await call(step, approval, stranger)).status, 403);
  assert.equal((await call(step, approval)).status, 200);
  assert.equal((await call(run)).json.result, 'SUCCESS');
  assert.match((await call(`${run}/log?start=0`)).text, /Finished: SUCCESS/);

  const deleted = await call(`${pipelines}/web`, { method: 'DELETE' });
  assert.equal(deleted.status, 200, deleted.text);

  await eventually(async () => {
    const gone = await call(pipeline);
    assert.deepEqual([gone.status, gone.json?.message], [500, 'no such thing']);
  });
});

test('whoever is no member of a project sees none of it', async () => {
  const { status } = await call(`${RUNS}/devops/${project}/pipelines/web`, {}, stranger);
  assert.equal(status, 403);

  const search = await call(`${RUNS}/search?q=type:pipeline`, {}, stranger);
  assert.equal(search.json.total_count, 0);
});
