// One search over many members: a host as a server of its own, its members in another process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '@ks-apiserver/client/kube/client';
import { loadKubeconfig } from '@ks-apiserver/client/kube/kubeconfig';
import { RemoteTransport } from '@ks-apiserver/client/kube/remote';
import { startServer } from '../../test/server.mjs';
import { collectGarbage, load, logIn, metric, PASSWORD, resident } from '../measure.mjs';

const memberScript = fileURLToPath(new URL('member-source.mjs', import.meta.url));
const K = '/kapis/resources.kubesphere.io/v1alpha3';
const PODS = `${K}/pods?clusters=*`;
const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';

/** Size of a pod as the members send it, in bytes. */
const POD_BYTES = 2000;
const RATE = 200;

/** Calls that are measured. */
const CALLS = {
  'first page by name, one member': 'cluster=member-07&sortBy=name&limit=10',
  'first page by name': 'sortBy=name&limit=10',
  'first page by time': 'limit=10',
  'page 5,000 by name': 'sortBy=name&limit=10&page=5000',
  'first page by cluster and name': 'sortBy=cluster,name&limit=10',
  'a tenth by label, by name': 'labelSelector=tier%3Dweb&sortBy=name&limit=10',
  'by status and time': 'status=Pending&limit=10',
  'one namespace, by name': 'namespace=bench-7&sortBy=name&limit=10',
};

function kubeconfigOf(server) {
  const config = {
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token: 'of the bench' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };

  return Buffer.from(JSON.stringify(config)).toString('base64');
}

/** Makes a Cluster for each URL: ready, and with nothing but Kubernetes. */
async function joinMembers(kubeconfig, urls) {
  const transport = new RemoteTransport(await loadKubeconfig(kubeconfig));
  const client = new KubeClient(transport);

  for (const [i, url] of urls.entries()) {
    const cluster = {
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name: `member-${String(i).padStart(2, '0')}` },
      spec: { enable: true, connection: { type: 'direct', kubeconfig: kubeconfigOf(url) } },
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'KubeSphereInstalled', status: 'False' },
        ],
      },
    };
    const bytes = Buffer.from(JSON.stringify(cluster));
    await client.raw('POST', CLUSTERS, { type: 'application/json', bytes });
  }

  await transport.close();
}

/** Reads a list of all members until it is complete; returns how long that took in milliseconds. */
async function catchUp(server, token, kind, total) {
  const begin = performance.now();
  const headers = { authorization: `Bearer ${token}` };

  for (;;) {
    const response = await fetch(`${server.url}${K}/${kind}?clusters=*&limit=1`, { headers });
    const { totalItems, incomplete, clusters } = await response.json();
    if (totalItems >= total && clusters.length > 1 && !incomplete) {
      return performance.now() - begin;
    }

    await sleep(100);
  }
}

/** Returns the CPU time that a process has used, in microseconds. */
function readCpuTime(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/**
 * Puts load on a path three times, and prints the row of the time with the least p99: what other
 * processes of the machine take only adds to it. Returns the number of failed requests.
 */
async function measure(name, path, { server, token, seconds }) {
  const options = { url: server.url + path, token, connections: 16, rate: RATE };
  // Lets V8 compile the called code, and views be made.
  await load({ ...options, seconds: 3 });

  const runs = [];

  for (let i = 0; i < 3; i++) {
    const before = readCpuTime(server.pid);
    const figures = await load({ ...options, seconds: seconds / 3 });
    const micros = Math.round((readCpuTime(server.pid) - before) / figures.requests);
    runs.push({ ...figures, micros });
  }

  const errors = runs.reduce((sum, run) => sum + run.errors, 0);
  const [best] = runs.sort((one, other) => one.p99 - other.p99);
  const cells = [name, best.p50.toFixed(1), best.p99.toFixed(1), best.micros, errors];
  console.log(`| ${cells.join(' | ')} |`);

  return errors;
}

/** Returns the heap that is in use, in bytes. */
async function heapOf(server, token) {
  // What the first collection finds to be unused, the second one frees.
  await collectGarbage(server);
  await collectGarbage(server);

  return metric(server, token, 'nodejs_heap_size_used_bytes');
}

/**
 * Twenty members with 100,000 pods in all: pages of the common list, and memory an object. Returns
 * the number of failed requests.
 */
export async function clusters(seconds, { pods = 100_000, members = 20 } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  const config = join(dir, 'host.yaml');
  await writeFile(config, 'multicluster: { enable: true }\n');

  const args = [memberScript, members, pods, POD_BYTES].map(String);
  const source = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(source.stdout, 'data');

  const server = await startServer({
    dir,
    adminPassword: PASSWORD,
    args: ['--log-level', 'warn', '--config', config, '--register-node', 'false'],
  });

  try {
    const token = await logIn(server, 'admin', PASSWORD);
    const idle = await heapOf(server, token);
    await joinMembers(join(dir, 'pki', 'admin.kubeconfig'), JSON.parse(line));
    await catchUp(server, token, 'configmaps', 0);
    const followed = await heapOf(server, token);
    const caughtUp = await catchUp(server, token, 'pods', pods);
    const heap = (await heapOf(server, token)) - followed;

    console.log(`${pods} pods of ${POD_BYTES} bytes in ${members} members, and the host\n`);
    console.log(
      `caught up after ${(caughtUp / 1000).toFixed(1)} s; heap an object ${Math.round(heap / pods)} bytes, a member without objects ${Math.round((followed - idle) / members / 1024)} KB\n`,
    );
    console.log(
      `| GET, ${RATE}/s, best of three times ${Math.round(seconds / 3)} s | p50 ms | p99 ms | CPU µs | errors |`,
    );
    console.log('|---|---|---|---|---|');

    const run = { server, token, seconds };
    let errors = await measure('the version, for comparison', '/kapis/version', run);

    for (const [name, query] of Object.entries(CALLS)) {
      errors += await measure(name, `${PODS}&${query}`, run);
    }

    const later = (await heapOf(server, token)) - followed;

    console.log(
      `\nafterwards, with the orders of all these lists: heap an object ${Math.round(later / pods)} bytes; resident ${await resident(server.pid)} MB, of which ${Math.round((pods * POD_BYTES) / 1024 ** 2)} MB are the objects' bytes\n`,
    );

    return errors;
  } finally {
    await server.stop();
    source.kill();
    await rm(dir, { recursive: true, force: true });
  }
}
