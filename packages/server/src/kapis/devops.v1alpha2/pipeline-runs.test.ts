import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  ASKING_JOB,
  JOB,
  MULTI_BRANCH_JOB,
  PipelinesPlatform,
} from '@ks-apiserver/server/test/support/pipelines-platform';

let devops: PipelinesPlatform;

before(async () => {
  devops = await PipelinesPlatform.start();
  devops.jenkins.state.addJob('proj', 'shop', ASKING_JOB);
  devops.jenkins.state.addJob('proj', 'quick', JOB);
  devops.jenkins.state.addJob('proj', 'web', MULTI_BRANCH_JOB);
});

after(() => devops.stop());

const SHOP = '/devops/proj/pipelines/shop';

const lastCall = () => devops.callsOfUsers.at(-1)!;

test('a run is started, followed, approved and found again', async () => {
  const parameters = [{ name: 'ENV', value: 'prod & <x>' }];
  const started = await devops.call(`${SHOP}/runs`, { body: { parameters } });

  assert.equal(started.status, 200, started.text);
  assert.deepEqual([started.json.id, started.json.state], ['1', 'QUEUED']);
  assert.deepEqual(JSON.parse(lastCall().body), { parameters });

  devops.runs.advance('proj', 'shop');

  const first = await devops.call(`${SHOP}/runs/1/nodes/5/steps/6/log?start=0`);
  assert.equal(first.text, 'Started\n+ make\n');
  assert.equal(first.headers.get('x-more-data'), 'true');

  devops.runs.advance('proj', 'shop');

  const size = first.headers.get('x-text-size');
  const next = await devops.call(`${SHOP}/runs/1/log?start=${size}`);
  assert.equal(next.text, 'Deploy?\n');

  const detail = await devops.call(`${SHOP}/runs/1/nodesdetail?limit=10000`);
  const [node] = detail.json;
  assert.deepEqual(
    node.steps.map(({ id, state }: { id: string; state: string }) => [id, state]),
    [
      ['6', 'FINISHED'],
      ['7', 'PAUSED'],
    ],
  );
  assert.equal(node.steps[1].input.id, 'Deploy');

  const approved = await devops.call(`${SHOP}/runs/1/nodes/5/steps/7`, {
    body: { id: 'Deploy' },
  });
  assert.equal(approved.status, 200, approved.text);

  const run = await devops.call(`${SHOP}/runs/1`);
  assert.deepEqual([run.json.state, run.json.result], ['FINISHED', 'SUCCESS']);

  const log = await devops.call(`${SHOP}/runs/1/log`);
  assert.equal(log.headers.get('x-more-data'), null);

  const list = await devops.call(`${SHOP}/runs?start=0&limit=10`);
  assert.deepEqual([list.json.items.length, list.json.totalItems], [1, 1]);
});

test('a step that waits can be aborted, and a run replayed and stopped', async () => {
  await devops.call('/devops/proj/pipelines/shop/runs', { method: 'POST' });
  const { length } = devops.runs.of('proj', 'shop');
  const run = `${SHOP}/runs/${length}`;

  devops.runs.advance('proj', 'shop');
  devops.runs.advance('proj', 'shop');

  const aborted = await devops.call(`${run}/nodes/5/steps/7`, {
    body: { id: 'Deploy', abort: true },
  });
  assert.equal(aborted.status, 200);
  assert.equal((await devops.call(run)).json.result, 'ABORTED');

  const replayed = await devops.call(`${run}/replay`, { method: 'POST' });
  assert.equal(replayed.json.id, String(length + 1));

  const stopped = await devops.call(`${SHOP}/runs/${length + 1}/stop?blocking=true`, {
    method: 'POST',
  });
  assert.deepEqual([stopped.json.state, stopped.json.result], ['FINISHED', 'ABORTED']);
  assert.equal(lastCall().method, 'PUT');
});

test('a scan finds branches, whose runs have paths of their own', async () => {
  const scanned = await devops.call('/devops/proj/pipelines/web/scan?delay=0', { method: 'POST' });

  // Jenkins answers with a redirect to its own page.
  assert.deepEqual([scanned.status, scanned.text], [200, '']);
  assert.equal(lastCall().path, '/job/proj/job/web/build');

  const branches = await devops.call('/devops/proj/pipelines/web/branches');
  assert.deepEqual(
    branches.json.map(({ name }: { name: string }) => name),
    ['main', 'feature/x'],
  );

  const branch = '/devops/proj/pipelines/web/branches/feature%252Fx';
  const started = await devops.call(`${branch}/runs`, { body: { parameters: [] } });
  assert.equal(started.status, 200, started.text);
  assert.match(lastCall().path, /\/branches\/feature%2Fx\/runs\/$/);
  assert.equal((await devops.call(`${branch}/runs/1`)).json.id, '1');

  const log = await devops.call('/devops/proj/pipelines/web/consolelog');
  assert.equal(log.text, 'Scan\nFinished: SUCCESS\n');
});

test('Jenkins is called as the caller, and with nothing that names another user', async () => {
  const token = await devops.platform.createUser('jane', 'platform-admin');
  const headers = {
    cookie: 'session=1',
    'x-forwarded-user': 'root',
    'x-remote-user': 'root',
    'impersonate-user': 'root',
    'x-test': 'kept',
  };

  const { status, text } = await devops.call(SHOP, { token, headers });
  const sent = lastCall().headers;

  assert.equal(status, 200, text);
  assert.equal(sent.authorization, `Basic ${btoa(`jane:${token}`)}`);
  assert.equal(sent['x-test'], 'kept');
  assert.equal(sent['jenkins-crumb'], 'crumb-of-users');

  for (const name of ['cookie', 'x-forwarded-user', 'x-remote-user', 'impersonate-user']) {
    assert.equal(sent[name], undefined, name);
  }

  const basic = `Basic ${btoa('admin:P@88w0rd')}`;
  await devops.platform.server.call(`/kapis/devops.kubesphere.io/v1alpha2${SHOP}`, {
    headers: { authorization: basic },
  });
  assert.equal(lastCall().headers.authorization, basic);
});

test('an error of Jenkins is a text, also when it is a page', async () => {
  const found = await devops.call('/devops/proj/pipelines/none');

  assert.equal(found.status, 500);
  assert.equal(found.json.message, 'no such thing');

  devops.failNext({ status: 403, body: '<script>alert(1)</script>' });
  const refused = await devops.call(`${SHOP}/runs`);

  assert.deepEqual([refused.status, refused.text], [500, '<script>alert(1)</script>']);
  assert.equal(refused.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(refused.headers.get('x-content-type-options'), 'nosniff');
});

test('a write without the crumb is refused by Jenkins', async () => {
  const { status, text } = await devops.call(`${SHOP}/runs`, {
    method: 'POST',
    headers: { 'jenkins-crumb': 'wrong' },
  });

  assert.equal(status, 500);
  assert.match(text, /No valid crumb/);
  assert.equal((await devops.call('/crumbissuer')).json.crumb, 'crumb-of-users');
});

test('a dry run does not reach Jenkins', async () => {
  const { length } = devops.callsOfUsers;
  const { status } = await devops.call(`${SHOP}/runs?dryRun=All`, { method: 'POST' });

  assert.equal(status, 400);
  assert.equal(devops.callsOfUsers.length, length);
});

test('JSON becomes a Jenkinsfile and back', async () => {
  const made = await devops.call('/tojenkinsfile', { form: { json: '{}' } });
  assert.deepEqual(made.json.data, { result: 'success', jenkinsfile: 'pipeline {}' });

  const read = await devops.call('/tojson', { form: { jenkinsfile: 'pipeline {}' } });
  assert.deepEqual(read.json.data.json, { pipeline: 'pipeline {}' });
});

test('names that lead to another path do not reach Jenkins', async () => {
  const { length } = devops.callsOfUsers;

  for (const name of ['%252e%252e', '%252e%252e%252Fother', '%252e%252e;x', 'a%255Cb', 'a%250Ab']) {
    const { status } = await devops.call(`/devops/proj/pipelines/${name}/runs`);
    assert.equal(status, 400, name);
  }

  const slash = await devops.call('/devops/proj/pipelines/a%252Fb');
  assert.equal(slash.status, 400);
  assert.equal(devops.callsOfUsers.length, length);
});
