import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { JenkinsReader } from '@ks-apiserver/upstreams/jenkins/jenkins-reader';
import { SonarQubeClient } from '@ks-apiserver/upstreams/sonarqube/sonarqube-client';
import { Upstream } from '@ks-apiserver/upstreams/upstream';
import { SonarStatuses } from './sonar-status.ts';

/** Answers by path without its query; a number is a status. */
const answers = new Map<string, unknown>();
const asked: { url: string; authorization: string | undefined }[] = [];

const server = createServer((req, res) => {
  const [path = ''] = (req.url ?? '').split('?');
  const answer = answers.get(path) ?? 404;

  asked.push({ url: req.url ?? '', authorization: req.headers.authorization });

  if (typeof answer === 'number') {
    res.writeHead(answer).end('<html>page</html>');
  } else {
    res.end(JSON.stringify(answer));
  }
});

const JOB = '/job/proj/job/shop';
const NAMES = { devops: 'proj', pipeline: 'shop' };
const { signal } = new AbortController();

/** Fields of a metric that SonarQube has not told. */
const NOT_TOLD = { Name: undefined, Domain: undefined, Type: undefined, Description: undefined };

const action = (ceTaskId: string) => ({
  _class: 'hudson.plugins.sonar.action.SonarAnalysisAction',
  ceTaskId,
  sonarqubeDashboardUrl: 'http://sonar/d',
});

let upstream: Upstream;
let statuses: SonarStatuses;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  upstream = new Upstream({ url, timeoutMs: 1000, maxConnections: 5 });
  statuses = new SonarStatuses(
    new JenkinsReader(upstream, { username: 'root', password: 'hush' }),
    new SonarQubeClient(upstream, 'sonar-token'),
  );
});

beforeEach(() => {
  asked.length = 0;
  answers.clear();
  answers.set(`${JOB}/api/json`, { lastBuild: { number: 6 }, lastCompletedBuild: { number: 5 } });
  answers.set(`${JOB}/6/api/json`, { actions: [{}, null] });
  answers.set(`${JOB}/5/api/json`, { actions: [action('t1')] });
  answers.set('/api/ce/task', { task: { componentKey: 'shop:main' } });
  answers.set('/api/measures/component', { metrics: [{ key: 'bugs' }] });
  answers.set('/api/issues/search', { total: 1 });
});

after(async () => {
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

test('the last build that was analysed counts', async () => {
  const [status] = (await statuses.of(NAMES, signal)) ?? [];

  assert.deepEqual(status?.issues, { total: 1 });
  assert.deepEqual(status?.jenkinsAction, action('t1'));
  assert.deepEqual(status?.measures.metrics, [{ key: 'bugs', Key: 'bugs', ...NOT_TOLD }]);

  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const [first, ...others] = asked;
  assert.equal(first?.authorization, basic('root:hush'));
  assert.equal(others.at(-1)?.authorization, basic('sonar-token:'));
});

test('a branch is a job of its own', async () => {
  assert.equal(await statuses.of({ ...NAMES, branch: 'feature%2Fx' }, signal), null);
  assert.equal(asked[0]?.url, `${JOB}/job/feature%252Fx/api/json`);
});

test('what SonarQube does not know is left out', async () => {
  answers.set('/api/ce/task', 404);
  assert.deepEqual(await statuses.of(NAMES, signal), []);

  answers.set('/api/ce/task', [1]);
  assert.deepEqual(await statuses.of(NAMES, signal), []);

  answers.set(`${JOB}/5/api/json`, { actions: 'x' });
  assert.deepEqual(await statuses.of(NAMES, signal), []);
});

test('a job or build that is gone is null, and other errors are told without credentials', async () => {
  answers.delete(`${JOB}/6/api/json`);
  assert.equal(await statuses.of(NAMES, signal), null);

  answers.set(`${JOB}/api/json`, { lastBuild: null });
  assert.equal(await statuses.of(NAMES, signal), null);

  answers.set(`${JOB}/api/json`, { lastBuild: { number: '6/../..' } });
  assert.equal(await statuses.of(NAMES, signal), null);

  answers.set(`${JOB}/api/json`, 401);
  await assert.rejects(statuses.of(NAMES, signal), (error: Error) => {
    assert.match(error.message, /^\[ServiceError:401\] .*GET http:.*: 401 <html>/);
    assert.doesNotMatch(error.message, /hush/);
    return true;
  });
});
