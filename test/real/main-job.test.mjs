// The main job against a real cluster: install, start, token, nodes, kubectl through the server.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startServer } from '../server.mjs';
import { kubectl, run } from './kubectl.mjs';
import { startRealCluster } from './real-cluster.mjs';
import { startTlsFront, writeKubeconfig } from './tls-front.mjs';

const main = fileURLToPath(new URL('../../packages/server/dist/bundle/main.js', import.meta.url));
const adminPassword = 'P#$$w0rd';
const dir = mkdtempSync(join(tmpdir(), 'main-job-'));
let cluster;
let server;
let through;
let front;

async function logIn(password = adminPassword, base = server.url) {
  const body = new URLSearchParams({ grant_type: 'password', username: 'admin', password });
  const response = await fetch(`${base}/oauth/token`, { method: 'POST', body });
  return { status: response.status, answer: await response.json().catch(() => undefined) };
}

function start(name) {
  return startServer({
    dir: join(dir, name),
    adminPassword,
    args: ['--kubeconfig', cluster.kubeconfig],
  });
}

before(async () => {
  cluster = await startRealCluster();
});

after(async () => {
  front?.close();
  await server?.stop();
  await cluster?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('the install command prepares the cluster', async () => {
  const out = await run(process.execPath, [main, 'install', '--kubeconfig', cluster.kubeconfig]);
  assert.match(
    out,
    /customresourcedefinitions\.apiextensions\.k8s\.io\/users\.iam\.kubesphere\.io created/,
  );

  assert.match(out, /, 0 failed\n$/);
});

test('the server starts in front of the cluster and gives a token', async () => {
  server = await start('one');

  const deadline = Date.now() + 20_000;
  let login = await logIn();

  // The admin is activated a moment after the first start.
  while (login.status !== 200 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    login = await logIn();
  }

  assert.equal(login.status, 200);
  assert.equal(login.answer.token_type, 'Bearer');
  assert.equal(login.answer.expires_in, 7200);
  assert.ok(login.answer.refresh_token);
  assert.notEqual((await logIn('wrong')).status, 200);

  const token = login.answer.access_token;

  front = await startTlsFront(() => server.url, dir);
  through = { token, ...writeKubeconfig(join(dir, 'through'), front.cluster, { token }) };
});

test('nodes of the cluster are listed', async () => {
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'node-1', labels: { 'node-role.kubernetes.io/worker': '' } },
  };

  await kubectl(cluster, ['create', '-f', '-'], JSON.stringify(node));

  const url = `${server.url}/kapis/resources.kubesphere.io/v1alpha3/nodes`;
  const headers = { authorization: `Bearer ${through.token}`, 'content-type': 'application/json' };
  const deadline = Date.now() + 10_000;
  let list;

  do {
    const response = await fetch(url, { headers });
    assert.equal(response.status, 200);
    list = await response.json();
  } while (list.totalItems === 0 && Date.now() < deadline);

  assert.equal(list.totalItems, 1);
  assert.equal(list.items[0].metadata.name, 'node-1');
  assert.equal((await fetch(url)).status, 403);
  assert.equal((await fetch(url, { headers: { authorization: 'Bearer x' } })).status, 401);
});

for (const name of ['kubectl', 'kubectl-1.32']) {
  test(`${name} works through the server`, async () => {
    const ctl = (args, input) => kubectl(through, args, input, name);
    assert.match(await ctl(['get', 'nodes']), /node-1/);
    assert.match(await ctl(['get', 'globalroles']), /platform-admin/);
    assert.match(await ctl(['explain', 'deployment.spec.replicas']), /FIELD: replicas/);
    assert.match(await ctl(['api-resources', '--api-group=apps']), /statefulsets/);
    assert.match(await ctl(['version']), /Server Version: v1/);

    const map = (value) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
        data: { a: value },
      });

    assert.match(await ctl(['apply', '-f', '-'], map('1')), /created/);
    assert.match(await ctl(['apply', '-f', '-'], map('2')), /configured/);

    assert.match(
      await ctl(['apply', '--server-side', '--force-conflicts', '-f', '-'], map('3')),
      /serverside-applied/,
    );

    assert.equal(await ctl(['get', 'configmap', name, '-o', 'jsonpath={.data.a}']), '3');
    await ctl(['delete', 'configmap', name]);
    await assert.rejects(ctl(['get', 'configmap', name]), /NotFound/);
  });
}

test('a watch streams through the server', async () => {
  const headers = { authorization: `Bearer ${through.token}` };
  const path = '/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=20';

  const map = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'watched', namespace: 'default' },
  };

  let text = '';

  // A watch may end at any time; clients then start another.
  for (let watches = 0; watches < 5 && !text.includes('"name":"watched"'); watches++) {
    const watch = await fetch(server.url + path, { headers });
    assert.equal(watch.status, 200);

    const reader = watch.body.pipeThrough(new TextDecoderStream()).getReader();

    if (watches === 0) {
      await kubectl(cluster, ['create', '-f', '-'], JSON.stringify(map));
    }

    while (!text.includes('"name":"watched"')) {
      const { done, value } = await reader.read();
      if (done) {
        break;
      }

      text += value;
    }

    await reader.cancel();
  }

  assert.match(text, /"type":"ADDED".*"name":"watched"/s);
});

test('a second and a restarted replica keep the same administrator', async () => {
  const second = await start('two');

  try {
    assert.equal((await logIn(adminPassword, second.url)).status, 200);
  } finally {
    assert.equal(await second.stop(), 0);
  }

  assert.equal(await server.stop(), 0);
  server = await start('one');
  assert.equal((await logIn()).status, 200);
});
