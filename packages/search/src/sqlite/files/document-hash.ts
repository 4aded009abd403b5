import { createHash } from 'node:crypto';

/** Returns a number of 52 bits made from a text, by which it is recognised. */
export function hashOf(text: string): number {
  const digest = createHash('md5').update(text).digest();
  return digest.readUIntBE(0, 6) * 16 + (digest.readUInt8(6) >> 4);
}
