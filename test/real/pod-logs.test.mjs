// Logs that are followed through the API of a real cluster: the log of a container is stored whole
// and once, whatever happens meanwhile. The log is shown by the code of Kubernetes' kubelet.
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

process.env.KS_TEST_PEERS = fileURLToPath(new URL('peers.mjs', import.meta.url));
process.env.KS_TEST_CLUSTER = '1';

const { TestServer, eventually } = await import(
  '../../packages/server/dist/test/support/test-server.js'
);
const { kubeletPath, makePod, startKubelet } = await import('./kubelet.mjs');
const { kubeApiServerPath } = await import('./real-cluster.mjs');

const skip = kubeApiServerPath() && kubeletPath() ? false : 'needs Go';
const POD = '/api/v1/namespaces/default/pods/web';
const LOGS = '/kapis/tenant.kubesphere.io/v1alpha2/logs?namespaces=default&containers=main';
let dir;
let config;
let kubelet;
let server;
let lastServer;
let written = 0;

before(async () => {
  if (skip) {
    return;
  }

  dir = await mkdtemp(join(tmpdir(), 'ks-pod-logs-'));
  config = join(dir, 'kubesphere.yaml');
  await writeFile(config, 'search: {store: on, podLogs: {enable: true}}\n');

  kubelet = await startKubelet({ main: {} });
  await write(500);

  const dataDir = join(dir, 'data');
  await mkdir(dataDir);
  server = await TestServer.start({ args: ['--config', config], dataDir });

  await makePod((path, call) => server.kubernetes(path, call), {
    port: kubelet.port,
    namespace: 'default',
    pod: 'web',
    containers: ['main'],
  });
});

after(async () => {
  await lastServer?.stop();
  await server?.stop();
  await kubelet?.stop();

  if (dir) {
    await rm(dir, { recursive: true });
  }
});

/** Writes lines into the log as a container runtime does, three with the same time. */
async function write(count) {
  const lines = Array.from({ length: count }, (_, i) => {
    const time = new Date()
      .toISOString()
      .replace('Z', `${String(Math.floor(i / 3)).padStart(6, '0')}Z`);
    const text = `line ${written + i}`;

    // A long line comes in pieces.
    return i % 100 === 50
      ? `${time} stdout P ${text} \n${time} stdout F is long\n`
      : `${time} stdout F ${text}\n`;
  });

  written += count;
  await appendFile(join(kubelet.dir, 'main/log'), lines.join(''));
}

async function setStatus(state, lastState = {}, containerID = 'containerd://first') {
  const status = {
    name: 'main',
    image: 'i',
    imageID: 'i',
    ready: true,
    restartCount: 0,
    containerID,
    state,
    lastState,
  };

  const answer = await server.kubernetes(`${POD}/status`, {
    method: 'PATCH',
    type: 'application/merge-patch+json',
    body: { status: { containerStatuses: [status] } },
  });

  assert.equal(answer.status, 200, JSON.stringify(answer.json));
}

/** Returns the numbers of the lines that are stored, oldest first. */
async function storedLines(from) {
  const token = await from.token();
  const { status, text } = await from.call(`${LOGS}&operation=export&sort=asc`, { token });
  assert.equal(status, 200, text);

  return [...text.matchAll(/line (\d+)/g)].map(([, number]) => Number(number)).reverse();
}

const all = () => Array.from({ length: written }, (_, i) => i);

const isComplete = (from) =>
  eventually(async () => {
    const lines = await storedLines(from);
    assert.equal(lines.length, written);
    assert.deepEqual(lines, all());
  }, 30_000);

test('what was written before and what is written then is stored', { skip }, async () => {
  await setStatus({ running: {} });

  for (let i = 0; i < 20; i += 1) {
    await write(30);
    await sleep(20);
  }

  await isComplete(server);
});

test('after kill -9 nothing is missing and nothing is there twice', { skip }, async () => {
  for (let i = 0; i < 40; i += 1) {
    await write(30);
    await sleep(20);

    if (i === 20) {
      server.process.kill('SIGKILL');
    }
  }

  delete process.env.KS_TEST_PEERS;

  lastServer = await TestServer.start({
    args: ['--kubeconfig', server.kubeconfig, '--config', config],
    dataDir: server.dataDir,
  });

  await write(30);
  await isComplete(lastServer);
});

test('a container that is restarted while nobody reads leaves nothing out', { skip }, async () => {
  await lastServer.stop('SIGKILL');
  await write(100);

  const log = join(kubelet.dir, 'main/log');
  await rename(log, join(kubelet.dir, 'main/previous'));
  // No two runs of a container write at the same time.
  await sleep(5);
  await write(100);

  lastServer = await TestServer.start({
    args: ['--kubeconfig', server.kubeconfig, '--config', config],
    dataDir: server.dataDir,
  });

  await setStatus(
    { running: {} },
    { terminated: { containerID: 'containerd://first', exitCode: 1 } },
    'containerd://second',
  );

  await isComplete(lastServer);
});

test('the last lines of a container that ends are stored', { skip }, async () => {
  await write(100);
  await writeFile(join(kubelet.dir, 'main/exited'), '');
  await isComplete(lastServer);
});
