import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { readBody } from '@ks-apiserver/apimachinery/transport/transport';
import { WebSocketServer } from 'ws';
import { addressOf } from './dialled.ts';
import { RemoteTransport } from './remote.ts';

const seen: string[] = [];
const server = createServer((req, res) => {
  seen.push(`${req.method} ${req.url} ${req.headers.host} ${req.headers.authorization ?? '-'}`);
  res.end('answer');
});

const sockets = new WebSocketServer({ server, path: '/socket' });
sockets.on('connection', (socket) => socket.send('hello'));

const opened: Socket[] = [];

/** Returns a stream that is no socket, as those of agents are. */
function open(): Duplex {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.push(socket);

  return Duplex.from({ readable: socket, writable: socket });
}

let transport: RemoteTransport;
let dialled: string[] = [];
let token = 'first';

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  transport = new RemoteTransport(
    { server: 'http://only-the-agent-knows.invalid/prefix', token: 'never-sent' },
    {
      bearerToken: () => token,
      dial: async (address) => {
        dialled.push(address);
        return open();
      },
    },
  );
});

after(async () => {
  await transport.close();
  for (const socket of opened) {
    socket.destroy();
  }
  server.close();
});

test('calls go through connections that somebody else opens, and these are used again', async () => {
  for (const _ of [1, 2, 3]) {
    const { status, body } = await transport.request({ method: 'GET', url: '/a', headers: {} });
    assert.equal(status, 200);
    assert.equal((await readBody(body)).toString(), 'answer');
    token = 'second';
  }

  assert.ok(dialled.length < 3);
  assert.equal(dialled[0], 'only-the-agent-knows.invalid:80');
  assert.equal(seen[0], 'GET /prefix/a only-the-agent-knows.invalid Bearer first');
  assert.match(seen[1] ?? '', /Bearer second$/);
});

test('upgrades and WebSockets go through them as well', async () => {
  dialled = [];

  const answer = await transport.upgrade({
    method: 'GET',
    url: '/none',
    headers: { upgrade: 'spdy/3.1' },
  });
  // As the server of WebSockets answers other protocols.
  assert.equal(answer.status, 400);
  await readBody('body' in answer ? answer.body : undefined);

  const relative = new RemoteTransport(
    { server: 'http://only-the-agent-knows.invalid' },
    {
      dial: async (address) => {
        dialled.push(address);
        return open();
      },
    },
  );

  const socket = await relative.webSocket('/socket', [], AbortSignal.timeout(10_000));
  const message = once(socket, 'message');
  socket.resume();
  assert.equal(String((await message)[0]), 'hello');
  socket.terminate();
  await relative.close();

  assert.deepEqual(dialled, ['only-the-agent-knows.invalid:80', 'only-the-agent-knows.invalid:80']);
});

test('a connection that cannot be opened is a failure of the call', async () => {
  const broken = new RemoteTransport(
    { server: 'https://member:6443' },
    { dial: () => Promise.reject(new Error('the agent is not connected')) },
  );
  const request = { method: 'GET', url: '/', headers: {} };

  await assert.rejects(broken.request(request), /cannot be reached: the agent is not connected/);
  await assert.rejects(broken.upgrade({ ...request, headers: { upgrade: 'x' } }), {
    code: 503,
  });
  await broken.close();
});

test('addresses have the port of their scheme', () => {
  assert.equal(addressOf(new URL('https://a')), 'a:443');
  assert.equal(addressOf(new URL('http://a:81')), 'a:81');
  assert.equal(addressOf(new URL('https://[2001:db8::1]:6443')), '[2001:db8::1]:6443');
});
