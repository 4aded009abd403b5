import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEVOPS, PipelinesPlatform } from '@ks-apiserver/server/test/support/pipelines-platform';
import { eventually } from '@ks-apiserver/server/test/support/test-server';

const OBJECTS = '/apis/devops.kubesphere.io/v1alpha1/namespaces/ns-a/s2ibinaries';
const FILES = '/namespaces/ns-a/s2ibinaries';

let devops: PipelinesPlatform;
let operator: string;
let viewer: string;

before(async () => {
  devops = await PipelinesPlatform.start();
  const { platform } = devops;

  await platform.createWorkspace('ws-a');
  await platform.createProject('ns-a', 'ws-a');

  operator = await platform.createUser('operator');
  viewer = await platform.createUser('viewer');
  await platform.addMember('namespaces/ns-a', 'operator', 'operator');
  await platform.addMember('namespaces/ns-a', 'viewer', 'viewer');

  await create('app');
});

after(() => devops.stop());

const create = (name: string, fields: object = {}) =>
  devops.platform.write(OBJECTS, {
    apiVersion: 'devops.kubesphere.io/v1alpha1',
    kind: 'S2iBinary',
    metadata: { name },
    spec: {},
    ...fields,
  });

const md5Of = (text: string) => createHash('md5').update(text).digest('hex');

/** Uploads a form: names of fields, their values, and names of files. */
async function upload(
  name: string,
  parts: readonly [field: string, value: string, fileName?: string][],
  token = operator,
) {
  const form = new FormData();

  for (const [field, value, fileName] of parts) {
    if (fileName === undefined) {
      form.append(field, value);
    } else {
      form.append(field, new Blob([value]), fileName);
    }
  }

  const response = await fetch(`${devops.platform.server.url}${DEVOPS}${FILES}/${name}/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  const text = await response.text();

  return { status: response.status, text };
}

/** Files below the data directory, without those of folders. */
const filesOf = async () =>
  (
    await readdir(join(devops.platform.server.dataDir, 's2i-binaries'), {
      recursive: true,
      withFileTypes: true,
    })
  )
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test('a file is uploaded, named by its object, and downloaded by a builder', async () => {
  const text = 'hello s2i binary\n';
  const uploaded = await upload('app', [
    ['md5', md5Of(text)],
    ['s2ibinary', text, 'app.jar'],
  ]);

  assert.equal(uploaded.status, 200, uploaded.text);

  const { spec, status } = JSON.parse(uploaded.text);
  assert.equal(status.phase, 'Ready');
  assert.deepEqual([spec.fileName, spec.md5, spec.size], ['app.jar', md5Of(text), '17B']);
  assert.match(
    spec.downloadURL,
    /^http:\/\/ks-apiserver\.kubesphere-system\.svc\/kapis\/.*app\.jar$/,
  );
  assert.deepEqual(await filesOf(), ['app']);

  // As builders do: without a log-in, along the redirect.
  const path = `${DEVOPS}${FILES}/app/file/app.jar`;
  const first = await devops.platform.server.call(path);
  assert.equal(first.status, 302);
  assert.equal(first.headers.get('location'), `${devops.platform.server.url}${path}?content=true`);

  const file = await fetch(first.headers.get('location')!);
  assert.equal(await file.text(), text);
  assert.equal(file.headers.get('content-disposition'), 'attachment; filename="app.jar"');
  assert.equal(file.headers.get('content-type'), 'application/octet-stream');
});

test('the same file is not stored again, and another one replaces it', async () => {
  const { uploadTimeStamp } = (await devops.platform.read(`${OBJECTS}/app`)).spec;
  const [stored] = await filesOf();
  assert.equal(stored, 'app');

  // In another second.
  await new Promise((resolve) => setTimeout(resolve, 1100));

  const again = await upload('app', [['s2ibinary', 'hello s2i binary\n', 'app.jar']]);
  assert.equal(JSON.parse(again.text).spec.uploadTimeStamp, uploadTimeStamp);

  const next = await upload('app', [['s2ibinary', 'x'.repeat(1_572_864), 'app-2.jar']]);
  assert.equal(JSON.parse(next.text).spec.size, '1.5M');

  const content = await readFile(
    join(devops.platform.server.dataDir, 's2i-binaries/ns-a/app'),
    'utf8',
  );
  assert.equal(content.length, 1_572_864);
});

test('other forms are refused, and nothing of them is kept', async () => {
  const file = 's2ibinary';
  const refused: readonly [string, Parameters<typeof upload>[1], number, string][] = [
    [
      'app',
      [
        ['md5', md5Of('')],
        [file, 'x', 'a.jar'],
      ],
      500,
      'md5 not match',
    ],
    [
      'app',
      [
        [file, 'x', 'a.jar'],
        [file, 'y', 'b.jar'],
      ],
      500,
      'only have one file',
    ],
    ['app', [['other', 'x', 'a.jar']], 500, 'could not get file from form'],
    ['app', [['md5', 'x']], 400, 'could not get file from form'],
    ['none', [[file, 'x', 'a.jar']], 500, 's2ibinary.devops.kubesphere.io "none" not found'],
  ];

  for (const [name, parts, status, said] of refused) {
    const answer = await upload(name, parts);
    assert.equal(answer.status, status, said);
    assert.ok(answer.text.includes(said), answer.text);
  }

  const call = (body: string, type: string) =>
    devops.call(`${FILES}/app/file`, { method: 'PUT', body, headers: { 'content-type': type } });

  assert.equal((await call('{}', 'application/json')).status, 415);
  assert.equal((await call('x', 'multipart/form-data')).status, 400);
  assert.equal((await call('--x\r\n', 'multipart/form-data; boundary=x')).status, 400);
  assert.deepEqual(await filesOf(), ['app']);
});

test('only members who may write upload', async () => {
  const refused = await upload('app', [['s2ibinary', 'x', 'a.jar']], viewer);
  assert.equal(refused.status, 403);
});

test('an upload waits for another, but not for one that was given up', async () => {
  await create('busy', { status: { phase: 'Uploading' } });
  const busy = await upload('busy', [['s2ibinary', 'x', 'a.jar']]);
  assert.deepEqual(
    [busy.status, busy.text],
    [500, '[ServiceError:409] file is uploading, please try later\n'],
  );

  await create('stale', {
    spec: { uploadTimeStamp: '2020-01-01T00:00:00Z' },
    status: { phase: 'Uploading' },
  });
  assert.equal((await upload('stale', [['s2ibinary', 'x', 'a.jar']])).status, 200);
});

test('a file that is not there is not found', async () => {
  const call = async (path: string) => {
    const { status, text } = await devops.call(FILES + path);
    return `${status} ${text.trim()}`;
  };

  await create('empty', { spec: { fileName: 'a.jar' } });

  assert.equal(await call('/app/file/other.jar'), '500 could not fould file other.jar');
  assert.equal(await call('/none/file/x'), '500 s2ibinary.devops.kubesphere.io "none" not found');
  assert.equal(
    await call('/empty/file/a.jar'),
    '500 [ServiceError:400] file is not ready, please try later',
  );
});

test('the file goes with its object', async () => {
  await upload('app', [['s2ibinary', 'x', 'a.jar']]);
  await devops.platform.call(`${OBJECTS}/app`, { method: 'DELETE' });
  await eventually(async () => assert.ok(!(await filesOf()).includes('app')));
});
