// Both ends of agents beside Go's own SSH (test/real/tower), in a current version, and beside the
// agent of KubeSphere's tower where the environment variable TOWER_AGENT names its program:
//
//   git clone https://github.com/kubesphere/tower && cd tower && go build -o /tmp/agent ./cmd/agent
//   TOWER_AGENT=/tmp/agent node scripts/test.mjs --real agents
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AgentHost, agentConfig, RunningAgent } from '../../packages/tower/dist/test/agent-host.js';
import { portOf } from '../server.mjs';
import { goProgram } from './go-program.mjs';

const BIG = 32 * 1024 * 1024;
const program = goProgram('tower');
const skip = program ? false : 'Go is not installed';
const tower = process.env.TOWER_AGENT;

const backend = http.createServer((req, res) => {
  if (req.url !== '/big') {
    res.end(`saw ${req.url}`);
    return;
  }

  let left = BIG / 65_536;
  const write = () => {
    while (left > 0) {
      left -= 1;
      if (!res.write(Buffer.alloc(65_536, 'x'))) {
        res.once('drain', write);
        return;
      }
    }
    res.end();
  };
  write();
});

let service;
let dir;
const children = new Set();

before(async () => {
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  service = `127.0.0.1:${portOf(backend)}`;
  dir = mkdtempSync(join(tmpdir(), 'real-agents-'));
});

after(() => {
  for (const child of children) {
    child.kill();
  }
  backend.closeAllConnections();
  backend.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Starts a program; `says` resolves when its output matches. */
function start(path, args) {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';

  children.add(child);
  child.once('exit', () => children.delete(child));

  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece) => {
      output += piece;
    });
  }

  const says = async (pattern) => {
    const end = Date.now() + 60_000;
    while (!pattern.test(output)) {
      assert.ok(Date.now() < end, `${pattern} is not in:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return pattern.exec(output);
  };

  return { child, says, output: () => output };
}

async function get(stream, path) {
  const request = http.get({
    path,
    createConnection: () => stream,
    headers: { connection: 'close' },
  });
  const [response] = await once(request, 'response');
  let length = 0;

  for await (const piece of response) {
    length += piece.length;
  }

  return length;
}

async function until(check) {
  const end = Date.now() + 60_000;
  while (!check()) {
    assert.ok(Date.now() < end, 'it takes too long');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Puts a connected agent through everything. */
async function exercise(host) {
  const { agents } = host;
  const dial = () => agents.dial('east', service);

  assert.equal(await get(await dial(), '/a'), 'saw /a'.length);

  const many = Array.from({ length: 200 }, async (_, at) => get(await dial(), `/${100 + at}`));
  assert.ok((await Promise.all(many)).every((length) => length === 'saw /100'.length));

  // The keys change at our wish while a large answer comes, and small ones beside it.
  const big = dial().then((stream) => get(stream, '/big'));
  for (let i = 0; i < 10; i++) {
    agents.rekey('east');
    assert.equal(await get(await dial(), '/a'), 'saw /a'.length);
  }
  assert.equal(await big, BIG);

  // An address at which nobody listens: the channel ends without an answer.
  await assert.rejects(async () => get(await agents.dial('east', '127.0.0.1:1'), '/'));
}

/** Arguments of tower's agent. */
function towerArgs(host, token) {
  const kubeconfig = join(dir, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'a',
    clusters: [{ name: 'c', cluster: { server: `https://${service}` } }],
    contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
    users: [{ name: 'u', user: {} }],
  };
  writeFileSync(kubeconfig, JSON.stringify(config));

  return [
    '--name=east',
    `--token=${token}`,
    `--proxy-server=${host.url.href.replace('ws:', 'http:')}`,
    '--keepalive=1s',
    `--kubesphere-service=${service}`,
    `--kubeconfig=${kubeconfig}`,
  ];
}

for (const rekey of [0, 65_536]) {
  test(`Go's SSH as an agent, which changes keys after ${rekey || 'many'} bytes`, {
    skip,
  }, async () => {
    const host = await AgentHost.start();
    const agent = start(program, [
      `-server=${host.url}`,
      '-token=secret',
      `-service=${service}`,
      `-rekey=${rekey}`,
    ]);

    await agent.says(/config true ""\nping true ""/);
    await until(() => host.count('connected east') === 1);
    assert.equal(host.agents.configOf('east')?.bearerToken, 'token of the pod');
    await exercise(host);

    host.agents.close();
    await agent.says(/ended .*disconnect, reason 11/);
    host.stop();
  });

  test(`Go's SSH as the server, which changes keys after ${rekey || 'many'} bytes`, {
    skip,
  }, async () => {
    const server = start(program, ['-serve', '-token=secret', `-rekey=${rekey}`]);
    const [, url] = await server.says(/listening (\S+)/);
    const agent = new RunningAgent(new URL(url), {
      config: async () => agentConfig({ kubernetesHost: service }),
    });

    await server.says(/read \/small 10 <nil>/);
    await server.says(new RegExp(`read /big ${BIG} <nil>`));
    await server.says(/elsewhere .*does not connect there/);
    await agent.stop();
    await server.says(/ended/);
  });
}

test("a wrong token, with Go's SSH at the other end", { skip }, async () => {
  const host = await AgentHost.start();
  const stranger = start(program, [`-server=${host.url}`, '-token=wrong', `-service=${service}`]);
  await stranger.says(/config false "Unauthorized agent"/);
  host.stop();

  const server = start(program, ['-serve', '-token=other']);
  const [, url] = await server.says(/listening (\S+)/);
  const agent = new RunningAgent(new URL(url), { maxRetries: 1 });
  await assert.rejects(agent.done, /the server said: Unauthorized agent/);
});

test('the agent of KubeSphere’s tower', {
  skip: tower ? false : 'TOWER_AGENT is not set',
}, async () => {
  const host = await AgentHost.start();
  const agent = start(tower, towerArgs(host, 'secret'));
  await until(() => host.count('connected east') === 1);
  await exercise(host);

  // It comes back.
  for (const socket of host.sockets) {
    socket.destroy();
  }
  await until(() => host.count('connected east') === 2);
  agent.child.kill();
  await until(() => host.count('gone east') === 2);

  const stranger = start(tower, towerArgs(host, 'wrong'));
  await stranger.says(/Connection error: Unauthorized agent/);
  stranger.child.kill();
  host.stop();
});
