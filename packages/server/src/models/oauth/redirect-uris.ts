import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { OAuthClient } from './clients.ts';

/** Matches a URI on the browser's own machine; its port is any free one. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(\/[\x21\x22\x24-\x5b\x5d-\x7e]*)?$/;

/**
 * Whether a URI equals a registered one except for the port of a loopback address (RFC 8252 section
 * 7.3).
 */
function isLoopbackOf(registered: string, asked: string): boolean {
  const [known, got] = [LOOPBACK.exec(registered), LOOPBACK.exec(asked)];
  return (
    known !== null && got !== null && known[1] === got[1] && (known[2] ?? '') === (got[2] ?? '')
  );
}

/**
 * Returns the URI to which a client's answer is sent: the requested one if it is registered exactly
 * so (RFC 9700 section 2.1), else the first registered one. Throws Unauthorized in 3.0's words.
 */
export function redirectOf(client: OAuthClient, asked: string): string {
  // 3.0's wildcard matches nothing here.
  const registered = client.redirectURIs.filter((uri) => uri !== '*');

  const isRegistered = registered.some((known) => known === asked || isLoopbackOf(known, asked));
  const uri = asked === '' ? registered[0] : asked;
  if (uri === undefined || (asked !== '' && !isRegistered)) {
    throw unauthorized('Unauthorized: redirect URL is not allowed');
  }

  return uri;
}

/** The part of a redirect URI that holds the parameters of an answer. */
export type ResponseMode = 'query' | 'fragment';

/** Returns a redirect URI with the parameters of an answer (RFC 6749 sections 4.1.2 and 4.2.2). */
export function withParameters(
  uri: string,
  parameters: URLSearchParams,
  mode: ResponseMode,
): string {
  const [base = '', ...fragment] = uri.replace(/[^\x21-\x7e]/gu, encodeURIComponent).split('#');
  const hash = fragment.length > 0 ? `#${fragment.join('#')}` : '';

  if (mode === 'query') {
    return `${base}${base.includes('?') ? '&' : '?'}${parameters}${hash}`;
  }

  return `${base}${hash === '' ? '#' : `${hash}&`}${parameters}`;
}
