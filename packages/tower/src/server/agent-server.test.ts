import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentHost, agentConfig, RunningAgent } from '@ks-apiserver/tower/test/agent-host';
import { eventually, socketPair } from '@ks-apiserver/tower/test/connected-pair';
import fc from 'fast-check';
import { Connection } from '../connection/connection.ts';
import { ProtocolError } from '../packets/wire.ts';
import { isHostPort, readAgentConfig, writeAgentConfig } from '../protocol/agent-config.ts';
import { CLIENT_LINE } from '../protocol/protocol.ts';
import { AgentServer } from './agent-server.ts';
import { Penalties } from './penalties.ts';

const NOTHING = {
  onAgent: () => {},
  onAgentGone: () => {},
  onConnected: () => {},
  onDisconnected: () => {},
  onRefused: () => {},
};

/** A server of agents, and a client of it that has said nothing of itself. */
async function stranger() {
  const agents = new AgentServer({ authenticate: () => true, events: NOTHING });
  const [near, far] = await socketPair();
  agents.accept(far, '192.0.2.1');

  const state = { isClosed: false };
  const client = new Connection(near, {
    role: 'client',
    line: CLIENT_LINE,
    maxChannels: 10,
    onRequest: () => ({ isSuccess: true, payload: Buffer.alloc(0) }),
    onChannelOpen: async () => () => {},
    onClose: () => {
      state.isClosed = true;
    },
  });

  await client.opened;

  return { agents, client, state };
}

test('an agent must say who it is before anything else', async () => {
  for (const [request, payload, text] of [
    ['ping', '', 'expecting config request'],
    ['config', '{', 'invalid json config'],
    ['config', '{"Name":1}', 'invalid config'],
    ['config', 'null', 'invalid config'],
  ] as const) {
    const { client, state, agents } = await stranger();
    const reply = await client.request(request, Buffer.from(payload));

    assert.deepEqual([reply.isSuccess, reply.payload.toString()], [false, text]);
    await eventually(() => assert.ok(state.isClosed));
    agents.close();
  }
});

test('an agent opens no channels, and changes neither name nor credentials for bad ones', async () => {
  const { client, agents, state } = await stranger();
  const open = () => client.openChannel('kubesphere', 'x:1', AbortSignal.timeout(10_000));

  await client.request('config', writeAgentConfig(agentConfig()));
  await assert.rejects(open(), /agents open no channels/);

  const other = await client.request('config', writeAgentConfig(agentConfig({ name: 'west' })));
  assert.equal(other.payload.toString(), 'Unauthorized agent');
  await eventually(() => assert.ok(state.isClosed));
  agents.close();
});

test('those that have not authenticated are few, in all and from one address', async () => {
  const agents = new AgentServer({
    authenticate: () => true,
    events: NOTHING,
    maxUnauthenticated: 3,
    maxUnauthenticatedPerAddress: 2,
  });

  const accept = async (address: string) => {
    const [near, far] = await socketPair();
    agents.accept(far, address);
    return { near, far };
  };

  const first = await accept('192.0.2.1');
  await accept('192.0.2.1');
  assert.equal(agents.admits('192.0.2.1'), false);
  assert.equal((await accept('192.0.2.1')).far.destroyed, true);

  assert.equal(agents.admits('192.0.2.2'), true);
  await accept('192.0.2.2');
  assert.equal(agents.admits('192.0.2.3'), false);

  first.near.destroy();
  await eventually(() => assert.ok(agents.admits('192.0.2.1')));
  agents.close();
});

test('a connection whose credentials are no longer good ends, and others do not', async () => {
  let good = 'secret';
  const host = await AgentHost.start({ authenticate: ({ token }) => token === good });
  const agent = new RunningAgent(host.url, { config: async () => agentConfig() });
  await eventually(() => assert.equal(host.count('connected east'), 1));

  host.agents.recheck('east');
  host.agents.recheck('nosuch');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(host.count('disconnected east'), 0);

  good = 'another';
  host.agents.recheck('east');
  await eventually(() => assert.equal(host.count('gone east'), 1));

  await agent.stop();
  host.stop();
});

test('an agent has so many connections and no more: the oldest one goes', async () => {
  const host = await AgentHost.start({ maxConnectionsPerAgent: 2 });
  const agents = [1, 2, 3].map(() => new RunningAgent(host.url, { maxRetryIntervalMs: 60_000 }));
  await eventually(() => assert.ok(host.count('disconnected east') >= 1));

  await Promise.all(agents.map((agent) => agent.stop()));
  host.stop();
});

test('what agents tell is read strictly, and comes back as it was', () => {
  const full = agentConfig({ cert: 'C', key: 'K', ca: 'A', bearerToken: 'B' });
  assert.deepEqual(readAgentConfig(writeAgentConfig(full)), full);

  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      try {
        readAgentConfig(Buffer.from(text));
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
  );

  const good = ['10.0.0.1:443', 'kubernetes.default.svc:443', '[2001:db8::1]:6443'];
  const bad = ['x', 'x:0', 'x:65536', 'a b:1', 'x:1\n', '2001:db8::1:443', 'u@x:1', ':1', 'x/y:1'];
  assert.deepEqual([...good, ...bad].filter(isHostPort), good);
});

test('addresses that fail wait longer each time, until they succeed', () => {
  const penalties = new Penalties();
  const waits = Array.from({ length: 8 }, () => penalties.fail('192.0.2.1'));

  assert.deepEqual(waits.slice(0, 6), [250, 500, 1000, 2000, 4000, 4000]);
  assert.equal(penalties.fail('192.0.2.2'), 250);
  penalties.succeed('192.0.2.1');
  assert.equal(penalties.fail('192.0.2.1'), 250);
});
