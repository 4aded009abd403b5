import { randomUUID } from 'node:crypto';
import { tooManyRequests } from '@ks-apiserver/apimachinery/meta/errors';
import { hash, verify } from '@node-rs/bcrypt';

/** Cost that KubeSphere 3.0 uses. */
const COST = 10;

/** bcrypt reads at most 72 bytes and would silently ignore the rest. */
export const PASSWORD_LIMIT = 72;

/** Comparisons that run or wait; more log-ins are refused instead of queued. */
const MAX_PENDING = 256;

/**
 * The hash of an unknown password, compared if there is no user, so that both cases take as long.
 */
const nobody = hash(randomUUID(), { cost: COST });

let pending = 0;

/** Hashes a password off the event loop. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, { cost: COST, version: '2a' });
}

/** Whether a text looks like a bcrypt hash. */
export function isHash(text: string): boolean {
  return /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/.test(text);
}

/**
 * Compares a password with a hash; takes as long without a hash. Throws TooManyRequests if too many
 * comparisons wait.
 */
export async function checkPassword(
  password: string,
  stored: string | undefined,
): Promise<boolean> {
  if (pending >= MAX_PENDING) {
    throw tooManyRequests('too many log-ins at once, try again', 1);
  }

  pending += 1;

  try {
    const usable =
      stored !== undefined && isHash(stored) && Buffer.byteLength(password) <= PASSWORD_LIMIT;
    const bytes = Buffer.from(password).subarray(0, PASSWORD_LIMIT);
    const equal = await verify(bytes, usable ? stored : await nobody);

    return usable && equal;
  } finally {
    pending -= 1;
  }
}
