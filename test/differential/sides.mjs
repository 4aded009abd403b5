// The two servers that are compared: a real kube-apiserver with its controllers, and the embedded
// API of this product.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startRealCluster } from '../real/real-cluster.mjs';
import { startServer } from '../server.mjs';

/**
 * Returns the access to one side: base URL, TLS agent, headers of the caller, kubeconfig of an
 * administrator.
 */
export function side(name, kubeconfig, stop) {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
  const { cluster } = clusters[0];
  const { user } = users[0];
  const buffer = (text) => text && Buffer.from(text, 'base64');

  const agent = new Agent({
    keepAlive: true,
    maxSockets: 64,
    rejectUnauthorized: false,
    cert: buffer(user['client-certificate-data']),
    key: buffer(user['client-key-data']),
  });

  return {
    name,
    server: cluster.server,
    agent,
    // Without the administrator's certificate, for calls of other users.
    strangers: new Agent({ keepAlive: true, rejectUnauthorized: false }),
    headers: user.token ? { authorization: `Bearer ${user.token}` } : {},
    kubeconfig,
    home: mkdtempSync(join(tmpdir(), 'differential-home-')),
    async stop() {
      agent.destroy();
      this.strangers.destroy();
      rmSync(this.home, { recursive: true, force: true });
      await stop();
    },
  };
}

async function startReal() {
  const cluster = await startRealCluster({ controllers: true });
  return side('real', cluster.kubeconfig, () => cluster.stop());
}

async function startOurs() {
  const dir = mkdtempSync(join(tmpdir(), 'differential-'));

  const server = await startServer({
    log: process.env.OURS_LOG,
    dir,
    adminPassword: 'P@88w0rd',
    args: ['--register-node', 'false'],
  });

  return side('ours', join(dir, 'pki/admin.kubeconfig'), async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });
}

/**
 * Starts both servers.
 * @returns the real one and this product
 */
export async function startSides() {
  const [real, ours] = await Promise.all([startReal(), startOurs()]);
  return { real, ours };
}
