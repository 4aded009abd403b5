import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { type HostKey, hostKey } from '@ks-apiserver/tower/ssh/host-key';
import type { Secrets } from '@ks-apiserver/tower/ssh/key-exchange';

/** Structure in front of the 32 bytes of a private key of X25519 (RFC 8410 section 7). */
const X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function privateKey(): KeyObject {
  const der = Buffer.concat([X25519, Buffer.alloc(32, 0x5a)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** The same values in every exchange, so that a recorded session can be read again. */
export const FIXED_SECRETS: Secrets = { cookie: () => Buffer.alloc(16, 0x11), privateKey };

/** The same host key at each start. */
export function fixedHostKey(): HostKey {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(Buffer.alloc(32, 0x42));

  const point = ecdh.getPublicKey();
  const encode = (bytes: Buffer) => bytes.toString('base64url');
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      d: encode(ecdh.getPrivateKey()),
      x: encode(point.subarray(1, 33)),
      y: encode(point.subarray(33)),
    },
  });

  return hostKey(key.export({ format: 'pem', type: 'pkcs8' }).toString());
}
