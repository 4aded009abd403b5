import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, socketPair } from '@ks-apiserver/tower/test/connected-pair';
import fc from 'fast-check';
import { Connection } from '../connection/connection.ts';
import { MESSAGE } from '../packets/message-types.ts';
import { CLEAR } from '../packets/packet-cipher.ts';
import { PacketReader } from '../packets/packet-reader.ts';
import { names, ProtocolError, string, uint32 } from '../packets/wire.ts';
import { CLIENT_LINE, SERVER_LINE } from '../protocol/protocol.ts';
import { agree, makeOffer, readOffer } from './algorithms.ts';
import { hostKey, verifyHostKey } from './host-key.ts';
import { RANDOM_SECRETS, sharedSecret } from './key-exchange.ts';

const KEY = hostKey();

/** A server whose client is the test itself. */
async function server() {
  const [near, far] = await socketPair();
  const state: { error?: Error | undefined; isClosed: boolean } = { isClosed: false };

  new Connection(far, {
    role: 'server',
    line: SERVER_LINE,
    hostKey: KEY,
    maxChannels: 10,
    onRequest: () => ({ isSuccess: true, payload: Buffer.alloc(0) }),
    onChannelOpen: async () => () => {},
    onClose: (error) => {
      state.error = error;
      state.isClosed = true;
    },
  });

  const reader = new PacketReader();
  near.on('data', (piece) => reader.push(piece));

  const send = (...messages: Buffer[]) =>
    near.write(Buffer.concat(messages.flatMap((message) => CLEAR.seal(message))));

  return { near, state, reader, send };
}

/** An offer of what clients may have, with some of it replaced. */
function offer(replaced: Record<number, string[]> = {}): Buffer {
  const { lists } = makeOffer('client', Buffer.alloc(16), 'first');
  const all = lists.map((list, at) => names(replaced[at] ?? list));

  return Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...all, Buffer.from([0]), uint32(0)]);
}

const ecdhInit = (point: Buffer) => Buffer.concat([Buffer.from([MESSAGE.ecdhInit]), string(point)]);

test('what comes at a wrong time ends the connection', async () => {
  const strict = offer();
  const lenient = offer({ 0: ['curve25519-sha256'] });
  const ignore = Buffer.concat([Buffer.from([MESSAGE.ignore]), string('')]);
  const point = ecdhInit(Buffer.alloc(32, 9));

  const bad: Record<string, Buffer[]> = {
    'something before the first offer': [ignore, strict],
    'something in the middle of a strict exchange': [strict, ignore],
    'two offers': [lenient, lenient],
    'a reply to a server': [lenient, Buffer.concat([Buffer.from([31]), string('x')])],
    'new keys before an exchange': [Buffer.from([MESSAGE.newKeys])],
    'a request before the end of the exchange': [lenient, Buffer.from([MESSAGE.globalRequest])],
    'a service before the end of the exchange': [lenient, Buffer.from([MESSAGE.serviceRequest])],
    'another exchange in an exchange': [lenient, point, lenient],
    'a public value of zeros': [lenient, ecdhInit(Buffer.alloc(32))],
    'a public value of a wrong length': [lenient, ecdhInit(Buffer.alloc(31, 1))],
    'no common cipher': [offer({ 2: ['aes256-ctr'] })],
    'no common exchange': [offer({ 0: ['diffie-hellman-group1-sha1'] })],
    compression: [offer({ 6: ['zlib'] })],
    'an offer that is cut off': [lenient.subarray(0, 60)],
    'an offer with more behind it': [Buffer.concat([lenient, Buffer.from('x')])],
  };

  for (const [what, messages] of Object.entries(bad)) {
    const { near, state, send } = await server();
    near.write(`${CLIENT_LINE}\r\n`);
    send(...messages);

    await eventually(() => assert.ok(state.isClosed, what));
    assert.ok(state.error instanceof ProtocolError, what);
    near.destroy();
  }
});

test('a lenient exchange takes messages that mean nothing', async () => {
  const { near, state, send, reader } = await server();
  const ignore = Buffer.concat([Buffer.from([MESSAGE.ignore]), string('padding')]);

  near.write(`${CLIENT_LINE}\r\n`);
  await eventually(() => assert.equal(reader.line(), SERVER_LINE));
  send(offer({ 0: ['curve25519-sha256@libssh.org'] }), ignore, ecdhInit(Buffer.alloc(32, 9)));

  const types: (number | undefined)[] = [];
  await eventually(() => {
    for (let one = reader.message(); one && types.length < 3; one = reader.message()) {
      types.push(one[0]);
    }
    assert.deepEqual(types, [MESSAGE.kexInit, MESSAGE.ecdhReply, MESSAGE.newKeys]);
  });

  assert.equal(state.isClosed, false);
  near.destroy();
});

test('a first message that was guessed wrong is ignored', () => {
  const ours = makeOffer('server', Buffer.alloc(16), 'first');
  const message = offer({ 0: ['ecdh-sha2-nistp256', 'curve25519-sha256'] });
  message[message.length - 5] = 1;
  const theirs = readOffer(message);

  assert.equal(agree(theirs, ours, theirs).wrongGuess, true);
});

test('any first bytes of a client end its connection or wait for more', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
      fc.boolean(),
      async (pieces, framed) => {
        const { near, state, send } = await server();

        if (framed) {
          near.write(`${CLIENT_LINE}\r\n`);
          send(...pieces.filter(({ length }) => length > 0).map((piece) => Buffer.from(piece)));
        } else {
          near.write(Buffer.concat(pieces));
        }

        near.end();
        await eventually(() => assert.ok(state.isClosed));
        near.destroy();
      },
    ),
    { numRuns: 200 },
  );
});

test('a signature of another key or another hash is no signature', () => {
  const hash = Buffer.alloc(32, 7);
  const other = hostKey();

  verifyHostKey(KEY.blob, hash, KEY.sign(hash));
  assert.throws(() => verifyHostKey(other.blob, hash, KEY.sign(hash)), ProtocolError);
  assert.throws(() => verifyHostKey(KEY.blob, Buffer.alloc(32), KEY.sign(hash)), ProtocolError);

  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => {
      assert.throws(() => verifyHostKey(Buffer.from(bytes), hash, KEY.sign(hash)), ProtocolError);
      assert.throws(() => verifyHostKey(KEY.blob, hash, Buffer.from(bytes)), ProtocolError);
    }),
  );
});

test('public values of small order are refused', () => {
  // RFC 7748 section 6.1: a secret of zeros; the points are those of order 1, 2 and 8.
  for (const point of [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  ]) {
    const privateKey = RANDOM_SECRETS.privateKey();
    assert.throws(() => sharedSecret(privateKey, Buffer.from(point, 'hex')), ProtocolError);
  }
});
