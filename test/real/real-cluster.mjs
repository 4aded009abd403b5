// Starts a real etcd and kube-apiserver for tests. KUBEBUILDER_ASSETS names a folder that holds
// both; without it one binary that contains both, and kube-controller-manager too, is built once
// from test/real/kube-apiserver into .cache/real.
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../server.mjs';
import { goProgram } from './go-program.mjs';

const moduleDir = fileURLToPath(new URL('kube-apiserver/', import.meta.url));
const kubernetesVersion = /k8s\.io\/kubernetes (v[\d.]+)/;

/**
 * Returns the path of a kube-apiserver and builds it if necessary; undefined if there is neither
 * one nor Go.
 */
export function kubeApiServerPath() {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) {
    return join(assets, 'kube-apiserver');
  }

  const [, version] = kubernetesVersion.exec(readFileSync(`${moduleDir}go.mod`, 'utf8'));
  const [major, minor] = version.slice(1).split('.');
  const set = { gitVersion: version, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const flags = Object.entries(set).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  );

  return goProgram('kube-apiserver', flags);
}

/** Returns the command that runs etcd: path and first arguments. */
function etcdCommand(kubeApiServer) {
  const assets = process.env.KUBEBUILDER_ASSETS;
  return assets ? [join(assets, 'etcd')] : [kubeApiServer, 'etcd'];
}

function run(dir, name, path, args) {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(dir, `${name}.log`));

  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });

  const exited = new Promise((resolve) => child.once('exit', resolve));

  return {
    pid: child.pid,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function ready(port, token) {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    request(
      { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, headers },
      (res) => {
        res.resume();
        resolve(res.statusCode === 200);
      },
    )
      .on('error', () => resolve(false))
      .end();
  });
}

/** Creates the CA that signs client certificates and that kube-apiserver trusts. */
function clientCa(dir) {
  const [key, cert] = [join(dir, 'client-ca.key'), join(dir, 'client-ca.crt')];

  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '3650',
  ];

  execFileSync('openssl', [...make, '-subj', '/CN=client-ca', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });

  return { key, cert };
}

/**
 * Starts the real kube-controller-manager: it collects garbage, finishes namespaces, signs
 * certificates, aggregates roles.
 */
function startControllers(dir, kubeApiServer, kubeconfig, ca) {
  return run(dir, 'kube-controller-manager', kubeApiServer, [
    'controller-manager',
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--secure-port=0',
    '--leader-elect=false',
    `--service-account-private-key-file=${join(dir, 'sa.key')}`,
    `--root-ca-file=${join(dir, 'certs', 'apiserver.crt')}`,
    `--cluster-signing-cert-file=${ca.cert}`,
    `--cluster-signing-key-file=${ca.key}`,
  ]);
}

/**
 * Starts a cluster of one etcd and one kube-apiserver on free ports.
 * @param {{controllers?: boolean, fsync?: boolean}} options whether a kube-controller-manager runs
 * too, not with KUBEBUILDER_ASSETS; whether etcd waits for the disk, by default it does
 * @returns {Promise<{server: string, token: string, kubeconfig: string, dir: string, pids():
 * number[], runControllers(): void, startAgain(): Promise<number>, restart(whileDown: () =>
 * Promise<void>): Promise<void>, stop(): Promise<void>}>} the API's URL, a token of the group
 * system:masters, the path of a kubeconfig that holds it, a scratch folder, processes;
 * `runControllers` starts the kube-controller-manager later, `restart` stops kube-apiserver and
 * starts it again, `startAgain` stops and starts all but controllers and returns how many
 * milliseconds the start took
 */
export async function startRealCluster({ controllers = false, fsync = true } = {}) {
  const kubeApiServer = kubeApiServerPath();
  if (!kubeApiServer) {
    throw new Error('needs Go to build kube-apiserver and etcd, or KUBEBUILDER_ASSETS');
  }

  const [etcd, ...etcdArgs] = etcdCommand(kubeApiServer);
  const dir = mkdtempSync(join(tmpdir(), 'real-cluster-'));
  const [clientPort, peerPort, port] = await freePorts(3);
  const token = randomBytes(16).toString('hex');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  writeFileSync(join(dir, 'sa.key'), privateKey.export({ type: 'sec1', format: 'pem' }), {
    mode: 0o600,
  });
  writeFileSync(join(dir, 'sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(dir, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`, {
    mode: 0o600,
  });

  const ca = clientCa(dir);
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;

  const runApiServer = () =>
    run(dir, 'kube-apiserver', kubeApiServer, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${join(dir, 'certs')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${join(dir, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(dir, 'sa.key')}`,
      `--token-auth-file=${join(dir, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--allow-privileged=true',
      `--client-ca-file=${ca.cert}`,
    ]);

  const runEtcd = () =>
    run(dir, 'etcd', etcd, [
      ...etcdArgs,
      `--data-dir=${join(dir, 'etcd')}`,
      ...(fsync ? [] : ['--unsafe-no-fsync']),
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
    ]);

  const processes = [runEtcd(), runApiServer()];

  async function stop() {
    for (const child of processes.toReversed()) {
      await child.stop();
    }
    rmSync(dir, { recursive: true, force: true });
  }

  async function untilReady() {
    const deadline = Date.now() + 90_000;

    while (!(await ready(port, token))) {
      const dead = processes.some((child) => !child.running);
      if (dead || Date.now() > deadline) {
        const tail = ['etcd', 'kube-apiserver'].map((name) =>
          readFileSync(join(dir, `${name}.log`), 'utf8').slice(-2000),
        );

        await stop();
        throw new Error(`the cluster did not become ready:\n${tail.join('\n')}`);
      }

      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  await untilReady();

  const server = `https://127.0.0.1:${port}`;
  const kubeconfig = join(dir, 'kubeconfig');
  const authority = readFileSync(join(dir, 'certs', 'apiserver.crt')).toString('base64');

  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'real', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
    'current-context': 'real',
  };

  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });

  const runControllers = () => processes.push(startControllers(dir, kubeApiServer, kubeconfig, ca));

  if (controllers) {
    runControllers();
  }

  async function restart(whileDown) {
    await processes[1].stop();
    await whileDown();
    processes[1] = runApiServer();
    await untilReady();
  }

  /** Stops etcd too, and starts both at once, as at first. */
  async function startAgain() {
    for (const child of processes.splice(0).toReversed()) {
      await child.stop();
    }

    const begin = performance.now();

    processes.push(runEtcd(), runApiServer());
    await untilReady();

    return Math.round(performance.now() - begin);
  }

  const pids = () => processes.map(({ pid }) => pid);

  return { server, token, kubeconfig, dir, pids, runControllers, restart, startAgain, stop };
}
