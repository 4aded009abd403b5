// Measures what lists and gets of resources cost with thousands of pods: a Kubernetes API with the
// pods in one process, the measured server in another. --peer names a second server that is
// measured in turns; all figures are then ratios to it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServer } from '../test/server.mjs';
import { startFloorServer } from './floor.mjs';
import { collectGarbage, cpuTime, load, logIn, loopDelay, metric, PASSWORD } from './measure.mjs';
import { namespaceOf } from './pod-source.mjs';
import { hasWrk, loadWithWrk } from './wrk.mjs';

const run = promisify(execFile);
const seedScript = fileURLToPath(new URL('seed.mjs', import.meta.url));
const R = '/kapis/resources.kubesphere.io/v1alpha3';
const CONNECTIONS = 16;
const POD = { name: 'pod-107', namespace: namespaceOf(107) };

/** Each call, and its target as a multiple of the 3.4.1 server's figure on the same machine. */
const CALLS = [
  { name: 'version', path: '/kapis/version', goal: 10, go: 1500 },
  { name: 'one pod', path: `${R}/namespaces/${POD.namespace}/pods/${POD.name}`, goal: 4, go: 5590 },
  {
    name: 'ten pods of a namespace',
    path: `${R}/namespaces/${POD.namespace}/pods?limit=10`,
    goal: 5,
    go: 1250,
  },
  { name: 'ten pods, default order', path: `${R}/pods?limit=10`, goal: 20, go: 304 },
  {
    name: 'ten pods by label',
    path: `${R}/pods?labelSelector=tier%3Dweb&limit=10`,
    goal: 8,
    go: 745,
  },
  { name: '200 nodes', path: `${R}/nodes`, goal: 40, go: 41 },
  { name: 'all pods', path: `${R}/pods`, goal: 8, go: 1, connections: 2 },
  {
    name: 'one pod, proxied',
    path: `/api/v1/namespaces/${POD.namespace}/pods/${POD.name}`,
    goal: 2,
    go: 1600,
  },
];

/** Returns the resident memory now and at its peak, in MB. */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return { now: mb('VmRSS'), peak: mb('VmHWM') };
}

/** Starts a Kubernetes API that holds the pods; returns it with a function that stops it. */
export async function startSeededApi(dir, pods) {
  const start = performance.now();

  await run(process.execPath, [seedScript, dir, String(pods)], { maxBuffer: 1024 ** 2 });
  console.log(
    `${pods} pods of about 12 KB and 200 nodes written in ${Math.round((performance.now() - start) / 1000)} s\n`,
  );
}

/** Reads until the first lists are complete; returns how long that took in milliseconds. */
export async function catchUp(server, token) {
  const start = performance.now();
  for (;;) {
    const headers = { authorization: `Bearer ${token}` };

    const answers = await Promise.all(
      [`${R}/pods?limit=1`, `${R}/nodes?limit=1`].map((path) =>
        fetch(server.url + path, { headers }),
      ),
    );

    await Promise.all(answers.map((answer) => answer.arrayBuffer()));

    if (answers.every(({ ok }) => ok)) {
      return Math.round(performance.now() - start);
    }
  }
}

async function bodySize(server, token, path) {
  const answer = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.arrayBuffer()).byteLength;
}

/**
 * Thousands of pods in a Kubernetes API beside the measured server. Prints the table; returns how
 * many requests failed.
 * @param {number} seconds
 * @param {{pods?: number, peer?: {url: string, token: string}}} [options]
 */
export async function resources(seconds, { pods = 5000, peer } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  await startSeededApi(dir, pods);

  const kube = await startServer({ dir, adminPassword: PASSWORD, args: ['--log-level', 'warn'] });
  const kubeconfig = join(dir, 'pki', 'admin.kubeconfig');

  const server = await startServer({
    dir: `${dir}-none`,
    adminPassword: PASSWORD,
    args: ['--kubeconfig', kubeconfig],
  });

  const floor = await startFloorServer();
  let errors = 0;

  try {
    const token = await logIn(server, 'admin', PASSWORD);
    console.log(
      `first lists of pods and nodes: ${await catchUp(server, token)} ms, ${memory(server.pid).now} MB resident\n`,
    );
    console.log(
      `| GET, ${seconds} s, ${(await hasWrk()) ? 'wrk' : 'load.mjs'} | requests/s | goal | p50 ms | p99 ms | MB/s | CPU µs a request | of a bare Node server${peer ? ' | of the peer' : ''} | errors |`,
    );
    console.log(`|---|---|---|---|---|---|---|---${peer ? '|---' : ''}|---|`);

    // Resets the metrics: the start does not count.
    await loopDelay(server, token, 'p99');

    for (const { name, path, goal, go, connections = CONNECTIONS } of CALLS) {
      const options = { url: server.url + path, token, connections, seconds };

      // Lets V8 compile the called code first.
      await loadWithWrk({ ...options, seconds: 3 });

      const before = cpuTime(server.pid);
      const own = await loadWithWrk(options);
      const micros = Math.round((cpuTime(server.pid) - before) / own.requests);

      const bare = await loadWithWrk({
        ...options,
        url: floor.urlOf(await bodySize(server, token, path)),
      });

      const other =
        peer && (await loadWithWrk({ ...options, url: peer.url + path, token: peer.token }));

      errors += own.errors;

      const ratio = (figures) => (own.perSecond / Math.max(1, figures.perSecond)).toFixed(2);

      const cells = [
        name,
        own.perSecond < 100 ? (own.requests / seconds).toFixed(1) : own.perSecond,
        goal * go,
        own.p50.toFixed(1),
        own.p99.toFixed(1),
        Math.round(own.bytes / seconds / 1024 ** 2),
        micros,
        ratio(bare),
        ...(other ? [ratio(other)] : []),
        own.errors,
      ];

      console.log(`| ${cells.join(' | ')} |`);
    }

    const { now, peak } = memory(server.pid);
    const lag = await loopDelay(server, token, 'p99');

    console.log(
      `\nresident ${now} MB, at its peak ${peak} MB; p99 delay of the event loop ${lag.toFixed(1)} ms\n`,
    );

    return errors;
  } finally {
    await Promise.all([server.stop(), kube.stop(), floor.close()]);
    await rm(dir, { recursive: true, force: true });
  }
}

/** Returns what a server has on the heap, without garbage, in bytes. */
async function heapInUse(server, token) {
  await collectGarbage(server);
  return metric(server, token, 'nodejs_heap_size_used_bytes');
}

async function heapOfEmptyServer(dir) {
  const server = await startServer({ dir, adminPassword: PASSWORD });

  try {
    return await heapInUse(server, await logIn(server, 'admin', PASSWORD));
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/**
 * Measures many pods in the process of the embedded API: catching up, memory per object, and a page
 * at a fixed rate.
 */
export async function manyPods(duration, { pods = 100_000 } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  await startSeededApi(dir, pods);

  const empty = await heapOfEmptyServer(`${dir}-empty`);

  // The first start installs KubeSphere, which is no part of reading pods.
  await (await startServer({ dir, adminPassword: PASSWORD })).stop();

  const start = performance.now();
  const server = await startServer({ dir, adminPassword: PASSWORD });
  const ready = performance.now();

  try {
    const token = await logIn(server, 'admin', PASSWORD);
    await catchUp(server, token);

    const listed = performance.now();
    const seconds = (ms) => (ms / 1000).toFixed(1);
    const heap = (await heapInUse(server, token)) - empty;
    const options = { url: `${server.url}${R}/pods?limit=10`, token, connections: 64, rate: 500 };

    // Lets V8 compile the called code first.
    await load({ ...options, seconds: 5 });

    const page = await load({ ...options, seconds: duration });

    console.log('| pods in one process | |\n|---|---|');
    console.log(`| pods | ${pods} |`);
    console.log(`| ready after the start of the process | ${seconds(ready - start)} s |`);
    console.log(`| pods listed after that | ${seconds(listed - ready)} s |`);
    console.log(`| heap a pod | ${Math.round(heap / pods)} bytes |`);
    console.log(
      `| a page of ten at 500/s | p50 ${page.p50.toFixed(1)} ms, p99 ${page.p99.toFixed(1)} ms |`,
    );
    console.log(`| resident, with the mapped store | ${memory(server.pid).now} MB |\n`);

    return page.errors;
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
