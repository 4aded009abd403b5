import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { JenkinsAdmin } from '@ks-apiserver/upstreams/jenkins/jenkins-admin';
import { JenkinsCredentials } from '@ks-apiserver/upstreams/jenkins/jenkins-credentials';
import { JenkinsError } from '@ks-apiserver/upstreams/jenkins/jenkins-error';
import { folderPath, JenkinsItems } from '@ks-apiserver/upstreams/jenkins/jenkins-items';
import { UpstreamError } from '@ks-apiserver/upstreams/upstream';
import { JENKINS_ADMIN, JenkinsServer } from '../support/jenkins/jenkins-server.ts';

const SECRET = 'never-tell-this';

let jenkins: JenkinsServer;
let admin: JenkinsAdmin;

before(async () => {
  jenkins = await JenkinsServer.start();
  admin = open();
});

afterEach(() => jenkins.failures.clear());

after(async () => {
  await admin.close();
  await jenkins.stop();
});

function open(options: { password?: string; maxConnections?: number; timeoutMs?: number } = {}) {
  return new JenkinsAdmin({ url: jenkins.url, maxConnections: 10, ...JENKINS_ADMIN, ...options });
}

const crumbCalls = () => jenkins.calls.filter(({ path }) => path.startsWith('/crumbIssuer')).length;

test('a crumb is asked for once, and again when Jenkins has forgotten the session', async () => {
  const items = new JenkinsItems(admin);
  const before = crumbCalls();
  await Promise.all(['a', 'b', 'c'].map((name) => items.createFolder(name)));
  assert.equal(crumbCalls(), before + 1);

  jenkins.state.sessions.clear();
  await items.createFolder('d');
  assert.equal(crumbCalls(), before + 2);
  assert.ok(jenkins.state.find('d'));
});

test('a Jenkins without a crumb issuer needs none', async () => {
  const open = await JenkinsServer.start({
    needsCrumb: false,
    routes: [
      { method: 'GET', path: /^\/crumbIssuer\//, answer: () => ({ status: 404, body: 'none' }) },
    ],
  });
  const client = new JenkinsAdmin({ url: open.url, maxConnections: 1, ...JENKINS_ADMIN });

  try {
    await new JenkinsItems(client).createFolder('free');
    assert.ok(open.state.find('free'));
  } finally {
    await client.close();
    await open.stop();
  }
});

test('a wrong password is told by its status, and not by what was sent', async () => {
  const wrong = open({ password: SECRET });

  await assert.rejects(new JenkinsItems(wrong).find(folderPath('a')), (error: JenkinsError) => {
    assert.equal(error.status, 401);
    assert.doesNotMatch(String(error), new RegExp(`${SECRET}|${btoa(SECRET)}`));
    return true;
  });

  await wrong.close();
});

test('a failure repeats the heading of a page, or the message of JSON', async () => {
  const items = new JenkinsItems(admin);

  for (const [body, reason] of [
    ['<html><head><title>Oops \n here</title></head><body>secret</body></html>', 'Oops here'],
    ['{"message":"no such plugin","code":500}', 'no such plugin'],
    ['plain words', 'plain words'],
    ['<html><body>no heading</body></html>', ''],
  ] as const) {
    jenkins.failures.add({ status: 500, body, times: 1 });

    await assert.rejects(items.readJob({ folder: 'a', name: 'x' }), {
      message: `Jenkins answered 500 to GET /job/a/job/x/config.xml${reason && `: ${reason}`}`,
    });
  }
});

test('a failure with a credential repeats nothing that Jenkins says', async () => {
  jenkins.failures.add({
    status: 500,
    body: `<title>cannot bind ${SECRET}</title>`,
    when: ({ path }) => path.endsWith('/createCredentials'),
  });

  await assert.rejects(
    new JenkinsCredentials(admin).create(
      { folder: 'a', id: 'x' },
      { type: 'secret-text', secret: SECRET },
    ),
    (error: JenkinsError) => {
      assert.doesNotMatch(error.message, new RegExp(SECRET));
      return true;
    },
  );
});

test('names are escaped, so that a path has no more segments than it should', async () => {
  await new JenkinsItems(admin).find(folderPath('a/../b?c'));
  assert.equal(jenkins.calls.at(-1)?.path, '/job/a%2F..%2Fb%3Fc/api/json');
});

test('calls beyond the limit wait, and a Jenkins that says nothing ends them in time', async () => {
  const slow = open({ maxConnections: 1, timeoutMs: 300 });
  jenkins.failures.add({ delayMs: 1000 });

  try {
    await assert.rejects(
      Promise.all([slow.get('/job/a/api/json'), slow.get('/job/b/api/json')]),
      (error: UpstreamError) => error.kind === 'timeout',
    );
  } finally {
    await slow.close();
  }
});

test('a Jenkins that is down, and one that is not Jenkins, are told apart', async () => {
  const other = await JenkinsServer.start({
    routes: [{ method: 'GET', path: /./, answer: () => ({ status: 200, body: 'hello' }) }],
  });
  const client = new JenkinsAdmin({ url: other.url, maxConnections: 1, ...JENKINS_ADMIN });

  await assert.rejects(new JenkinsItems(client).find(folderPath('a')), JenkinsError);
  await assert.rejects(new JenkinsItems(client).createFolder('a'), /no crumb/);
  await other.stop();
  await assert.rejects(new JenkinsItems(client).find(folderPath('a')), UpstreamError);
  await client.close();
});
