import { createHash } from 'node:crypto';

/**
 * Longer names are replaced by their hash, so that what is made of them stays within 253
 * characters.
 */
const MAX_NAME = 200;

/**
 * The name of an object that belongs to another name: the prefix, a dash and that name, or its
 * SHA-256 where it is long.
 */
export function derivedName(prefix: string, name: string): string {
  return `${prefix}-${name.length > MAX_NAME ? createHash('sha256').update(name).digest('hex') : name}`;
}
