// Measures calls to a direct member: through this server, through a bare TLS reverse proxy on
// node:http, and to the member itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTable } from '../measure.mjs';
import { loadWithWrk } from '../wrk.mjs';
import {
  addCluster,
  kubeconfigOf,
  READY,
  startHost,
  startPeer,
  untilAnswered,
} from './members.mjs';

/** Bytes of a member's answer: a pod, and a page of a list. */
const SIZES = [2_000, 40_000];
const CONNECTIONS = [1, 32];

/** Prints the figures of dispatch; returns the number of failed requests. */
export async function dispatch(seconds) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-dispatch-'));
  const { server, token, tls, ca } = await startHost(dir);
  const print = loadTable(seconds);
  const ratios = [];

  for (const size of SIZES) {
    const member = await startPeer('member', { ...tls, size });
    const proxy = await startPeer('proxy', { port: member.port, ca });
    const name = `member-${size}`;
    const path = `/api/clusters/${name}/v1/namespaces/default/pods`;

    const connection = { type: 'direct', kubeconfig: kubeconfigOf(member.port, ca) };
    await addCluster(server, token, name, { connection }, READY);
    await untilAnswered(server.url + path, token);

    for (const connections of CONNECTIONS) {
      const of = (url) => loadWithWrk({ url, token, connections, seconds });
      const bare = await of(`http://127.0.0.1:${proxy.port}${path}`);
      const dispatched = await of(server.url + path);

      await print(`${size} bytes, bare TLS proxy`, { pid: proxy.pid }, bare, connections);
      await print(`${size} bytes, dispatch`, server, dispatched, connections);
      ratios.push(
        `${size} bytes, ${connections} connections: ${(dispatched.perSecond / bare.perSecond).toFixed(2)} times the requests of a bare proxy, ${(dispatched.p50 - bare.p50).toFixed(2)} ms more at the median`,
      );
    }

    await proxy.stop();
    await member.stop();
  }

  console.log(`\n${ratios.join('\n')}\n`);

  await server.stop();
  await rm(dir, { recursive: true, force: true });

  return print.errors();
}
