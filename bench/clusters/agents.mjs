// Measures calls to a member through its agent beside calls of the same member at an address of its
// own, and the memory of idle agents at their server.
import { spawn } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
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

const main = fileURLToPath(new URL('../../packages/server/dist/bundle/main.js', import.meta.url));
const SIZES = [2_000, 40_000];
const CONNECTIONS = [1, 32];
const IDLE_AGENTS = 1000;
const GOAL_RATIO = 0.5;
const GOAL_KB = 150;

function startAgent(server, name, kubeconfig, port) {
  const args = [
    `--name=${name}`,
    '--token=secret',
    `--proxy-server=${server.url}/tower`,
    `--kubeconfig=${kubeconfig}`,
    `--kubesphere-service=127.0.0.1:${port}`,
    '--max-retry-interval=1s',
  ];

  return spawn(process.execPath, [main, 'agent', ...args], { stdio: 'ignore' });
}

/** Prints requests through an agent beside direct ones; returns the number of failed requests. */
async function calls(seconds, dir) {
  const { server, token, tls, ca } = await startHost(dir);
  const kubernetes = await startPeer('member', { ...tls, size: 100 });
  const kubeconfig = join(dir, 'kubeconfig');
  const text = Buffer.from(kubeconfigOf(kubernetes.port, ca), 'base64').toString();
  await writeFile(kubeconfig, text);

  const print = loadTable(seconds);
  const ratios = [];

  for (const size of SIZES) {
    const member = await startPeer('plain', { size });
    const path = (cluster) => `/api/clusters/${cluster}/v1/namespaces/default/pods`;
    const [direct, tunnelled] = [`direct-${size}`, `tunnelled-${size}`];

    await addCluster(
      server,
      token,
      direct,
      { connection: { type: 'direct', kubesphereAPIEndpoint: `http://127.0.0.1:${member.port}` } },
      READY,
    );
    await addCluster(server, token, tunnelled, {
      joinFederation: true,
      connection: { type: 'proxy', token: 'secret' },
    });

    const agent = startAgent(server, tunnelled, kubeconfig, member.port);
    await untilAnswered(server.url + path(direct), token);
    await untilAnswered(server.url + path(tunnelled), token);

    for (const connections of CONNECTIONS) {
      const of = (cluster) =>
        loadWithWrk({ url: server.url + path(cluster), token, connections, seconds });
      const without = await of(direct);
      const through = await of(tunnelled);

      await print(`${size} bytes, direct`, server, without, connections);
      await print(`${size} bytes, through the agent`, server, through, connections);
      ratios.push(
        `${size} bytes, ${connections} connections: ${(through.perSecond / without.perSecond).toFixed(2)} times the requests of direct calls (goal ${GOAL_RATIO})`,
      );
    }

    agent.kill();
    await once(agent, 'exit');
    await member.stop();
  }

  console.log(`\n${ratios.join('\n')}\n`);
  await kubernetes.stop();
  await server.stop();

  return print.errors();
}

async function memoryOf({ child }) {
  child.send('memory');
  const [memory] = await once(child, 'message');

  return memory;
}

/** Prints what an idle agent costs its server. */
async function idleAgents() {
  const { Agent } = await import('../../packages/tower/dist/agent/agent.js');
  const server = await startPeer('agents', {}, ['--expose-gc']);
  const before = await memoryOf(server);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);

  for (let at = 0; at < IDLE_AGENTS; at++) {
    const agent = new Agent({
      server: { url: new URL(`ws://127.0.0.1:${server.port}`) },
      config: async () => ({
        version: 'bench',
        name: `cluster-${at}`,
        token: 'secret',
        kubernetesHost: '10.0.0.1:443',
        kubesphereHost: '10.0.0.2:80',
        ca: 'x'.repeat(1500),
        bearerToken: 'x'.repeat(1000),
      }),
      keepAliveMs: 10_000,
      maxRetries: 0,
      maxRetryIntervalMs: 1000,
      log: { info: () => {}, warn: () => {} },
    });

    agent.run(stop.signal).catch(() => {});

    if (at % 50 === 49) {
      await sleep(100);
    }
  }

  let memory = await memoryOf(server);
  for (let tries = 0; memory.connected < IDLE_AGENTS && tries < 600; tries++) {
    await sleep(100);
    memory = await memoryOf(server);
  }

  // After some rounds of keep-alive.
  await sleep(15_000);
  memory = await memoryOf(server);

  const each = (what) => ((memory[what] - before[what]) / 1024 / IDLE_AGENTS).toFixed(0);
  console.log(
    `${memory.connected} idle agents: ${each('used')} KB each in use, ${each('rss')} KB each resident (goal ${GOAL_KB})\n`,
  );

  stop.abort();
  await server.stop();

  return memory.connected === IDLE_AGENTS ? 0 : 1;
}

/** Prints the figures of agents; returns the number of failed requests. */
export async function agents(seconds) {
  const dir = await mkdtemp(join(tmpdir(), 'ks-bench-agents-'));

  try {
    return (await calls(seconds, dir)) + (await idleAgents());
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
