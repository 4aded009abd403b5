import { createHash } from 'node:crypto';

/**
 * Letters and digits that Kubernetes uses in names made of hashes: no vowels, so that no words
 * result.
 */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }

  const entries = Object.entries(value).filter(([, member]) => member !== undefined);

  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  );
}

/** Returns a text that is equal for equal templates, whatever the order of their members. */
export function templateHash(template: unknown, collisions = 0): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([sorted(template), collisions]))
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
