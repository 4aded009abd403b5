// Records what an agent of KubeSphere's tower sends, as data of a unit test:
//
//   node test/real/tower/record.mjs PROGRAM NAME
//
// writes packages/tower/test/recorded/NAME.json. The server's keys are the same each time, so that
// the recorded bytes can be read again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AgentServer } from '../../../packages/tower/dist/server/agent-server.js';
import { agentStream } from '../../../packages/tower/dist/server/agent-socket.js';
import { FIXED_SECRETS, fixedHostKey } from '../../../packages/tower/dist/test/fixed-secrets.js';
import { portOf } from '../../server.mjs';

const [program = '', name = ''] = process.argv.slice(2);
const folder = fileURLToPath(new URL('../../../packages/tower/test/recorded/', import.meta.url));

/** Long enough for an agent to say all that it has to say. */
const QUIET_MS = 1500;

const backend = http.createServer((req, res) => res.end(`saw ${req.url}`));
backend.listen(0, '127.0.0.1');
await once(backend, 'listening');
const service = `127.0.0.1:${portOf(backend)}`;

const phases = [];
let bytes = [];

const agents = new AgentServer({
  authenticate: ({ token }) => token === 'secret',
  secrets: FIXED_SECRETS,
  hostKey: fixedHostKey(),
  events: {
    onAgent: () => {},
    onAgentGone: () => {},
    onConnected: () => {},
    onDisconnected: () => {},
    onRefused: () => {},
  },
});

const server = http.createServer();
server.on('upgrade', (req, socket, head) =>
  agentStream(req, socket, head, (stream) => {
    stream.on('data', (piece) => bytes.push(piece));
    agents.accept(stream, '127.0.0.1');
  }),
);
server.listen(0, '127.0.0.1');
await once(server, 'listening');

async function phase(what, act) {
  await act();
  await sleep(QUIET_MS);
  phases.push({ what, hex: Buffer.concat(bytes).toString('hex') });
  bytes = [];
}

async function call(path) {
  const stream = await agents.dial('east', service);
  stream.on('end', () => stream.destroy());
  stream.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
  stream.resume();
  await once(stream, 'close');
}

const dir = mkdtempSync(join(tmpdir(), 'record-'));
const kubeconfig = join(dir, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'a',
    clusters: [{ name: 'c', cluster: { server: `https://${service}` } }],
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
  }),
);

const child = spawn(
  program,
  [
    '--name=east',
    '--token=secret',
    `--proxy-server=http://127.0.0.1:${portOf(server)}`,
    '--keepalive=1s',
    `--kubesphere-service=${service}`,
    `--kubeconfig=${kubeconfig}`,
  ],
  { stdio: 'ignore' },
);

await phase('introduce', async () => {
  while (!agents.configOf('east')) {
    await sleep(20);
  }
});
await phase('call', () => call('/first'));
await phase('rekey', async () => agents.rekey('east'));
await phase('call', () => call('/second'));
await phase('nobody', async () => {
  const stream = await agents.dial('east', '127.0.0.1:1');
  stream.resume();
  await once(stream, 'close');
});

mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ service, phases }, undefined, 2)}\n`);

child.kill();
agents.close();
server.close();
backend.closeAllConnections();
backend.close();
rmSync(dir, { recursive: true });
