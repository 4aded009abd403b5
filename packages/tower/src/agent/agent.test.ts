import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { AgentHost, agentConfig, RunningAgent } from '@ks-apiserver/tower/test/agent-host';
import { eventually } from '@ks-apiserver/tower/test/connected-pair';
import type { AgentConfig } from '../protocol/agent-config.ts';
import { Backoff } from './backoff.ts';
import { serverUrl } from './server-url.ts';

let service: string;
const backend = http.createServer((req, res) => res.end(`saw ${req.url}`));

before(async () => {
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  service = `127.0.0.1:${(backend.address() as AddressInfo).port}`;
});

after(() => {
  backend.closeAllConnections();
  backend.close();
});

const told = async (): Promise<AgentConfig> => agentConfig({ kubernetesHost: service });

async function get(stream: Duplex, path: string): Promise<string> {
  const request = http.get({ path, createConnection: () => stream as Socket });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';

  for await (const piece of response) {
    text += piece;
  }

  return text;
}

test('a server reaches the services that the agent names, and no other address', async () => {
  const host = await AgentHost.start();
  const agent = new RunningAgent(host.url, { config: told });
  await eventually(() => assert.ok(host.events.includes('agent east')));

  const { agents } = host;
  assert.equal(await get(await agents.dial('east', service), '/x'), 'saw /x');
  assert.equal(agents.configOf('east')?.kubernetesHost, service);

  for (const [address, why] of [
    ['127.0.0.1:2', /cannot be reached/],
    ['169.254.169.254:80', /does not connect there/],
    [service.replace('127.0.0.1', 'localhost'), /does not connect there/],
    ['nonsense', /host:port/],
    [`${service}\r\nx`, /host:port/],
  ] as const) {
    await assert.rejects(agents.dial('east', address), why);
  }

  await assert.rejects(agents.dial('west', service), /not connected/);
  await agent.stop();
  await eventually(() => assert.ok(host.events.includes('gone east')));
  host.stop();
});

test('several connections of one agent share the work, and one of them is enough', async () => {
  const host = await AgentHost.start();
  const options = { config: told };
  const agents = [new RunningAgent(host.url, options), new RunningAgent(host.url, options)];
  await eventually(() => assert.equal(host.count('connected east'), 2));

  const dial = () => host.agents.dial('east', service);
  const channels = await Promise.all(Array.from({ length: 20 }, dial));

  await agents[0]?.stop();
  await eventually(() => assert.equal(channels.filter(({ destroyed }) => destroyed).length, 10));
  assert.equal(host.count('gone east'), 0);
  assert.equal(await get(await dial(), '/still'), 'saw /still');

  await agents[1]?.stop();
  host.stop();
});

test('a refused agent is told why, and slowed down each time', async () => {
  const host = await AgentHost.start();
  const begin = performance.now();
  const agent = new RunningAgent(host.url, {
    config: async () => agentConfig({ token: 'wrong' }),
    maxRetries: 2,
  });

  await assert.rejects(agent.done, /gave up after 2 tries: the server said: Unauthorized agent/);
  assert.equal(host.count('refused east'), 3);
  // 250, 500 and 1000 ms.
  assert.ok(performance.now() - begin >= 1700);
  await eventually(() => assert.equal(host.sockets.size, 0));
  host.stop();
});

test('a server that is gone without a word is noticed, and so is an agent', async () => {
  const keepAlive = { intervalMs: 100, timeoutMs: 500 };
  const host = await AgentHost.start({ keepAlive });

  // Stands between both and can go silent, as a machine without power does.
  const halves: Socket[] = [];
  const between = net.createServer((near) => {
    const far = net.connect(Number(host.url.port), '127.0.0.1');
    halves.push(near, far);
    near.pipe(far).pipe(near);
    near.on('error', () => {});
    far.on('error', () => {});
  });

  between.listen(0, '127.0.0.1');
  await once(between, 'listening');

  const url = new URL(host.url);
  url.port = String((between.address() as AddressInfo).port);
  const agent = new RunningAgent(url, { config: told, keepAliveMs: 100 });
  await eventually(() => assert.equal(host.count('connected east'), 1));

  // Nothing happens to those that answer.
  await new Promise((resolve) => setTimeout(resolve, 800));
  assert.equal(host.count('disconnected east'), 0);

  for (const half of halves.splice(0)) {
    half.unpipe();
    half.pause();
  }

  await eventually(() => assert.equal(host.count('disconnected east'), 1));
  await eventually(() => assert.equal(host.count('connected east'), 2));

  await agent.stop();
  between.close();
  host.stop();
});

test('a new token of the cluster is told without ending the connection', async () => {
  let bearerToken = 'first';
  const host = await AgentHost.start();
  const agent = new RunningAgent(host.url, {
    config: async () => ({ ...(await told()), bearerToken }),
    rereadMs: 50,
  });

  await eventually(() => assert.equal(host.agents.configOf('east')?.bearerToken, 'first'));
  bearerToken = 'second';
  await eventually(() => assert.equal(host.agents.configOf('east')?.bearerToken, 'second'));
  assert.equal(host.count('connected east'), 1);

  await agent.stop();
  host.stop();
});

test('an agent comes back when its server does', async () => {
  const host = await AgentHost.start();
  const agent = new RunningAgent(host.url, { config: told });
  await eventually(() => assert.equal(host.count('connected east'), 1));

  for (const socket of host.sockets) {
    socket.destroy();
  }

  await eventually(() => assert.equal(host.count('connected east'), 2));
  assert.equal(await get(await host.agents.dial('east', service), '/again'), 'saw /again');

  await agent.stop();
  host.stop();
});

test('what is no server of agents is named, and redirects are not followed', async () => {
  const other = http.createServer((_req, res) => res.end());
  other.on('upgrade', (_req, socket) => {
    socket.end('HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\n\r\n');
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');

  const url = new URL(`ws://127.0.0.1:${(other.address() as AddressInfo).port}`);
  const agent = new RunningAgent(url, { maxRetries: 1 });
  await assert.rejects(agent.done, /the server answered 302/);
  other.close();
});

test('waits grow to their limit, and differ', () => {
  const backoff = new Backoff(1000);
  const waits = Array.from({ length: 12 }, () => backoff.next());

  assert.ok(waits.every((wait) => wait >= 150 && wait <= 1000));
  assert.ok((waits[0] ?? 0) <= 200 && (waits[11] ?? 0) >= 750);
  backoff.reset();
  assert.ok(backoff.next() <= 200);
});

test('URLs of servers keep their path', () => {
  assert.equal(serverUrl('https://ks.example.com/tower').href, 'wss://ks.example.com/tower');
  assert.equal(serverUrl('http://10.0.0.1:8080').href, 'ws://10.0.0.1:8080/');

  for (const bad of ['ftp://x', 'x', 'https://u:p@x', 'http://']) {
    assert.throws(() => serverUrl(bad), RangeError);
  }
});
