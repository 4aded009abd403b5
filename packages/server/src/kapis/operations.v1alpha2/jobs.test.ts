import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, TestServer } from '@ks-apiserver/server/test/support/test-server';

const JOBS = '/apis/batch/v1/namespaces/default/jobs';
let server: TestServer;
let token: string;

before(async () => {
  server = await TestServer.start({ args: ['--register-node', 'false'] });
  token = await server.token();
});

after(() => server.stop());

const operate = (job: string, query: string) =>
  server.call(`/kapis/operations.kubesphere.io/v1alpha2/namespaces/default/jobs/${job}?${query}`, {
    method: 'POST',
    token,
  });

async function makeJob(name: string, annotations?: Record<string, string>): Promise<string> {
  const spec = {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
  };

  const body = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, ...(annotations && { annotations }) },
    spec,
  };

  const { status, json } = await server.kubernetes(JOBS, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));

  return json.metadata.uid;
}

/** Returns the current Job. */
const read = async (name: string) => (await server.kubernetes(`${JOBS}/${name}`)).json;

/** Returns the Job once its annotation contains its current run. */
const waitForRun = (name: string) =>
  eventually(async () => {
    const job = await read(name);
    assert.ok(
      job.metadata.annotations?.revisions?.includes(job.metadata.uid),
      job.metadata.annotations?.revisions,
    );

    return job;
  });

const states = (job: { metadata: { annotations: { revisions: string } } }) =>
  Object.values(
    JSON.parse(job.metadata.annotations.revisions) as Record<string, { status: string }>,
  ).map(({ status }) => status);

test('a rerun job is recreated under its name, and its annotation lists all runs', async () => {
  const revisions = '{"1":{"status":"completed","uid":"x"},"2":{"status":"running","uid":"y"}}';
  for (const [name, annotations, before, after] of [
    [
      'j1',
      { revisions, other: 'x' },
      ['completed', 'running', 'running'],
      ['completed', 'unfinished', 'unfinished', 'running'],
    ],
    ['j2', undefined, ['running'], ['unfinished', 'running']],
  ] as const) {
    await makeJob(name, annotations);

    const old = await waitForRun(name);
    assert.deepEqual(states(old), before);

    const { status, json } = await operate(
      name,
      `action=rerun&resourceVersion=${old.metadata.resourceVersion}`,
    );

    assert.deepEqual([status, json], [200, { message: 'success' }]);

    const { metadata, spec } = await waitForRun(name);
    assert.notEqual(metadata.uid, old.metadata.uid);
    assert.deepEqual(states({ metadata }), after);
    assert.equal(metadata.annotations.other, annotations?.other);
    assert.ok(!JSON.stringify(spec).includes(old.metadata.uid));
    assert.deepEqual(spec.template.spec.containers, old.spec.template.spec.containers);
  }
});

test('invalid operations are refused', async () => {
  const uid = await makeJob('j3');
  const wrong = await operate('j3', 'action=stop');

  assert.deepEqual([wrong.status, wrong.json], [400, { message: 'invalid operation stop' }]);

  const missing = await operate('nope', 'action=rerun&resourceVersion=1');
  assert.deepEqual(
    [missing.status, missing.json],
    [500, { message: 'jobs.batch "nope" not found' }],
  );

  for (const query of ['action=rerun', 'action=rerun&resourceVersion=1']) {
    const { status, json } = await operate('j3', query);
    const message =
      'Operation cannot be fulfilled on job "j3": please apply your changes to the latest version and try again';
    assert.deepEqual([status, json], [409, { message }]);
  }

  assert.equal((await read('j3')).metadata.uid, uid);
});
