import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  connectedPair,
  eventually,
  type Pair,
  socketPair,
} from '@ks-apiserver/tower/test/connected-pair';
import fc from 'fast-check';
import { string, uint32 } from '../packets/wire.ts';
import { CLIENT_LINE, SERVER_LINE } from '../protocol/protocol.ts';
import { hostKey } from '../ssh/host-key.ts';
import { Transport } from '../ssh/transport.ts';
import { ClientAuthentication } from './authentication.ts';
import type { Channel } from './channel.ts';
import { Connection } from './connection.ts';

const KEY = hostKey();

/** A server, and a client of it that sends what a test wants it to send. */
async function rawClient() {
  const [near, far] = await socketPair();
  const closed = { isClosed: false };
  const server = new Connection(far, {
    role: 'server',
    line: SERVER_LINE,
    hostKey: KEY,
    maxChannels: 10,
    onRequest: () => ({ isSuccess: true, payload: Buffer.alloc(0) }),
    onChannelOpen: async () => (channel) => void channel.resume(),
    onClose: () => {
      closed.isClosed = true;
    },
  });

  let authentication: ClientAuthentication | undefined;
  const transport: Transport = new Transport(
    near,
    { role: 'client', line: CLIENT_LINE },
    {
      onReady: () => {
        authentication = new ClientAuthentication((message) => transport.send(message));
      },
      onMessage: (message) => {
        if (message[0] !== undefined && message[0] < 80) {
          authentication?.take(message);
        }
        return true;
      },
      nextData: () => undefined,
      onClose: () => {},
    },
  );

  await server.opened;

  return { transport, server, closed };
}

async function readAll(channel: Channel): Promise<Buffer> {
  const pieces: Buffer[] = [];

  for await (const piece of channel) {
    pieces.push(piece);
  }

  return Buffer.concat(pieces);
}

async function withPair(
  options: Parameters<typeof connectedPair>[0],
  run: (pair: Pair) => Promise<void>,
): Promise<void> {
  const pair = await connectedPair(options);

  try {
    await run(pair);
  } finally {
    pair.close();
  }
}

test('data comes back as it went, and an end goes through in one direction at a time', () =>
  withPair({}, async ({ open }) => {
    const channel = await open();
    const sent = randomBytes(3_000_000);

    channel.end(sent);
    assert.ok((await readAll(channel)).equals(sent));
    await eventually(() => assert.ok(channel.destroyed));
  }));

test('requests are answered in their order, with their texts', () =>
  withPair(
    {
      onRequest: async (name, payload) => ({ isSuccess: name !== 'no', payload }),
    },
    async ({ client, server }) => {
      const [yes, no, back] = await Promise.all([
        client.request('yes', Buffer.from('a')),
        client.request('no', Buffer.from('Unauthorized agent')),
        server.request('yes', Buffer.alloc(0)),
      ]);

      assert.deepEqual([yes.isSuccess, yes.payload.toString()], [true, 'a']);
      assert.deepEqual([no.isSuccess, no.payload.toString()], [false, 'Unauthorized agent']);
      assert.equal(back.isSuccess, true);
    },
  ));

test('keys change under load, at the wish of either end, and nothing is lost', () =>
  withPair({ rekeyAfterBytes: 200_000 }, async ({ open, client, server, closed }) => {
    const channels = await Promise.all([open(), open(), open()]);
    const sent = randomBytes(4_000_000);
    const both = setInterval(() => {
      client.rekey();
      server.rekey();
    }, 20);

    const received = await Promise.all(
      channels.map((channel) => {
        channel.end(sent);
        return readAll(channel);
      }),
    );

    clearInterval(both);
    assert.ok(received.every((bytes) => bytes.equals(sent)));
    assert.deepEqual(closed, {});
  }));

test('a peer that does nothing but change keys has to go', () =>
  withPair({}, async ({ client, closed }) => {
    const timer = setInterval(() => client.rekey(), 1);

    await eventually(() => assert.match(closed.server?.message ?? '', /changes keys too often/));
    clearInterval(timer);
  }));

test('a reader that stalls stops its writer, and holds up nobody else', () => {
  const accepted: Channel[] = [];

  return withPair(
    { onChannelOpen: async () => (channel) => void accepted.push(channel) },
    async ({ open }) => {
      const stalled = await open('stalled:1');
      let written = 0;

      const write = () => {
        while (stalled.write(Buffer.alloc(16_384))) {
          written += 16_384;
        }
        written += 16_384;
      };

      stalled.on('drain', write);
      write();

      const other = await open('other:1');
      await eventually(() => assert.equal(accepted.length, 2));
      accepted[1]?.end('quick');
      assert.equal((await readAll(other)).toString(), 'quick');

      // The window of one channel and what both streams keep, and not what the writer would write.
      const before = written;
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(written, before);
      assert.ok(written < 1_500_000, String(written));

      let read = 0;
      accepted[0]?.on('data', ({ length }) => {
        read += length;
      });
      await eventually(() => assert.ok(read > 5_000_000));
      stalled.destroy();
    },
  );
});

test('a small answer does not wait for a large one', () =>
  withPair(
    {
      onChannelOpen: async (_type, extra) => (channel) => {
        if (extra.toString() === 'bulk:1') {
          const write = () => {
            while (channel.write(Buffer.alloc(65_536))) {}
          };
          channel.on('drain', write);
          write();
        } else {
          channel.pipe(channel);
        }
      },
    },
    async ({ open }) => {
      const bulk = await open('bulk:1');
      let received = 0;
      bulk.on('data', ({ length }) => {
        received += length;
      });
      await eventually(() => assert.ok(received > 1_000_000));

      const meanwhile: number[] = [];

      for (let i = 0; i < 21; i++) {
        const before = received;
        const small = await open('small:1');
        small.end('x');
        assert.equal((await readAll(small)).toString(), 'x');
        meanwhile.push(received - before);
      }

      // A small one waits for what is in the buffers of the system, three times, and no longer.
      const median = meanwhile.sort((a, b) => a - b)[10] ?? 0;
      assert.ok(median < 16_000_000, meanwhile.join());
      bulk.destroy();
    },
  ));

test('thousands of channels at the same time', () =>
  withPair({ maxChannels: 3000 }, async ({ open }) => {
    const channels = await Promise.all(Array.from({ length: 2500 }, () => open()));
    const answers = await Promise.all(
      channels.map((channel, at) => {
        channel.end(`channel ${at}`);
        return readAll(channel);
      }),
    );

    assert.ok(answers.every((answer, at) => answer.toString() === `channel ${at}`));
  }));

test('channels have a limit, which those that end make room in', () =>
  withPair({ maxChannels: 10 }, async ({ open, server }) => {
    const channels = await Promise.all(Array.from({ length: 10 }, () => open()));
    await assert.rejects(open(), /too many channels/);

    channels[0]?.destroy();
    await eventually(() => assert.equal(server.channelCount, 9));
    await open();
  }));

test('a refused channel tells why, and one that is given up is closed when it comes', () => {
  let accept: (() => void) | undefined;

  return withPair(
    {
      onChannelOpen: async (_type, extra) => {
        if (extra.toString() === 'late:1') {
          await new Promise<void>((resolve) => {
            accept = resolve;
          });
          return () => {};
        }
        throw new Error('secret path /etc/x');
      },
    },
    async ({ open, server }) => {
      await assert.rejects(open('refused:1'), { message: 'the connection failed' });

      const giveUp = new AbortController();
      const late = server.openChannel('kubesphere', 'late:1', giveUp.signal);
      await eventually(() => assert.ok(accept));
      giveUp.abort(new Error('gave up'));
      await assert.rejects(late, /gave up/);
      accept?.();
      await eventually(() => assert.equal(server.channelCount, 0));
    },
  );
});

test('when the connection breaks, channels and requests end with it', () =>
  withPair(
    { onRequest: () => new Promise(() => {}) },
    async ({ open, server, serverSocket, closed }) => {
      const channel = await open();
      const ended = new Promise<void>((resolve) => channel.once('close', resolve));
      const request = server.request('config', Buffer.alloc(0));

      serverSocket.destroy(new Error('cable cut'));

      await assert.rejects(request, /cable cut/);
      await ended;
      await assert.rejects(open(), /cable cut/);
      await eventually(() => assert.ok('client' in closed));
    },
  ));

test('what the peer closed is read to its end first', () => {
  const accepted: Channel[] = [];

  return withPair(
    { onChannelOpen: async () => (channel) => void accepted.push(channel) },
    async ({ open }) => {
      const channel = await open();
      await eventually(() => assert.equal(accepted.length, 1));

      // As Go's agent does: no end of the data before the channel is closed.
      accepted[0]?.write('all of it', () => accepted[0]?.destroy());
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal((await readAll(channel)).toString(), 'all of it');
      await eventually(() => assert.ok(channel.destroyed));
    },
  );
});

test('an answer is read although the peer did not read the request to its end', () => {
  return withPair(
    {
      onChannelOpen: async () => (channel) => {
        channel.once('data', () => channel.write('too long', () => channel.destroy()));
      },
    },
    async ({ open }) => {
      const channel = await open();
      channel.write(Buffer.alloc(5_000_000));
      assert.equal((await readAll(channel)).toString(), 'too long');
      await eventually(() => assert.ok(channel.destroyed));
    },
  );
});

test('any messages of an authenticated peer end the connection or mean nothing', async () => {
  const types = fc.integer({ min: 0, max: 110 });
  const number = fc.constantFrom(0, 1, 2, 255, 65_536, 2 ** 32 - 1).map(uint32);
  const field = fc.oneof(
    number,
    fc.string({ maxLength: 30 }).map(string),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  );
  const message = fc
    .tuple(types, fc.array(field, { maxLength: 6 }))
    .map(([type, fields]) => Buffer.concat([Buffer.from([type]), ...fields]));

  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 10 }), async (messages) => {
      const { transport, server, closed } = await rawClient();
      server.openChannel('kubesphere', 'x:1', AbortSignal.timeout(20_000)).catch(() => {});

      for (const one of messages) {
        transport.send(one);
      }

      transport.close();
      await eventually(() => assert.ok(closed.isClosed));
    }),
    { numRuns: 300 },
  );
});
