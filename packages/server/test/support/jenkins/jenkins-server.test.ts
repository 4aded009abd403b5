import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { JENKINS_ADMIN, JenkinsServer } from './jenkins-server.ts';
import { FOLDER } from './state.ts';

const BASIC = `Basic ${btoa(`${JENKINS_ADMIN.username}:${JENKINS_ADMIN.password}`)}`;
const CONFIG = '<?xml version="1.1"?><flow-definition plugin="workflow-job"><a/></flow-definition>';

describe('the stub of Jenkins', () => {
  let jenkins: JenkinsServer;
  let crumb: Record<string, string>;

  before(async () => {
    jenkins = await JenkinsServer.start();
    const answer = await call('GET', '/crumbIssuer/api/json');
    const { crumb: value, crumbRequestField } = JSON.parse(answer.text);
    crumb = { [crumbRequestField]: value, cookie: answer.cookie };
  });
  after(() => jenkins.stop());

  async function call(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
  ) {
    const response = await fetch(jenkins.url + path, {
      method,
      headers: { authorization: BASIC, ...headers },
      ...(body !== undefined && { body }),
      redirect: 'manual',
    });
    const cookie = response.headers.get('set-cookie') ?? '';

    return { status: response.status, text: await response.text(), cookie };
  }

  const post = (path: string, body?: string) =>
    call('POST', path, { headers: crumb, ...(body !== undefined && { body }) });

  it('asks for a password, and for a crumb where something changes', async () => {
    const anonymous = await fetch(`${jenkins.url}/crumbIssuer/api/json`);
    assert.equal(anonymous.status, 403);

    const refused = await call('POST', `/createItem?name=x&mode=${FOLDER}`);
    assert.equal(refused.status, 403);
    assert.match(refused.text, /No valid crumb/);
    assert.equal(jenkins.state.find('x'), undefined);
  });

  it('keeps folders, jobs and credentials', async () => {
    assert.equal((await post(`/createItem?name=f&mode=${FOLDER}`)).status, 302);
    assert.equal((await post('/job/f/createItem?name=j', CONFIG)).status, 200);
    assert.equal((await post('/job/f/createItem?name=j', CONFIG)).status, 400);
    assert.equal((await post('/job/f/createItem?name=k', '<flow-definition><a></b>')).status, 500);
    assert.match((await call('GET', '/job/f/job/j/config.xml')).text, /workflow-job@1\.0-stub/);

    const { _class } = JSON.parse((await call('GET', '/job/f/job/j/api/json')).text);
    assert.equal(_class, 'org.jenkinsci.plugins.workflow.job.WorkflowJob');

    const store = '/job/f/credentials/store/folder/domain/_';
    const credential = {
      id: 'c',
      secret: 's',
      'stapler-class': 'org.jenkinsci.plugins.plaincredentials.impl.StringCredentialsImpl',
    };
    const form = (value: unknown) => `json=${encodeURIComponent(JSON.stringify(value))}`;

    assert.equal(
      (await post(`${store}/createCredentials?${form({ credentials: credential })}`)).status,
      302,
    );
    assert.equal(jenkins.state.find('f')?.credentials.get('c')?.secret, 's');
    assert.doesNotMatch((await call('GET', `${store}/credential/c/api/json`)).text, /"s"/);
    assert.equal((await post(`${store}/credential/c/doDelete`)).status, 302);
    assert.equal((await post('/job/f/doDelete')).status, 302);
    assert.equal((await call('GET', '/job/f/api/json')).status, 404);
  });

  it('fails as ordered, before or after it has done something', async () => {
    jenkins.failures.add({ status: 500, times: 1, when: ({ path }) => path === '/createItem' });
    assert.equal((await post(`/createItem?name=g&mode=${FOLDER}`)).status, 500);
    assert.equal(jenkins.state.find('g'), undefined);

    jenkins.failures.add({ drop: 'after', times: 1 });
    await assert.rejects(post(`/createItem?name=g&mode=${FOLDER}`));
    assert.equal(jenkins.state.find('g')?._class, FOLDER);

    await jenkins.down();
    await assert.rejects(call('GET', '/job/g/api/json'));
    await jenkins.up();
    assert.equal((await call('GET', '/job/g/api/json')).status, 200);
  });
});
