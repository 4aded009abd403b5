import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { mpint, ProtocolError, readMpint, string, WireReader } from '../packets/wire.ts';
import { HOST_KEY } from './algorithms.ts';

const CURVE = 'nistp256';
const NUMBER_BYTES = 32;
const ENCODING = 'ieee-p1363';

/** The key by which a server is known; tower makes one at each start. */
export interface HostKey {
  /** As it goes on the wire (RFC 5656 section 3.1). */
  readonly blob: Buffer;
  /** Signs the hash of a key exchange; returns the signature as it goes on the wire. */
  sign(hash: Buffer): Buffer;
}

function blobOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);

  return Buffer.concat([string(HOST_KEY), string(CURVE), string(point)]);
}

/** Makes a host key: a new one, or that of a PEM with an ECDSA key of the curve P-256. */
export function hostKey(pem?: string): HostKey {
  const key =
    pem === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : createPrivateKey(pem);

  return {
    blob: blobOf(key),
    sign(hash) {
      const numbers = sign('sha256', hash, { key, dsaEncoding: ENCODING });
      const r = mpint(numbers.subarray(0, NUMBER_BYTES));
      const s = mpint(numbers.subarray(NUMBER_BYTES));

      return Buffer.concat([string(HOST_KEY), string(Buffer.concat([r, s]))]);
    },
  };
}

function publicKeyOf(blob: Buffer): KeyObject {
  const reader = new WireReader(blob);
  const [type, curve, point] = [reader.text(), reader.text(), reader.string()];

  reader.end();

  if (type !== HOST_KEY || curve !== CURVE || point.length !== 1 + 2 * NUMBER_BYTES) {
    throw new ProtocolError('the host key is of a type that is not known');
  }

  const x = point.subarray(1, 1 + NUMBER_BYTES).toString('base64url');
  const y = point.subarray(1 + NUMBER_BYTES).toString('base64url');

  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
}

function numbersOf(signature: Buffer): Buffer {
  const outer = new WireReader(signature);
  const [type, numbers] = [outer.text(), new WireReader(outer.string())];

  outer.end();

  if (type !== HOST_KEY) {
    throw new ProtocolError('a signature is of a type that is not known');
  }

  const both = Buffer.concat([readMpint(numbers, NUMBER_BYTES), readMpint(numbers, NUMBER_BYTES)]);
  numbers.end();

  return both;
}

/** Checks the signature of a key exchange; throws a ProtocolError. */
export function verifyHostKey(blob: Buffer, hash: Buffer, signature: Buffer): void {
  let isGood: boolean;

  try {
    const key = publicKeyOf(blob);
    isGood = verify('sha256', hash, { key, dsaEncoding: ENCODING }, numbersOf(signature));
  } catch (error) {
    throw error instanceof ProtocolError ? error : new ProtocolError('the host key is no key');
  }

  if (!isGood) {
    throw new ProtocolError('the signature of the host key is wrong');
  }
}
