import {
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { GcmKeys } from '../packets/packet-cipher.ts';
import { mpint, ProtocolError, string } from '../packets/wire.ts';
import { COOKIE_BYTES } from './algorithms.ts';

const POINT_BYTES = 32;
const KEY_BYTES = 16;
const NONCE_BYTES = 12;

/** Where the random values of key exchanges come from; tests give fixed ones. */
export interface Secrets {
  /** 16 bytes. */
  cookie(): Buffer;
  /** A private key of X25519. */
  privateKey(): KeyObject;
}

/** Random values of the system. */
export const RANDOM_SECRETS: Secrets = {
  cookie: () => randomBytes(COOKIE_BYTES),
  privateKey: () => generateKeyPairSync('x25519').privateKey,
};

/** Returns the public part of a key of X25519, 32 bytes. */
export function publicPoint(key: KeyObject): Buffer {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}

/** Returns the secret that both ends share; throws a ProtocolError for a bad public value. */
export function sharedSecret(privateKey: KeyObject, theirs: Buffer): Buffer {
  if (theirs.length !== POINT_BYTES) {
    throw new ProtocolError('a public value of the key exchange has a wrong length');
  }

  const jwk = { kty: 'OKP', crv: 'X25519', x: theirs.toString('base64url') };
  let secret: Buffer;

  try {
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    secret = diffieHellman({ privateKey, publicKey });
  } catch {
    throw new ProtocolError('a public value of the key exchange is not allowed');
  }

  if (secret.every((byte) => byte === 0)) {
    throw new ProtocolError('a public value of the key exchange is not allowed');
  }

  return secret;
}

/** All that both ends have seen of an exchange. */
export interface Transcript {
  clientLine: string;
  serverLine: string;
  clientOffer: Buffer;
  serverOffer: Buffer;
  hostKey: Buffer;
  clientPoint: Buffer;
  serverPoint: Buffer;
  secret: Buffer;
}

/** Returns the hash of an exchange (RFC 5656 section 4). */
export function exchangeHash(seen: Transcript): Buffer {
  return createHash('sha256')
    .update(string(Buffer.from(seen.clientLine, 'latin1')))
    .update(string(Buffer.from(seen.serverLine, 'latin1')))
    .update(string(seen.clientOffer))
    .update(string(seen.serverOffer))
    .update(string(seen.hostKey))
    .update(string(seen.clientPoint))
    .update(string(seen.serverPoint))
    .update(mpint(seen.secret))
    .digest();
}

/** Keys of both directions. */
export interface SessionKeys {
  toServer: GcmKeys;
  toClient: GcmKeys;
}

/** Derives the keys (RFC 4253 section 7.2); `sessionId` is the hash of the first exchange. */
export function sessionKeys(secret: Buffer, hash: Buffer, sessionId: Buffer): SessionKeys {
  const derive = (letter: string, length: number) =>
    createHash('sha256')
      .update(mpint(secret))
      .update(hash)
      .update(letter)
      .update(sessionId)
      .digest()
      .subarray(0, length);

  return {
    toServer: { nonce: derive('A', NONCE_BYTES), key: derive('C', KEY_BYTES) },
    toClient: { nonce: derive('B', NONCE_BYTES), key: derive('D', KEY_BYTES) },
  };
}
