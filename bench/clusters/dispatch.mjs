// Measures calls to a direct member: through this server, through a bare TLS reverse proxy on
// node:http, and to the member itself.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '../../test/server.mjs';
import { loadTable, logIn, PASSWORD } from '../measure.mjs';
import { loadWithWrk } from '../wrk.mjs';

const script = fileURLToPath(new URL('peers.mjs', import.meta.url));
const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';

/** Bytes of a member's answer: a pod, and a page of a list. */
const SIZES = [2_000, 40_000];
const CONNECTIONS = [1, 32];

/** Starts a process of peers.mjs; `execArgv` are options of Node. */
export async function startPeer(role, options, execArgv = []) {
  const child = fork(script, [role, JSON.stringify(options)], { execArgv });
  const [{ port }] = await once(child, 'message');

  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };

  return { port, pid: child.pid, child, stop };
}

/** Returns a kubeconfig in base64. */
export function kubeconfigOf(port, ca) {
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  };

  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token: 'credential-of-the-member' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };

  return Buffer.from(JSON.stringify(config)).toString('base64');
}

async function addCluster(server, token, name, kubeconfig) {
  const made = await fetch(server.url + CLUSTERS, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: { enable: true, connection: { type: 'direct', kubeconfig } },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }),
  });

  if (made.status !== 201) {
    throw new Error(`cluster ${name}: ${made.status} ${await made.text()}`);
  }
}

/** Waits until calls of a member are answered. */
export async function untilAnswered(url, token) {
  const headers = { authorization: `Bearer ${token}` };

  for (let tries = 0; (await fetch(url, { headers })).status !== 200; tries++) {
    if (tries > 100) {
      throw new Error(`${url} is not answered`);
    }

    await sleep(100);
  }
}

/** Prints the figures of dispatch; returns the number of failed requests. */
export async function dispatch(seconds) {
  const { issueCertificate } = await import(
    '../../packages/kubernetes/dist/server/certificates.js'
  );
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-dispatch-'));
  const config = join(dir, 'kubesphere.yaml');

  await writeFile(config, 'multicluster: { enable: true }\n');

  const authority = await issueCertificate({ commonName: 'member', usage: 'ca', days: 1 });
  const tls = await issueCertificate({
    commonName: 'member',
    usage: 'server',
    days: 1,
    issuer: authority,
    ipAddresses: ['127.0.0.1'],
  });
  const server = await startServer({
    dir: join(dir, 'data'),
    adminPassword: PASSWORD,
    args: ['--config', config],
  });
  const token = await logIn(server, 'admin', PASSWORD);
  const print = loadTable(seconds);
  const ratios = [];

  for (const size of SIZES) {
    const member = await startPeer('member', { ...tls, size });
    const proxy = await startPeer('proxy', { port: member.port, ca: authority.cert });
    const name = `member-${size}`;
    const path = `/api/clusters/${name}/v1/namespaces/default/pods`;

    await addCluster(server, token, name, kubeconfigOf(member.port, authority.cert));
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
