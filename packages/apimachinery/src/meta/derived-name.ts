import { createHash } from 'node:crypto';

/**
 * Longer names are replaced by their hash, so that the derived name stays within 253 characters.
 */
const MAX_NAME = 200;

/**
 * Returns the name of an object that belongs to another one: the prefix, a dash and the other's
 * name, or its SHA-256 when it is long.
 */
export function derivedName(prefix: string, name: string): string {
  return `${prefix}-${name.length > MAX_NAME ? createHash('sha256').update(name).digest('hex') : name}`;
}
