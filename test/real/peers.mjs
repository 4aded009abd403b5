// Peers for the behaviour tests of packages/server: they run on the embedded API by default, and on
// a real cluster, with sessions in a real Redis or without, when KS_TEST_PEERS names this module.
// KS_TEST_CLUSTER=1 and KS_TEST_REDIS=1 choose the peers.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { freePorts } from '../server.mjs';
import { startRealCluster } from './real-cluster.mjs';

const main = fileURLToPath(new URL('../../packages/server/dist/bundle/main.js', import.meta.url));

async function startRedis() {
  const [port] = await freePorts(1);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });

  for (let i = 0; ; i++) {
    try {
      if (
        execFileSync('redis-cli', ['-p', String(port), 'ping'], { encoding: 'utf8' }).trim() ===
        'PONG'
      ) {
        break;
      }
    } catch (error) {
      if (i > 100) {
        throw error;
      }
    }

    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  return { port, stop: () => child.kill() };
}

/** Returns the arguments with a configuration file that has these sections too. */
async function withSections(dir, args, sections) {
  const at = args.indexOf('--config');
  const given = at < 0 ? {} : parse(await readFile(args[at + 1], 'utf8'));
  const file = join(dir, 'kubesphere.yaml');

  await writeFile(file, stringify({ ...given, ...sections }));

  const rest = at < 0 ? args : args.toSpliced(at, 2);

  return [...rest, '--config', file];
}

/**
 * Starts the peers that the environment requests, empty and installed.
 * @param {readonly string[]} given the arguments with which a test starts the server
 * @returns {Promise<{args: string[], kubeconfig: string | undefined, stop(): Promise<void>}>} the
 * arguments to start it with, and the path of an administrator's kubeconfig of the cluster
 */
export async function startPeers(given) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-peers-'));
  let args = [...given];
  let cluster;
  let redis;

  if (process.env.KS_TEST_REDIS === '1') {
    redis = await startRedis();
    args = await withSections(dir, args, { redis: { host: '127.0.0.1', port: redis.port } });
  }

  const stop = async () => {
    redis?.stop();
    await cluster?.stop();
    await rm(dir, { recursive: true, force: true });
  };

  if (process.env.KS_TEST_CLUSTER === '1') {
    cluster = await startRealCluster({ controllers: true });

    try {
      const install = [main, 'install', '--federation', '--kubeconfig', cluster.kubeconfig];
      execFileSync(process.execPath, install, {
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 60_000,
      });
    } catch (error) {
      await stop();
      throw error;
    }

    args.push('--kubeconfig', cluster.kubeconfig);
  }

  return { args, kubeconfig: cluster?.kubeconfig, stop };
}
