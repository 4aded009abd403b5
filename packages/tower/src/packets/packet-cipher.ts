import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ProtocolError } from './wire.ts';

/** Length of the field in front of each packet, in bytes. */
export const LENGTH_BYTES = 4;

const MIN_PADDING = 4;
const CLEAR_BLOCK = 8;
const GCM_BLOCK = 16;
const TAG_BYTES = 16;

/** Turns messages into packets. */
export interface PacketSealer {
  /** Returns the pieces of a packet, in memory of their own. */
  seal(message: Buffer): Buffer[];
}

/** Turns packets into messages. */
export interface PacketOpener {
  /** Bytes behind those that the length field counts. */
  readonly trailer: number;
  /** Whether a packet may be of this length. */
  fits(length: number): boolean;
  /** Returns the message in a packet; throws a ProtocolError for one that was changed. */
  open(lengthField: Buffer, packet: Buffer): Buffer;
}

/** Most plain packets are made here: they are encrypted before the next one is made. */
const scratch = Buffer.alloc(48 * 1024);

function plainBuffer(length: number): Buffer {
  return length <= scratch.length ? scratch.subarray(0, length) : Buffer.allocUnsafe(length);
}

/**
 * Puts the length of its padding before a message, and the padding behind it; good until the next
 * call. Padding hides nothing in packets that are readable, and is encrypted in others: it is zeros.
 */
function padded(message: Buffer, block: number, countedHeader: number): Buffer {
  const short = block - ((countedHeader + 1 + message.length) % block);
  const padding = short < MIN_PADDING ? short + block : short;
  const plain = plainBuffer(1 + message.length + padding);

  plain[0] = padding;
  message.copy(plain, 1);
  plain.fill(0, 1 + message.length);

  return plain;
}

function withoutPadding(plain: Buffer): Buffer {
  const padding = plain[0] ?? 0;
  const end = plain.length - padding;
  if (padding < MIN_PADDING || end < 2) {
    throw new ProtocolError('a packet has bad padding');
  }

  return plain.subarray(1, end);
}

function lengthField(length: number): Buffer {
  const field = Buffer.allocUnsafe(LENGTH_BYTES);
  field.writeUInt32BE(length);

  return field;
}

/** Packets before the first keys (RFC 4253 section 6). */
export const CLEAR: PacketSealer & PacketOpener = {
  trailer: 0,
  fits: (length) => (length + LENGTH_BYTES) % CLEAR_BLOCK === 0,
  open: (_field, packet) => withoutPadding(packet),
  seal(message) {
    const plain = Buffer.from(padded(message, CLEAR_BLOCK, LENGTH_BYTES));
    return [lengthField(plain.length), plain];
  },
};

/** Key and first nonce of one direction. */
export interface GcmKeys {
  /** 16 bytes. */
  key: Buffer;
  /** 12 bytes: four that stay, and a counter of packets. */
  nonce: Buffer;
}

/** The nonces of one direction, one for each packet (RFC 5647 section 7.1). */
class Nonces {
  readonly #next: Buffer;
  readonly #used: Buffer;

  constructor(first: Buffer) {
    this.#next = Buffer.from(first);
    this.#used = Buffer.alloc(first.length);
  }

  next(): Buffer {
    this.#next.copy(this.#used);
    this.#next.writeBigUInt64BE(BigInt.asUintN(64, this.#next.readBigUInt64BE(4) + 1n), 4);

    return this.#used;
  }
}

const CIPHER = 'aes-128-gcm';
const OPTIONS = { authTagLength: TAG_BYTES };

/** Seals packets as `aes128-gcm@openssh.com` (RFC 5647, OpenSSH PROTOCOL section 1.6). */
export function gcmSealer({ key, nonce }: GcmKeys): PacketSealer {
  const nonces = new Nonces(nonce);

  return {
    seal(message) {
      const plain = padded(message, GCM_BLOCK, 0);
      const field = lengthField(plain.length);
      const cipher = createCipheriv(CIPHER, key, nonces.next(), OPTIONS).setAAD(field);
      const sealed = cipher.update(plain);
      cipher.final();

      return [field, sealed, cipher.getAuthTag()];
    },
  };
}

/** Opens packets of {@link gcmSealer}. */
export function gcmOpener({ key, nonce }: GcmKeys): PacketOpener {
  const nonces = new Nonces(nonce);

  return {
    trailer: TAG_BYTES,
    fits: (length) => length % GCM_BLOCK === 0,
    open(field, packet) {
      const sealed = packet.subarray(0, packet.length - TAG_BYTES);
      const tag = packet.subarray(packet.length - TAG_BYTES);
      const decipher = createDecipheriv(CIPHER, key, nonces.next(), OPTIONS);

      decipher.setAAD(field).setAuthTag(tag);
      const plain = decipher.update(sealed);

      try {
        decipher.final();
      } catch {
        throw new ProtocolError('a packet was changed on its way');
      }

      return withoutPadding(plain);
    },
  };
}
