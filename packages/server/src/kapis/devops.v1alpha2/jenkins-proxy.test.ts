import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JOB, PipelinesPlatform } from '@ks-apiserver/server/test/support/pipelines-platform';
import { jenkinsUrl } from './jenkins-proxy.ts';

let devops: PipelinesPlatform;

before(async () => {
  devops = await PipelinesPlatform.start();
  devops.jenkins.state.addJob('proj', 'shop', JOB);
  devops.runs.addFile('/job/proj/job/shop/1/artifact/report.html', '<script>steal()</script>');
});

after(() => devops.stop());

test('a page of Jenkins has an origin of its own and no scripts', async () => {
  const page = await devops.call('/jenkins/job/proj/job/shop/1/artifact/report.html?a=%2F');

  assert.deepEqual([page.status, page.text], [200, '<script>steal()</script>']);
  assert.match(page.headers.get('content-security-policy') ?? '', /^sandbox(?!.*allow-scripts)/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(page.headers.get('set-cookie'), null);
  assert.equal(devops.callsOfUsers.at(-1)?.rawQuery, 'a=%2F');
});

test('errors and redirects of Jenkins are passed on', async () => {
  assert.equal((await devops.call('/jenkins/nothing/here')).status, 404);

  const location = 'http://127.0.0.1:1/else';
  devops.failNext({ status: 302, headers: { location } });

  const moved = await devops.call('/jenkins/moved');
  assert.deepEqual([moved.status, moved.headers.get('location')], [302, location]);

  devops.failNext({ drop: 'before' });
  assert.equal((await devops.call('/jenkins/x')).status, 502);
});

test('what has no other method has no other method here either', async () => {
  const { length } = devops.callsOfUsers;
  assert.equal((await devops.call('/jenkins/createItem', { method: 'POST' })).status, 405);
  assert.equal(devops.callsOfUsers.length, length);
});

test('a URL of Jenkins is what follows the prefix', () => {
  const base = '/kapis/devops.kubesphere.io/v1alpha2/jenkins';

  assert.equal(jenkinsUrl(`${base}/job/a/?b=c?d`), '/job/a/?b=c?d');
  assert.equal(jenkinsUrl(`${base}/v1alpha2/jenkins/x`), '/v1alpha2/jenkins/x');

  for (const path of ['/a/..;/b', '/a/..;x=1/b', '/a/.;/b', '/a/..%3b/b', '/a/..']) {
    assert.throws(() => jenkinsUrl(base + path), { code: 400 }, path);
  }
});
