import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { jobMatches, writeJob } from '@ks-apiserver/upstreams/jenkins/xml/job-document';
import { FOLDER } from '../support/jenkins/state.ts';
import { PATHS } from '../support/test-platform.ts';
import { eventually } from '../support/test-server.ts';
import {
  base64,
  credentialOf,
  DEVOPS,
  DevOpsPlatform,
  OBJECTS,
  pipelineOf,
} from './devops-platform.ts';

let devops: DevOpsPlatform;
let project: string;

before(async () => {
  devops = await DevOpsPlatform.start();
  await devops.platform.createWorkspace('ws');
  project = await devops.createProject('ws', 'shop-');
});

after(() => devops.stop());

const { call, read, write } = {
  call: (path: string, options = {}) => devops.platform.call(path, options),
  read: (path: string) => devops.platform.read(path),
  write: (path: string, body: unknown, options = {}) => devops.platform.write(path, body, options),
};

const job = (name: string) => devops.jenkins.state.find(project, name);
const credential = (name: string) => devops.jenkins.state.find(project)?.credentials.get(name);

test('a project has a namespace, an owner and a folder of its own name', async () => {
  const { metadata, status } = await read(`${DEVOPS}/workspaces/ws/devops/${project}`);
  const namespace = await read(`/api/v1/namespaces/${project}`);

  assert.match(project, /^shop-[a-z0-9]{5}$/);
  assert.equal(status.adminNamespace, project);
  assert.equal(metadata.labels['kubesphere.io/workspace'], 'ws');
  assert.equal(metadata.ownerReferences[0].name, 'ws');
  assert.deepEqual(metadata.finalizers, ['devopsproject.finalizers.kubesphere.io']);
  assert.equal(namespace.metadata.labels['kubesphere.io/devopsproject'], project);
  assert.equal(namespace.metadata.ownerReferences[0].uid, metadata.uid);
  assert.equal(devops.jenkins.state.find(project)?._class, FOLDER);
});

test('the creator is the admin of the project, and adds members', async () => {
  const members = `${PATHS.iam}/devops/${project}/members`;

  await eventually(async () => {
    const { items } = await read(members);
    assert.deepEqual(
      items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['admin'],
    );
  });

  const token = await devops.platform.createUser('dana');
  const list = `${DEVOPS}/devops/${project}/pipelines`;

  assert.equal((await call(list, { token })).status, 403);
  await devops.platform.addMember(`devops/${project}`, 'dana', 'viewer');
  await eventually(async () => assert.equal((await call(list, { token })).status, 200));
  assert.equal((await call(list, { token, body: pipelineOf('by-dana') })).status, 403);
});

test('the beginning of a name is required, and serves one project of a workspace', async () => {
  const path = `${DEVOPS}/workspaces/ws/devops`;
  const unnamed = await call(path, { body: { metadata: { name: 'x' } } });
  assert.equal(unnamed.status, 400);
  assert.match(unnamed.text, /generateName is required/);

  const answers = await Promise.all(
    [1, 2, 3].map(() => call(path, { body: { metadata: { generateName: 'one-' } } })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);

  const again = await call(path, { body: { metadata: { generateName: 'one-' } } });
  assert.equal(again.status, 409);
  assert.match(again.text, /exists already in the workspace "ws"/);
});

test('a project is found, changed and deleted in its own workspace alone', async () => {
  await devops.platform.createWorkspace('other');
  const elsewhere = `${DEVOPS}/workspaces/other/devops/${project}`;
  const body = { metadata: { name: project } };

  assert.equal((await call(elsewhere)).status, 404);
  assert.equal((await call(elsewhere, { method: 'PUT', body })).status, 404);
  assert.equal((await call(elsewhere, { method: 'DELETE' })).status, 404);

  const { items, totalItems } = await read(`${DEVOPS}/workspaces/ws/devops?paging=limit=1,page=1`);
  assert.equal(items.length, 1);
  assert.equal(totalItems, 2);
  assert.deepEqual((await read(`${DEVOPS}/workspaces/ws/devops?paging=limit=5,page=9`)).items, []);
  assert.equal((await read(`${DEVOPS}/workspaces/other/devops`)).totalItems, 0);
});

test('a pipeline is a job: created, changed, repaired after an edit, and deleted', async () => {
  const path = `${DEVOPS}/devops/${project}/pipelines`;
  const made = await write(path, pipelineOf('build', { description: 'first' }));
  assert.equal(made.metadata.namespace, project);

  await eventually(async () =>
    assert.match(job('build')?.config ?? '', /<description>first<\/description>/),
  );

  const stored = await eventually(async () => {
    const object = await read(`${path}/build`);
    assert.equal(
      object.metadata.annotations?.['pipeline.devops.kubesphere.io/syncstatus'],
      'successful',
    );
    return object;
  });

  assert.deepEqual(stored.metadata.finalizers, ['pipeline.finalizers.kubesphere.io']);

  stored.spec.pipeline.description = 'second';
  await write(`${path}/build`, stored, { method: 'PUT' });
  await eventually(async () => assert.ok(jobMatches(job('build')?.config ?? '', stored.spec)));

  // Somebody edits the job, and the next change of the object writes it again.
  const edited = job('build');
  assert.ok(edited);
  edited.config = edited.config.replace('second', 'edited in Jenkins');
  await write(
    `${OBJECTS}/namespaces/${project}/pipelines/build`,
    { metadata: { labels: { touched: 'yes' } } },
    { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
  );
  await eventually(async () => assert.ok(jobMatches(job('build')?.config ?? '', stored.spec)));

  const { json } = await call(`${path}/build`, { method: 'DELETE' });
  assert.deepEqual(json, { message: 'success' });
  await eventually(async () => assert.equal((await call(`${path}/build`)).status, 404));
  assert.equal(job('build'), undefined);
});

test('a pipeline that Jenkins cannot have says why, and is not tried again and again', async () => {
  const path = `${DEVOPS}/devops/${project}/pipelines`;
  await write(path, {
    metadata: { name: 'odd' },
    spec: {
      type: 'multi-branch-pipeline',
      multi_branch_pipeline: { name: 'odd', source_type: 'cvs', script_path: 'Jenkinsfile' },
    },
  });

  await eventually(async () => {
    const { annotations } = (await read(`${path}/odd`)).metadata;
    assert.equal(annotations['pipeline.devops.kubesphere.io/syncstatus'], 'failed');
    assert.match(annotations['pipeline.devops.kubesphere.io/syncmsg'], /"cvs" is not supported/);

    const events = await devops.eventsOf(project, 'odd');
    assert.match(events[0]?.message ?? '', /"cvs" is not supported/);
  });

  assert.equal((await call(`${path}/odd`, { method: 'DELETE' })).status, 200);
  await eventually(async () => assert.equal((await call(`${path}/odd`)).status, 404));
});

test('a job of another class is left alone', async () => {
  devops.jenkins.state.addJob(project, 'taken', { _class: FOLDER, config: `<${FOLDER}/>` });
  const path = `${DEVOPS}/devops/${project}/pipelines`;
  await write(path, pipelineOf('taken'));

  await eventually(async () => {
    const [event] = await devops.eventsOf(project, 'taken');
    assert.match(event?.message ?? '', /another item of the name "taken"/);
  });

  await call(`${path}/taken`, { method: 'DELETE' });
  await eventually(async () => assert.equal((await call(`${path}/taken`)).status, 404));
  assert.equal(job('taken')?._class, FOLDER);
  devops.jenkins.state.find(project)?.children.delete('taken');
});

test('a credential reaches Jenkins in the body of a form, and is never read back', async () => {
  const path = `${DEVOPS}/devops/${project}/credentials`;
  const made = await write(path, credentialOf('robot', 'first-password'));
  assert.deepEqual(made.data, { username: base64('robot') });

  await eventually(async () => assert.equal(credential('robot')?.password, 'first-password'));
  await eventually(async () =>
    assert.deepEqual((await read(`${path}/robot`)).metadata.finalizers, [
      'finalizers.kubesphere.io/credential',
    ]),
  );

  for (const { rawQuery } of devops.jenkins.calls) {
    assert.doesNotMatch(rawQuery, /first-password/);
  }

  const list = await read(`${path}?sortBy=name&ascending=true`);
  assert.deepEqual(list.items[0].data, { username: base64('robot') });
  assert.equal(list.totalItems, 1);
});

test('an update of a credential keeps the values that it does not name', async () => {
  const path = `${DEVOPS}/devops/${project}/credentials/robot`;
  const stored = await read(path);
  stored.metadata.annotations = { 'credential.devops.kubesphere.io/autosync': 'true' };
  stored.data.username = base64('renamed');
  delete stored.metadata.resourceVersion;
  await write(path, stored, { method: 'PUT' });

  await eventually(async () => assert.equal(credential('robot')?.username, 'renamed'));
  assert.equal(credential('robot')?.password, 'first-password');

  stored.stringData = { password: 'second-password' };
  await write(path, stored, { method: 'PUT' });
  await eventually(async () => assert.equal(credential('robot')?.password, 'second-password'));

  assert.equal((await call(path, { method: 'DELETE' })).status, 200);
  await eventually(async () => assert.equal((await call(path)).status, 404));
  assert.equal(credential('robot'), undefined);
});

test('other Secrets are none of the credentials', async () => {
  const path = `${DEVOPS}/devops/${project}/credentials`;
  await write(`/api/v1/namespaces/${project}/secrets`, { metadata: { name: 'plain' } });

  const wrong = await call(path, { body: { metadata: { name: 'x' }, type: 'Opaque' } });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /is no type of credentials/);
  assert.equal((await call(`${path}/plain`)).status, 404);
  assert.equal((await call(`${path}/plain`, { method: 'DELETE' })).status, 404);
});

test('a pipeline in another namespace is nobody’s, and can be deleted', async () => {
  await devops.platform.createProject('plain', 'ws');
  const path = `${OBJECTS}/namespaces/plain/pipelines`;
  const before = devops.jenkins.calls.length;
  await write(path, {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'Pipeline',
    ...pipelineOf('stray'),
  });
  await call(`${path}/stray`, { method: 'DELETE' });
  await eventually(async () => assert.equal((await call(`${path}/stray`)).status, 404));

  const about = devops.jenkins.calls.slice(before).filter(({ path: at }) => at.includes('stray'));
  assert.deepEqual(about, []);
});

test('a project of KubeSphere 3.0 keeps its folder and what is in it', async () => {
  const spec = { type: 'pipeline', pipeline: { name: 'old', jenkinsfile: 'node {}' } };
  devops.jenkins.state.addJob('legacy', 'old', {
    _class: 'org.jenkinsci.plugins.workflow.job.WorkflowJob',
    config: writeJob(spec),
  });
  const before = devops.jenkins.writes.length;

  await write('/api/v1/namespaces', {
    metadata: { name: 'legacy', labels: { 'kubesphere.io/devopsproject': 'legacy' } },
  });
  await write(PATHS.devops, {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'DevOpsProject',
    metadata: {
      name: 'legacy',
      labels: { 'kubesphere.io/workspace': 'ws' },
      finalizers: ['devopsproject.finalizers.kubesphere.io'],
    },
    status: { adminNamespace: 'legacy' },
  });
  await write(`${OBJECTS}/namespaces/legacy/pipelines`, {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'Pipeline',
    metadata: { name: 'old', finalizers: ['pipeline.finalizers.kubesphere.io'] },
    spec,
  });

  await eventually(async () => {
    const { annotations } = (await read(`${DEVOPS}/devops/legacy/pipelines/old`)).metadata;
    assert.equal(annotations?.['pipeline.devops.kubesphere.io/syncstatus'], 'successful');
  });

  const paths = devops.jenkins.writes.slice(before).map(({ path }) => path);
  assert.deepEqual(
    paths.filter((path) => /createItem|doDelete/.test(path)),
    [],
  );
});

test('a project goes with its namespace, its folder and everything in it', async () => {
  await write(`${DEVOPS}/devops/${project}/pipelines`, pipelineOf('last'));
  await eventually(async () => assert.ok(job('last')));

  const path = `${DEVOPS}/workspaces/ws/devops/${project}`;
  const { json } = await call(path, { method: 'DELETE' });
  assert.deepEqual(json, { message: 'success' });

  await eventually(async () => assert.equal((await call(path)).status, 404));
  assert.equal(devops.jenkins.state.find(project), undefined);
  await eventually(async () => {
    assert.equal((await call(`/api/v1/namespaces/${project}`)).status, 404);
  }, 30_000);
});
