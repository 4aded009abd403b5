import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../support/test-server.ts';
import { DevOpsPlatform } from './devops-platform.ts';

const GROUP = '/apis/devops.kubesphere.io/v1alpha1/namespaces';
const UPLOADS = '/kapis/devops.kubesphere.io/v1alpha2/namespaces';
const FINALIZER = 's2ibinary.finalizers.kubesphere.io';

let devops: DevOpsPlatform;

before(async () => {
  devops = await DevOpsPlatform.start();
  await devops.platform.createWorkspace('ws');
  await devops.platform.createProject('builds', 'ws');
});

after(() => devops.stop());

const call = (path: string, options = {}) => devops.platform.call(path, options);

async function createBinary(name: string): Promise<void> {
  await devops.platform.write(`${GROUP}/builds/s2ibinaries`, {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iBinary',
    metadata: { name },
    spec: {},
  });
  await eventually(async () => {
    const { metadata } = await devops.platform.read(`${GROUP}/builds/s2ibinaries/${name}`);
    assert.deepEqual(metadata.finalizers, [FINALIZER]);
  });
}

/** Uploads a file; returns what the server stores of all files. */
async function upload(name: string): Promise<string[]> {
  const form = new FormData();
  form.set('s2ibinary', new Blob(['bytes of an application']), 'app.jar');

  const { url } = devops.platform.server;
  const answer = await fetch(`${url}${UPLOADS}/builds/s2ibinaries/${name}/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${devops.platform.admin}` },
    body: form,
  });
  assert.equal(answer.status, 200, await answer.text());

  return stored();
}

async function stored(): Promise<string[]> {
  const folder = join(devops.platform.server.dataDir, 's2i-binaries');
  return (await readdir(folder, { recursive: true })).map(String).sort();
}

test('a binary goes with its file', async () => {
  await createBinary('app');
  const before = await stored().catch(() => []);
  const withFile = await upload('app');
  assert.ok(withFile.length > before.length);

  await call(`${GROUP}/builds/s2ibinaries/app`, { method: 'DELETE' });
  await eventually(async () => {
    assert.equal((await call(`${GROUP}/builds/s2ibinaries/app`)).status, 404);
    assert.ok((await stored()).length < withFile.length);
  });
});

test('a run goes with its binary, and not with those of others', async () => {
  await createBinary('used');
  await createBinary('other');
  await devops.platform.write(`${GROUP}/builds/s2iruns`, {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iRun',
    metadata: { name: 'run', labels: { 's2ibinary-name.kubesphere.io': 'used' } },
    spec: { builderName: 'b' },
  });

  await eventually(async () => {
    const { metadata } = await devops.platform.read(`${GROUP}/builds/s2iruns/run`);
    assert.deepEqual(metadata.finalizers, [FINALIZER]);
  });

  await call(`${GROUP}/builds/s2iruns/run`, { method: 'DELETE' });
  await eventually(async () => {
    assert.equal((await call(`${GROUP}/builds/s2iruns/run`)).status, 404);
    assert.equal((await call(`${GROUP}/builds/s2ibinaries/used`)).status, 404);
  });
  assert.equal((await call(`${GROUP}/builds/s2ibinaries/other`)).status, 200);
});

test('a run without its label any more can be deleted', async () => {
  await devops.platform.write(`${GROUP}/builds/s2iruns`, {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iRun',
    metadata: { name: 'plain', finalizers: [FINALIZER] },
    spec: { builderName: 'b' },
  });

  await call(`${GROUP}/builds/s2iruns/plain`, { method: 'DELETE' });
  await eventually(async () =>
    assert.equal((await call(`${GROUP}/builds/s2iruns/plain`)).status, 404),
  );
});
