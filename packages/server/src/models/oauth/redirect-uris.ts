import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { OAuthClient } from './clients.ts';

/** A URI on the browser's own machine, taken apart: the port is whatever was free there. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(\/[\x21\x22\x24-\x5b\x5d-\x7e]*)?$/;

/**
 * Whether a URI is a registered one but for the port of a loopback address (RFC 8252 section 7.3).
 */
function isLoopbackOf(registered: string, asked: string): boolean {
  const [known, got] = [LOOPBACK.exec(registered), LOOPBACK.exec(asked)];
  return (
    known !== null && got !== null && known[1] === got[1] && (known[2] ?? '') === (got[2] ?? '')
  );
}

/**
 * The one place to which a client may be sent: the URI that it asks for if that is registered, word
 * for word (RFC 9700 section 2.1), else the first registered one. Throws Unauthorized in 3.0's
 * words.
 */
export function redirectOf(client: OAuthClient, asked: string): string {
  // 3.0's wildcard allows nothing.
  const registered = client.redirectURIs.filter((uri) => uri !== '*');

  const uri =
    asked === ''
      ? registered[0]
      : registered.some((known) => known === asked || isLoopbackOf(known, asked))
        ? asked
        : undefined;

  if (uri === undefined) {
    throw unauthorized('Unauthorized: redirect URL is not allowed');
  }

  return uri;
}

/** Where the parameters of an answer stand in a redirect URI. */
export type ResponseMode = 'query' | 'fragment';

/** A redirect URI with the parameters of an answer (RFC 6749 sections 4.1.2 and 4.2.2). */
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
