// What the benchmarks of member clusters share: a host, its members, and the processes beside them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startServer } from '../../test/server.mjs';
import { logIn, PASSWORD } from '../measure.mjs';

const script = fileURLToPath(new URL('peers.mjs', import.meta.url));
const CLUSTERS = '/apis/cluster.kubesphere.io/v1alpha1/clusters';

/** Status of a Cluster that can be called at once. */
export const READY = { conditions: [{ type: 'Ready', status: 'True' }] };

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

/** Makes a Cluster. */
export async function addCluster(server, token, name, spec, status) {
  const made = await fetch(server.url + CLUSTERS, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'cluster.kubesphere.io/v1alpha1',
      kind: 'Cluster',
      metadata: { name },
      spec: { enable: true, ...spec },
      ...(status && { status }),
    }),
  });

  if (made.status !== 201) {
    throw new Error(`cluster ${name}: ${made.status} ${await made.text()}`);
  }
}

/** Starts a host of several clusters; returns it with a token, and TLS for a member. */
export async function startHost(dir) {
  const { issueCertificate } = await import(
    '../../packages/kubernetes/dist/server/certificates.js'
  );
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

  return { server, token: await logIn(server, 'admin', PASSWORD), tls, ca: authority.cert };
}
