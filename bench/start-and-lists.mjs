// Measures start-up, memory at rest, and the node list under load.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../test/server.mjs';
import { load, loadTable, logIn, PASSWORD, resident } from './measure.mjs';

const NODES = 200;

/** Prints the tables; returns how many requests failed. */
export async function startAndLists(seconds) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));

  const timeStart = async () => {
    const start = performance.now();
    const server = await startServer({ dir, adminPassword: PASSWORD });
    return { server, ms: Math.round(performance.now() - start) };
  };

  const first = await timeStart();
  await first.server.stop();

  const { server, ms } = await timeStart();

  try {
    await sleep(3000);
    console.log(
      `| start | |\n|---|---|\n| ready, empty data directory | ${first.ms} ms |\n| ready, second start | ${ms} ms |\n| resident at rest | ${await resident(server.pid)} MB |\n`,
    );

    const token = await logIn(server, 'admin', PASSWORD);

    for (let i = 0; i < NODES; i++) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const metadata = { name: `bench-${i}`, labels: { 'kubernetes.io/os': 'linux' } };
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata });
      const made = await fetch(`${server.url}/api/v1/nodes`, { method: 'POST', headers, body });
      if (made.status !== 201) {
        throw new Error(`node ${i}: ${made.status} ${await made.text()}`);
      }
    }

    const print = loadTable(seconds);

    for (const [name, path] of [
      ['version', '/kapis/version'],
      [`${NODES} nodes`, '/kapis/resources.kubesphere.io/v1alpha3/nodes'],
      ['10 nodes', '/kapis/resources.kubesphere.io/v1alpha3/nodes?limit=10'],
    ]) {
      for (const connections of [16, 256]) {
        await print(
          name,
          server,
          await load({ url: server.url + path, token, connections, seconds }),
          connections,
        );
      }
    }

    return print.errors();
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}
