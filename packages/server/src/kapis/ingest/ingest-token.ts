import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Returns the credential in an Authorization header: a bearer token, API key, or password. */
function credentialIn(header: string): string {
  const [, scheme = '', value = ''] = /^(\w+) +(\S+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() !== 'basic') {
    return value;
  }

  const pair = Buffer.from(value, 'base64').toString();

  return pair.slice(pair.indexOf(':') + 1);
}

/**
 * Returns a test for Authorization headers: whether they hold the token, as a bearer token, as an
 * API key, or as the password of any name. It takes the same time for all.
 */
export function ingestTokenTest(token: string): (header: string | undefined) => boolean {
  const expected = digest(token);

  return (header = '') => timingSafeEqual(digest(credentialIn(header)), expected) && token !== '';
}
