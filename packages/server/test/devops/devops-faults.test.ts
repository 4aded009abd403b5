import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FOLDER } from '../support/jenkins/state.ts';
import { eventually, TestServer } from '../support/test-server.ts';
import { credentialOf, DEVOPS, DevOpsPlatform, OBJECTS, pipelineOf } from './devops-platform.ts';

let devops: DevOpsPlatform;
let project: string;

/** Longest back-off of a controller that these tests wait for, in milliseconds. */
const BACK_OFF_MS = 60_000;

before(async () => {
  devops = await DevOpsPlatform.start();
  await devops.platform.createWorkspace('ws');
  project = await devops.createProject('ws', 'faults-');
});

after(() => devops.stop());

const job = (name: string) => devops.jenkins.state.find(project, name);
const pipelines = () => `${DEVOPS}/devops/${project}/pipelines`;

test('a Jenkins that is down stops nothing but its own objects, which follow when it is up', async () => {
  await devops.jenkins.down();

  const { metadata } = await devops.platform.write(`${DEVOPS}/workspaces/ws/devops`, {
    metadata: { generateName: 'early-' },
  });
  await devops.platform.write(pipelines(), pipelineOf('early'));
  await devops.platform.write(
    `${DEVOPS}/devops/${project}/credentials`,
    credentialOf('early', 'early-password'),
  );

  // Controllers of other kinds go on.
  await devops.platform.createWorkspace('meanwhile');
  await eventually(async () => {
    const created = await devops.platform.read(`${OBJECTS}/devopsprojects/${metadata.name}`);
    assert.equal(created.status.adminNamespace, metadata.name);
  });

  await eventually(async () => {
    const { annotations } = (await devops.platform.read(`${pipelines()}/early`)).metadata;
    assert.equal(annotations['pipeline.devops.kubesphere.io/syncstatus'], 'failed');
    assert.match(annotations['pipeline.devops.kubesphere.io/syncmsg'], /ECONNREFUSED/);

    const events = await devops.eventsOf(project, 'early');
    assert.ok(events.some(({ reason }) => reason === 'ReconcileFailed'));
    assert.doesNotMatch(JSON.stringify(events), /early-password/);
  });

  await devops.jenkins.up();
  await devops.untilReady(metadata.name);
  await eventually(async () => {
    assert.ok(job('early'));
    assert.equal(
      devops.jenkins.state.find(project)?.credentials.get('early')?.password,
      'early-password',
    );
    const { annotations } = (await devops.platform.read(`${pipelines()}/early`)).metadata;
    assert.equal(annotations['pipeline.devops.kubesphere.io/syncstatus'], 'successful');
    assert.equal(annotations['pipeline.devops.kubesphere.io/syncmsg'], undefined);
  }, BACK_OFF_MS);
});

test('a job that Jenkins created before it hung up is taken up', async () => {
  devops.jenkins.failures.add({
    drop: 'after',
    times: 1,
    when: ({ path, query }) => path.endsWith('/createItem') && query.get('name') === 'torn',
  });

  await devops.platform.write(pipelines(), pipelineOf('torn'));
  await eventually(async () => {
    const { annotations } = (await devops.platform.read(`${pipelines()}/torn`)).metadata;
    assert.equal(annotations['pipeline.devops.kubesphere.io/syncstatus'], 'successful');
  }, BACK_OFF_MS);
  assert.ok(job('torn'));
});

test('Jenkins may forget its sessions', async () => {
  devops.jenkins.state.sessions.clear();
  await devops.platform.write(pipelines(), pipelineOf('fresh'));
  await eventually(async () => assert.ok(job('fresh')));
});

for (const [name, failure, expected] of [
  ['a page of 500', { status: 500 }, /Jenkins answered 500 .*: Ordered failure/],
  ['a page for signing in', { status: 302, headers: { location: '/login?from=' } }, /sign in/],
  [
    'an endless page',
    { status: 500, body: `<html><head><title>${'x'.repeat(5000)}</title>` },
    /^.{1,450}$/s,
  ],
] as const) {
  test(`${name} is a failure that the pipeline tells of, in short`, async () => {
    const named = `odd-${expected.source.length}`;
    const isItsJob = ({ query }: { query: URLSearchParams }) => query.get('name') === named;
    devops.jenkins.failures.add({ ...failure, when: isItsJob });
    await devops.platform.write(pipelines(), pipelineOf(named));

    await eventually(async () => {
      const { annotations } = (await devops.platform.read(`${pipelines()}/${named}`)).metadata;
      assert.equal(annotations['pipeline.devops.kubesphere.io/syncstatus'], 'failed');
      assert.match(annotations['pipeline.devops.kubesphere.io/syncmsg'], expected);
    });

    devops.jenkins.failures.clear();
    await eventually(async () => assert.ok(job(named)), BACK_OFF_MS);
  });
}

test('a deletion waits for Jenkins, and leaves no job behind', async () => {
  await devops.jenkins.down();
  assert.equal(
    (await devops.platform.call(`${pipelines()}/torn`, { method: 'DELETE' })).status,
    200,
  );
  await sleep(2000);

  const { metadata } = await devops.platform.read(`${pipelines()}/torn`);
  assert.notEqual(metadata.deletionTimestamp, undefined);

  await devops.jenkins.up();
  await eventually(
    async () => assert.equal((await devops.platform.call(`${pipelines()}/torn`)).status, 404),
    BACK_OFF_MS,
  );
  assert.equal(job('torn'), undefined);
});

test('a folder or namespace that somebody deletes is made again', async () => {
  devops.jenkins.state.items.delete(project);
  await devops.platform.call(`/api/v1/namespaces/${project}`, { method: 'DELETE' });

  await eventually(async () => {
    const { metadata } = await devops.platform.read(`/api/v1/namespaces/${project}`);
    assert.equal(metadata.deletionTimestamp, undefined);
    assert.equal(metadata.labels['kubesphere.io/devopsproject'], project);
    assert.equal(devops.jenkins.state.find(project)?._class, FOLDER);
  }, BACK_OFF_MS);
});

test('a server that is killed between two steps goes on where it was', async () => {
  const jenkins = devops.jenkins;
  const args = ['--config', devops.config];
  const dataDir = await mkdtemp(join(tmpdir(), 'ks-killed-'));
  const first = await TestServer.start({ args, dataDir });
  const call = async (server: TestServer, path: string, body?: unknown) =>
    server.call(path, { token: await server.token(), ...(body !== undefined && { body }) });

  await call(first, '/kapis/tenant.kubesphere.io/v1alpha2/workspaces', {
    metadata: { name: 'ws' },
    spec: { template: { spec: { manager: 'admin' } } },
  });

  // Jenkins creates the folder, and the server dies before it hears of it.
  jenkins.failures.add({ delayMs: 60_000, when: ({ path }) => path === '/createItem' });
  const { json } = await eventually(async () => {
    const answer = await call(first, `${DEVOPS}/workspaces/ws/devops`, {
      metadata: { generateName: 'killed-' },
    });
    assert.equal(answer.status, 200, answer.text);
    return answer;
  });
  const { name } = json.metadata;
  await eventually(async () =>
    assert.ok(
      jenkins.calls.some(({ path, query }) => path === '/createItem' && query.get('name') === name),
    ),
  );
  await first.stop('SIGKILL');
  jenkins.failures.clear();
  jenkins.state.addFolder(name);

  const second = await TestServer.start({ args, dataDir });

  try {
    await eventually(async () => {
      const { metadata, status } = (await call(second, `${OBJECTS}/devopsprojects/${name}`)).json;
      assert.equal(status.adminNamespace, name);
      assert.equal(
        metadata.annotations['devopsproject.devops.kubesphere.io/syncstatus'],
        'successful',
      );
    });
  } finally {
    await second.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});
