import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CLEAR, gcmOpener, gcmSealer } from './packet-cipher.ts';
import { MAX_PACKET, PacketReader } from './packet-reader.ts';
import { mpint, names, ProtocolError, readMpint, string, uint32, WireReader } from './wire.ts';

const message = fc.uint8Array({ minLength: 1, maxLength: 5000 }).map((bytes) => Buffer.from(bytes));

/** Cuts bytes into pieces of the sizes given, over and over. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];

  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }

  return pieces;
}

function readAll(reader: PacketReader, pieces: readonly Buffer[]): Buffer[] {
  const messages: Buffer[] = [];

  for (const piece of pieces) {
    reader.push(piece);
    for (let one = reader.message(); one; one = reader.message()) {
      messages.push(one);
    }
  }

  return messages;
}

test('messages come out as they went in, in pieces of any size', () => {
  const key = randomBytes(16);
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 });

  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), sizes, fc.boolean(), (sent, by, encrypted) => {
      // The counter in the nonce overflows without touching the first four bytes.
      const nonce = Buffer.concat([Buffer.from('abcd'), Buffer.alloc(8, 0xff)]);
      const sealer = encrypted ? gcmSealer({ key, nonce }) : CLEAR;
      const bytes = Buffer.concat(sent.flatMap((one) => sealer.seal(one)));
      const reader = new PacketReader();

      if (encrypted) {
        reader.use(gcmOpener({ key, nonce }));
      }

      assert.deepEqual(readAll(reader, cut(bytes, by)), sent);
    }),
  );
});

test('a packet that was changed, repeated or left out ends the reading', () => {
  const keys = { key: randomBytes(16), nonce: randomBytes(12) };
  const sealer = gcmSealer(keys);
  const first = Buffer.concat(sealer.seal(Buffer.from('first')));
  const second = Buffer.concat(sealer.seal(Buffer.from('second')));
  const changed = Buffer.from(first);
  changed[20] = (changed[20] ?? 0) ^ 1;

  for (const bytes of [[changed], [second], [first, first]]) {
    const reader = new PacketReader();
    reader.use(gcmOpener(keys));
    assert.throws(() => readAll(reader, bytes), ProtocolError);
  }
});

test('any bytes are packets or an error, and never more memory than one packet', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, encrypted) => {
      const reader = new PacketReader();

      if (encrypted) {
        reader.use(gcmOpener({ key: Buffer.alloc(16), nonce: Buffer.alloc(12) }));
      }

      try {
        readAll(reader, [Buffer.from(bytes)]);
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );

  const reader = new PacketReader();
  reader.push(uint32(MAX_PACKET + 4));
  assert.throws(() => reader.message(), /length/);
});

test('lines end, and are short', () => {
  const reader = new PacketReader();
  reader.push(Buffer.from('SSH-kube'));
  assert.equal(reader.line(), undefined);
  reader.push(Buffer.from('sphere-v1-client\r\nrest'));
  assert.equal(reader.line(), 'SSH-kubesphere-v1-client');

  const endless = new PacketReader();
  endless.push(Buffer.alloc(300, 'x'));
  assert.throws(() => endless.line(), ProtocolError);
});

test('numbers of any length are written as the standard has them', () => {
  // RFC 4251 section 5.
  assert.equal(mpint(Buffer.from('00', 'hex')).toString('hex'), '00000000');
  assert.equal(
    mpint(Buffer.from('09a378f9b2e332a7', 'hex')).toString('hex'),
    '0000000809a378f9b2e332a7',
  );
  assert.equal(mpint(Buffer.from('0080', 'hex')).toString('hex'), '000000020080');

  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const read = readMpint(new WireReader(mpint(Buffer.from(bytes))), 32);
      assert.ok(read.equals(Buffer.from(bytes)));
    }),
  );

  for (const bad of ['0000000180', `0000002200${'01'.repeat(33)}`]) {
    assert.throws(() => readMpint(new WireReader(Buffer.from(bad, 'hex')), 32), ProtocolError);
  }
});

test('lists of names are strict', () => {
  const read = (bytes: Buffer) => new WireReader(bytes).names();

  assert.deepEqual(read(names(['a', 'b@c'])), ['a', 'b@c']);
  assert.deepEqual(read(names([])), []);

  for (const bad of ['a,,b', ',a', 'a b', 'a\u0000', 'x'.repeat(9000)]) {
    assert.throws(() => read(string(bad)), ProtocolError);
  }
});
