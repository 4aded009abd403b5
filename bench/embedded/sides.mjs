// The two servers that are measured side by side: kube-apiserver with etcd, and this product with
// its embedded API.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { startRealCluster } from '../../test/real/real-cluster.mjs';
import { freePorts, startServer } from '../../test/server.mjs';
import { logIn, loopDelay, PASSWORD } from '../measure.mjs';

/** One server, called as its administrator and with the token of a ServiceAccount. */
class Side {
  constructor(
    name,
    kubeconfig,
    { pids, startMs, readyMs = startMs, startAgain, stop, longestHoldMs = undefined },
  ) {
    this.readyMs = readyMs;

    /**
     * Returns the longest time, in milliseconds, that the event loop was blocked since the last
     * call; undefined for a server without this metric.
     */
    this.longestHoldMs = longestHoldMs;

    const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8'));
    const { user } = users[0];
    const pem = (field) => user[field] && Buffer.from(user[field], 'base64');

    this.name = name;
    this.url = clusters[0].cluster.server;
    this.pids = pids;
    this.startMs = startMs;
    this.startAgain = startAgain;
    this.stop = stop;
    this.token = user.token;

    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 32,
      rejectUnauthorized: false,
      cert: pem('client-certificate-data'),
      key: pem('client-key-data'),
    });
  }

  /**
   * Calls as the administrator; returns the JSON, and throws for an unexpected status from 300 on.
   */
  async call(method, path, body, expected = []) {
    const payload = body && JSON.stringify(body);

    const headers = {
      ...(this.token && { authorization: `Bearer ${this.token}` }),
      ...(payload && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      }),
    };

    return new Promise((resolve, reject) => {
      const req = request(
        this.url + path,
        { method, headers, agent: this.agent },
        async (response) => {
          const chunks = [];

          for await (const chunk of response) {
            chunks.push(chunk);
          }

          const text = Buffer.concat(chunks).toString();
          const { statusCode } = response;
          if (statusCode >= 300 && !expected.includes(statusCode)) {
            reject(
              new Error(`${this.name}: ${method} ${path}: ${statusCode} ${text.slice(0, 500)}`),
            );
          } else {
            resolve(JSON.parse(text));
          }
        },
      );

      req.on('error', reject);
      req.end(payload);
    });
  }

  /** Returns the resident memory of all its processes, in MB. */
  get residentMb() {
    const kb = (pid) =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
    return Math.round(this.pids().reduce((sum, pid) => sum + kb(pid), 0) / 1024);
  }

  /**
   * Returns a token of a ServiceAccount that may do everything, for load generators without client
   * certificates.
   */
  async serviceAccountToken() {
    const account = { namespace: 'default', name: 'bench' };
    const metadata = { name: 'bench' };

    await this.call('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata }, [409]);

    const rbac = 'rbac.authorization.k8s.io';
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' };
    const subjects = [{ kind: 'ServiceAccount', ...account }];
    await this.call(
      'POST',
      `/apis/${rbac}/v1/clusterrolebindings`,
      { metadata, roleRef, subjects },
      [409],
    );

    await sleep(500);

    const path = '/api/v1/namespaces/default/serviceaccounts/bench/token';
    const { status } = await this.call('POST', path, { spec: { expirationSeconds: 36_000 } });

    return status.token;
  }
}

const isReady = (port) =>
  new Promise((resolve) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/readyz',
      rejectUnauthorized: false,
      agent: false,
    };

    const req = request(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });

    req.on('error', () => resolve(false));
    req.end();
  });

/** Measures how long a start takes and, with a port, when its Kubernetes API was ready. */
async function timeStart(start, port) {
  const begin = performance.now();
  const since = () => Math.round(performance.now() - begin);
  const starting = start();
  let ms;
  while (port && !ms) {
    if (await isReady(port)) {
      ms = since();
    } else {
      await Promise.race([sleep(20), starting]);
    }
  }

  const started = await starting;

  return { started, ms: ms ?? since(), allMs: since() };
}

/** Starts kube-apiserver and etcd on an empty disk. */
export async function startPeer(fsync) {
  const { started, ms } = await timeStart(() => startRealCluster({ fsync }));
  const { kubeconfig, pids, startAgain, stop } = started;
  return new Side('kube-apiserver + etcd', kubeconfig, { pids, startMs: ms, startAgain, stop });
}

/** Starts this product on an empty disk. */
export async function startOurs(fsync, args = []) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-'));
  const sync = fsync ? [] : ['--unsafe-no-fsync'];
  const all = ['--register-node', 'false', ...sync, ...args];
  const ports = await freePorts(2);
  const start = () => startServer({ dir, adminPassword: PASSWORD, args: all, ports });
  const first = await timeStart(start, ports[1]);
  let server = first.started;

  return new Side('ours', join(dir, 'pki/admin.kubeconfig'), {
    pids: () => [server.pid],
    startMs: first.ms,
    readyMs: first.allMs,
    longestHoldMs: async () => loopDelay(server, await logIn(server, 'admin', PASSWORD), 'max'),
    async startAgain() {
      await server.stop();
      const again = await timeStart(start, ports[1]);
      server = again.started;
      return again.ms;
    },
    async stop() {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  });
}
