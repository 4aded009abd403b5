import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { readBody, type Upgraded } from '@ks-apiserver/apimachinery/transport/transport';
import { RemoteTransport } from './remote.ts';

/**
 * Starts a server that reads a request's headers and then runs a test's function on the connection.
 */
async function peer(serve: (socket: Socket, request: string) => void) {
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));

    let text = '';
    socket.on('data', function take(chunk) {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) {
        return;
      }

      socket.off('data', take);
      serve(socket, text);
    });
  });

  await once(server.listen(0, '127.0.0.1'), 'listening');

  const transport = new RemoteTransport({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`,
    token: 'secret',
  });

  const stop = async () => {
    await transport.close();

    for (const socket of sockets) {
      socket.destroy();
    }

    server.close();
  };

  return { transport, sockets, stop };
}

const request = {
  method: 'GET',
  url: '/api/v1/namespaces/a/pods/b/exec?command=sh',
  headers: {
    upgrade: 'websocket',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
    'content-length': '10',
    expect: '100-continue',
    authorization: 'Bearer of the caller',
    te: 'trailers',
  },
};

test('after 101 the connection is returned with the bytes behind the answer', async () => {
  let asked = '';

  const { transport, stop } = await peer((socket, text) => {
    asked = text;
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: b\r\n\r\nfirst',
    );
    socket.on('data', (chunk) => socket.write(`echo ${chunk}`));
  });

  const { status, headers, socket, head } = (await transport.upgrade(request)) as Upgraded;
  assert.deepEqual(
    [status, headers, head.toString()],
    [101, { connection: 'Upgrade', upgrade: 'websocket', 'x-a': 'b' }, 'first'],
  );

  socket.write('hello');
  assert.equal(String((await once(socket, 'data'))[0]), 'echo hello');
  socket.destroy();

  const [line, ...lines] = asked.toLowerCase().trim().split('\r\n');
  assert.equal(line, 'get /prefix/api/v1/namespaces/a/pods/b/exec?command=sh http/1.1');

  assert.deepEqual(lines.map((one) => one.replace(/:\d+$/, '')).sort(), [
    'authorization: bearer secret',
    'connection: upgrade',
    'host: 127.0.0.1',
    'sec-websocket-protocol: v5.channel.k8s.io',
    'upgrade: websocket',
  ]);

  await stop();
});

test('any other answer is returned whole, and its connection ends', async () => {
  const { transport, sockets, stop } = await peer((socket) => {
    socket.write(
      'HTTP/1.1 403 Forbidden\r\nContent-Length: 10\r\nX-A: b\r\nUpgrade: h2c\r\n\r\n01234',
    );
    setTimeout(() => socket.write('56789HTTP/1.1 200 OK\r\n\r\n'), 50);
  });

  const answer = await transport.upgrade(request);
  assert.ok(!('socket' in answer));
  assert.deepEqual([answer.status, answer.headers], [403, { 'content-length': '10', 'x-a': 'b' }]);
  assert.equal((await readBody(answer.body)).toString(), '0123456789');

  while (sockets.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  await stop();
});

test('a truncated, invalid or too long answer is an error', async () => {
  const broken = await peer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'),
  );
  const answer = await broken.transport.upgrade(request);

  await assert.rejects(readBody((answer as { body: AsyncIterable<Uint8Array> }).body));
  await broken.stop();

  const silent = await peer((socket) => socket.destroy());
  await assert.rejects(silent.transport.upgrade(request), { code: 503 });
  await silent.stop();

  const noHttp = await peer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
  await assert.rejects(noHttp.transport.upgrade(request), { code: 503 });
  await noHttp.stop();

  const endless = await peer((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');

    const more = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(1024 * 1024))) {}
    };
    socket.on('drain', more);
    more();
  });

  const long = await endless.transport.upgrade(request);
  await assert.rejects(readBody((long as { body: AsyncIterable<Uint8Array> }).body), /longer than/);
  await endless.stop();
});

test('the answer is not awaited after the caller has gone', async () => {
  const { transport, sockets, stop } = await peer(() => {});
  const gone = new AbortController();
  const answer = transport.upgrade({ ...request, signal: gone.signal });

  setTimeout(() => gone.abort(new Error('gone')), 50);
  await assert.rejects(answer, /gone/);

  while (sockets.size > 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }

  await stop();
});
