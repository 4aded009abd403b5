// TLS in front of a server, like an ingress: kubectl sends tokens and passwords over TLS only.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { ensurePki } from '../../packages/kubernetes/dist/server/pki.js';
import { portOf } from '../server.mjs';

/**
 * Listens in front of a server.
 * @param {() => string} target its URL, read for each connection: it may restart on another port
 * @param {string} dir folder for certificates
 * @returns {Promise<{cluster: object, close: () => void}>} `cluster` is that of a kubeconfig
 */
export async function startTlsFront(target, dir) {
  const { serving, ca } = await ensurePki(join(dir, 'front-pki'));

  const front = tls.createServer(serving, (socket) => {
    const upstream = net.connect(Number(new URL(target()).port), '127.0.0.1');
    for (const end of [socket, upstream]) {
      end.on('error', () => [socket, upstream].map((one) => one.destroy()));
    }

    socket.pipe(upstream).pipe(socket);
  });

  await once(front.listen(0, '127.0.0.1'), 'listening');

  return {
    cluster: {
      server: `https://127.0.0.1:${portOf(front)}`,
      'certificate-authority-data': Buffer.from(ca).toString('base64'),
    },
    close: () => front.close(),
  };
}

/**
 * Writes a kubeconfig.
 * @param {object} cluster of the kubeconfig
 * @param {object} user credentials, as a kubeconfig names them
 * @returns {{kubeconfig: string}}
 */
export function writeKubeconfig(path, cluster, user) {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'ks', cluster }],
    users: [{ name: 'user', user }],
    contexts: [{ name: 'ks', context: { cluster: 'ks', user: 'user' } }],
    'current-context': 'ks',
  };

  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });

  return { kubeconfig: path };
}
