import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { TestServer } from '../../testing/test-server.ts';

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
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } };
  const body = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, ...(annotations && { annotations }) }, spec };
  const { status, json } = await server.kubernetes(JOBS, { method: 'POST', body });
  assert.equal(status, 201, JSON.stringify(json));
  return json.metadata.uid;
}
/** The Job as it is now. */
const read = async (name: string) => (await server.kubernetes(`${JOBS}/${name}`)).json;

test('a job runs again as another of the same name', async () => {
  const revisions = '{"1":{"status":"completed"},"2":{"status":"running"}}';
  for (const [name, annotations, ended] of [
    ['j1', { revisions, other: 'x' }, '{"1":{"status":"completed"},"2":{"status":"unfinished"}}'],
    ['j2', undefined, ''],
  ] as const) {
    const uid = await makeJob(name, annotations);
    const before = await read(name);
    const { status, json } = await operate(name, `action=rerun&resourceVersion=${before.metadata.resourceVersion}`);
    assert.deepEqual([status, json], [200, { message: 'success' }]);
    const { metadata, spec } = await read(name);
    assert.notEqual(metadata.uid, uid);
    assert.ok(metadata.annotations.revisions.startsWith(ended.slice(0, -1)), metadata.annotations.revisions);
    assert.equal(metadata.annotations.other, annotations?.other);
    assert.ok(!JSON.stringify(spec).includes(uid));
    assert.deepEqual(spec.template.spec.containers, before.spec.template.spec.containers);
  }
});

test('what is refused', async () => {
  const uid = await makeJob('j3');
  const wrong = await operate('j3', 'action=stop');
  assert.deepEqual([wrong.status, wrong.json], [400, { message: 'invalid operation stop' }]);
  const missing = await operate('nope', 'action=rerun&resourceVersion=1');
  assert.deepEqual([missing.status, missing.json], [500, { message: 'jobs.batch "nope" not found' }]);
  for (const query of ['action=rerun', 'action=rerun&resourceVersion=1']) {
    const { status, json } = await operate('j3', query);
    const message =
      'Operation cannot be fulfilled on job "j3": please apply your changes to the latest version and try again';
    assert.deepEqual([status, json], [409, { message }]);
  }
  assert.equal((await read('j3')).metadata.uid, uid);
});
