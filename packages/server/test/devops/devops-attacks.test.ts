import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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

const MARK = 'mark-of-a-password-in-jenkins';
const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** How long an attack may take to show an effect, in milliseconds. */
const SETTLE_MS = 2000;

let devops: DevOpsPlatform;
/**
 * Mallory administers the workspace evil and her own DevOps project in it, and may write all DevOps
 * projects of the Kubernetes API.
 */
let mallory: string;
let own: string;
let victim: string;

before(async () => {
  devops = await DevOpsPlatform.start();
  const { platform } = devops;
  mallory = await platform.createUser('mallory');
  await platform.createWorkspace('ws');
  await platform.createWorkspace('evil', 'mallory');
  await platform.createProject('evil-ns', 'evil');
  await platform.grantClusterRole(
    'project-writer',
    [
      {
        apiGroups: ['devops.kubesphere.io'],
        resources: ['devopsprojects'],
        verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
      },
    ],
    'mallory',
  );
  victim = await devops.createProject('ws', 'shop-');
  await platform.write(`${DEVOPS}/devops/${victim}/pipelines`, pipelineOf('build'));

  const { metadata } = await platform.write(
    `${DEVOPS}/workspaces/evil/devops`,
    { metadata: { generateName: 'own-' } },
    { token: mallory },
  );
  own = metadata.name;
  await devops.untilReady(own);
  await eventually(async () => {
    const path = `${DEVOPS}/devops/${own}/pipelines`;
    assert.equal((await asMallory(path)).status, 200);
    assert.ok(devops.jenkins.state.find(victim, 'build'));
  });
});

after(() => devops.stop());

const asMallory = (path: string, options = {}) =>
  devops.platform.server.call(path, { token: mallory, ...options });

/** A DevOpsProject as the Kubernetes API takes it. */
const projectOf = (name: string, more: { metadata?: object; status?: object } = {}) => ({
  apiVersion: 'devops.kubesphere.io/v1alpha3',
  kind: 'DevOpsProject',
  ...more,
  metadata: { name, labels: { 'kubesphere.io/workspace': 'evil' }, ...more.metadata },
});

test('a project cannot be given the namespace of another, at any door', async () => {
  const { platform } = devops;

  for (const adminNamespace of [victim, 'kube-system', 'evil-ns']) {
    await platform.assertWithstands(async () => {
      await platform.expectRefusedAtEveryDoor(mallory, {
        path: `${PATHS.devops}/${own}`,
        apiVersion: 'devops.kubesphere.io/v1alpha3',
        kind: 'DevOpsProject',
        change: { status: { adminNamespace } },
      });
      await platform.expectRefused(
        mallory,
        'POST',
        PATHS.devops,
        projectOf('preset', { status: { adminNamespace } }),
      );
    });

    const body = { metadata: { name: own }, status: { adminNamespace } };
    const { resourceVersion } = (await platform.read(`${PATHS.devops}/${own}`)).metadata;
    const answer = await asMallory(`${DEVOPS}/workspaces/evil/devops/${own}`, {
      method: 'PUT',
      body: { ...body, metadata: { ...body.metadata, resourceVersion } },
    });
    assert.equal(answer.status, 403, answer.text);
  }
});

test('a namespace that is there already does not become a project’s', async () => {
  for (const name of ['kube-system', 'evil-ns']) {
    const made = await asMallory(PATHS.devops, { body: projectOf(name) });
    assert.equal(made.status, 201, made.text);
    await sleep(SETTLE_MS);

    const project = await devops.platform.read(`${PATHS.devops}/${name}`);
    assert.ok(!project.status?.adminNamespace, name);

    const namespace = await devops.platform.read(`/api/v1/namespaces/${name}`);
    assert.equal(namespace.metadata.labels['kubesphere.io/devopsproject'], undefined);
    assert.ok(
      !namespace.metadata.ownerReferences?.some(
        ({ kind }: { kind: string }) => kind === 'DevOpsProject',
      ),
    );
    assert.equal(devops.jenkins.state.find(name), undefined);

    const list = await asMallory(`${DEVOPS}/devops/${name}/credentials`);
    assert.ok(list.status === 403 || list.json.items.length === 0, list.text);

    await asMallory(`${PATHS.devops}/${name}`, { method: 'DELETE' });
    await eventually(async () =>
      assert.equal((await devops.platform.call(`${PATHS.devops}/${name}`)).status, 404),
    );
    assert.equal((await devops.platform.call(`/api/v1/namespaces/${name}`)).status, 200);
  }
});

test('a folder of Jenkins that is there already does not become a project’s', async () => {
  for (const [name, fill] of [
    ['infra', () => devops.jenkins.state.addJob('infra', 'deploy', { _class: FOLDER, config: '' })],
    [
      'keys',
      () =>
        devops.jenkins.state
          .addFolder('keys')
          .credentials.set('root', { id: 'root', 'stapler-class': 'x' }),
    ],
    ['job', () => devops.jenkins.state.items.set('job', { ...otherJob(), name: 'job' })],
  ] as const) {
    fill();
    await devops.platform.write(PATHS.devops, projectOf(name), { token: mallory });

    const status = 'devopsproject.devops.kubesphere.io/syncstatus';
    await eventually(async () => {
      const { metadata } = await devops.platform.read(`${PATHS.devops}/${name}`);
      assert.equal(metadata.annotations[status], 'pending');
    });

    // The annotation that says whose the folder is belongs to the controller.
    await eventually(async () => {
      const { json, text } = await asMallory(`${PATHS.devops}/${name}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { annotations: { [status]: null, x: 'y' } } },
      });
      assert.equal(json.metadata?.annotations[status], 'pending', text);
    });

    await asMallory(`${PATHS.devops}/${name}`, { method: 'DELETE' });
    await eventually(async () =>
      assert.equal((await devops.platform.call(`${PATHS.devops}/${name}`)).status, 404),
    );
    assert.ok(devops.jenkins.state.find(name), `${name} is still there`);
  }
});

function otherJob() {
  return {
    _class: 'hudson.model.FreeStyleProject',
    config: '<project/>',
    children: new Map(),
    credentials: new Map(),
  };
}

test('projects, pipelines and credentials of others are out of reach', async () => {
  const { platform } = devops;

  await platform.assertWithstands(async () => {
    for (const what of ['pipelines', 'credentials']) {
      const all = `${DEVOPS}/devops/${victim}/${what}`;
      await platform.expectRefused(mallory, 'GET', all);
      await platform.expectRefused(mallory, 'POST', all, pipelineOf('x'));
      await platform.expectRefused(mallory, 'PUT', `${all}/build`, pipelineOf('build'));
      await platform.expectRefused(mallory, 'DELETE', `${all}/build`);
    }

    // Below her own workspace the project does not exist; in its own she may not ask.
    await platform.expectRefused(mallory, 'DELETE', `${DEVOPS}/workspaces/ws/devops/${victim}`);
  });

  // The workspace of the path is not the project's: its own counts, and she has no role there.
  const elsewhere = await asMallory(`${DEVOPS}/workspaces/evil/devops/${victim}`, {
    method: 'DELETE',
  });
  assert.ok([403, 404].includes(elsewhere.status), elsewhere.text);
  assert.equal((await platform.call(`${PATHS.devops}/${victim}`)).status, 200);
});

test('the namespace of a body does not count', async () => {
  const made = await asMallory(`${DEVOPS}/devops/${own}/pipelines`, {
    body: { ...pipelineOf('moved'), metadata: { name: 'moved', namespace: victim } },
  });

  assert.equal(made.status, 200, made.text);
  assert.equal(made.json.metadata.namespace, own);
  await eventually(async () => assert.ok(devops.jenkins.state.find(own, 'moved')));
  assert.equal(devops.jenkins.state.find(victim, 'moved'), undefined);
});

test('pipelines and credentials of ordinary projects do not reach Jenkins', async () => {
  const before = devops.jenkins.calls.length;

  await devops.platform.write(`${OBJECTS}/namespaces/evil-ns/pipelines`, {
    apiVersion: 'devops.kubesphere.io/v1alpha3',
    kind: 'Pipeline',
    ...pipelineOf('stray'),
  });
  await devops.platform.write('/api/v1/namespaces/evil-ns/secrets', credentialOf('stray', MARK));
  await sleep(SETTLE_MS);

  const about = devops.jenkins.calls
    .slice(before)
    .filter(({ path, body }) => /evil-ns|stray/.test(path + decodeURIComponent(body)));
  assert.deepEqual(about, []);
});

test('values of credentials are read by nobody, at any door', async () => {
  const path = `/api/v1/namespaces/${own}/secrets`;
  await devops.platform.write(`${DEVOPS}/devops/${own}/credentials`, credentialOf('robot', MARK), {
    token: mallory,
  });
  await devops.platform.write(
    `${path}/robot`,
    { metadata: { annotations: { [APPLIED]: JSON.stringify(credentialOf('robot', MARK)) } } },
    { method: 'PATCH', headers: { 'content-type': 'application/merge-patch+json' } },
  );

  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const reads: [string, Record<string, string>][] = [
    [`${DEVOPS}/devops/${own}/credentials`, {}],
    [`${DEVOPS}/devops/${own}/credentials/robot`, {}],
    [path, {}],
    [`${path}/robot`, {}],
    ['/api/v1/secrets', {}],
    [`${path}?includeObject=Object`, { accept: table }],
    [path, { accept: table }],
    [path, { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }],
    [`${path}/robot`, { accept: 'application/yaml' }],
    [`${path}/robot`, { accept: 'application/vnd.kubernetes.protobuf' }],
    [`${path}?watch=true&timeoutSeconds=1`, {}],
    [`${PATHS.resources}/namespaces/${own}/secrets`, {}],
    [`${PATHS.resources}/namespaces/${own}/secrets/robot`, {}],
    [`/kapis/resources.kubesphere.io/v1alpha2/namespaces/${own}/secrets`, {}],
  ];

  for (const token of [mallory, devops.platform.admin]) {
    for (const [at, headers] of reads) {
      const { text } = await devops.platform.server.call(at, { token, headers });
      assert.ok(!text.includes(MARK) && !text.includes(base64(MARK)), `${at}: ${text}`);
    }
  }
});

test('a patch cannot copy the value of a credential, and a change keeps it', async () => {
  const path = `/api/v1/namespaces/${own}/secrets/robot`;
  const patchWith = (type: string, body: unknown) =>
    devops.platform.call(path, {
      method: 'PATCH',
      headers: { 'content-type': `application/${type}` },
      body,
    });

  await patchWith('json-patch+json', [
    { op: 'copy', from: '/data/password', path: '/metadata/annotations/stolen' },
  ]);
  const { stolen = '' } = (await devops.platform.read(path)).metadata.annotations;
  assert.equal(stolen, '');

  const guess = await patchWith('json-patch+json', [
    { op: 'test', path: '/data/password', value: base64(MARK) },
  ]);
  assert.equal(guess.status, 422, guess.text);
  assert.ok(!guess.text.includes(base64(MARK)));

  const stored = (await devops.platform.call(path)).json;
  stored.metadata.labels = { back: 'written' };
  await devops.platform.write(path, stored, { method: 'PUT' });

  const merged = await patchWith('merge-patch+json', { metadata: { labels: { also: 'this' } } });
  assert.equal(merged.status, 200, merged.text);

  const replaced = await patchWith('json-patch+json', [
    { op: 'replace', path: '/data/username', value: base64('renamed') },
  ]);
  assert.equal(replaced.status, 200, replaced.text);

  const { json } = await devops.platform.server.kubernetes(path);
  assert.deepEqual(json.data, { username: base64('renamed'), password: base64(MARK) });
  assert.deepEqual(json.metadata.labels, { back: 'written', also: 'this' });
});
