// npm run bench [-- --seconds N]: start-up, memory at rest, and the node list under load. Prints figures, asserts nothing but success.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os, { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startServer } from '../test/server.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '30' } } });
const seconds = Number(values.seconds);
const loadScript = fileURLToPath(new URL('load.mjs', import.meta.url));
const password = 'a password for the bench';
const NODES = 200;

const load = async (options) =>
  JSON.parse((await promisify(execFile)(process.execPath, [loadScript, JSON.stringify(options)])).stdout);

/** Resident memory of a process in MB. */
async function resident(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
}

const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
const timed = async () => {
  const start = performance.now();
  const server = await startServer({ dir, adminPassword: password });
  return { server, ms: Math.round(performance.now() - start) };
};

try {
  const first = await timed();
  await first.server.stop();
  const { server, ms } = await timed();
  await sleep(3000);
  const idle = await resident(server.pid);
  console.log(`\n${os.cpus()[0].model}, ${os.availableParallelism()} cores, Node ${process.version}\n`);
  console.log(
    `| start | |\n|---|---|\n| ready, empty data directory | ${first.ms} ms |\n| ready, second start | ${ms} ms |\n| resident at rest | ${idle} MB |\n`,
  );

  const body = new URLSearchParams({ grant_type: 'password', username: 'admin', password });
  const { access_token: token } = await (await fetch(`${server.url}/oauth/token`, { method: 'POST', body })).json();
  const create = (name) => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': 'linux' } },
  });
  for (let i = 0; i < NODES; i++) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const made = await fetch(`${server.url}/api/v1/nodes`, {
      method: 'POST',
      headers,
      body: JSON.stringify(create(`bench-${i}`)),
    });
    if (made.status !== 201) throw new Error(`node ${i}: ${made.status} ${await made.text()}`);
  }
  console.log(
    `| GET, ${seconds} s | connections | requests/s | p50 ms | p99 ms | errors | resident MB |\n|---|---|---|---|---|---|---|`,
  );
  let errors = 0;
  for (const [name, path] of [
    ['version', '/kapis/version'],
    [`${NODES} nodes`, '/kapis/resources.kubesphere.io/v1alpha3/nodes'],
    ['10 nodes', '/kapis/resources.kubesphere.io/v1alpha3/nodes?limit=10'],
  ]) {
    for (const connections of [16, 256]) {
      const figures = await load({ url: server.url + path, token, connections, seconds });
      errors += figures.errors;
      console.log(
        `| ${name} | ${connections} | ${figures.perSecond} | ${figures.p50.toFixed(1)} | ${figures.p99.toFixed(1)} | ${figures.errors} | ${await resident(server.pid)} |`,
      );
    }
  }
  await server.stop();
  if (errors > 0) process.exitCode = 1;
} finally {
  await rm(dir, { recursive: true, force: true });
}
