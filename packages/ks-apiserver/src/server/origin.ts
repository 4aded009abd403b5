import type { IncomingHttpHeaders } from 'node:http';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

function hostOf(origin: string, host: string | string[] | undefined): string | undefined {
  const { protocol } = new URL(origin);
  const url = `${protocol}//${Array.isArray(host) ? host[0] : host}`;
  return host !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}

/**
 * Refuses a WebSocket that a page of another site opens (RFC 6455 section 10.2): a console that makes a header of its
 * cookie would lend that page its user's rights. Browsers alone send Origin; it must be the host that they called, the one
 * that a proxy says they called, or one of `allowed` (whole origins, or `*`). Throws Forbidden.
 */
export function checkOrigin(headers: IncomingHttpHeaders, allowed: readonly string[]): void {
  const { origin } = headers;
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return;
  if (/^https?:\/\//.test(origin) && URL.canParse(origin)) {
    const { host } = new URL(origin);
    if (host === hostOf(origin, headers.host) || host === hostOf(origin, headers['x-forwarded-host'])) return;
  }
  throw new StatusError(403, 'Forbidden', 'the WebSocket is opened by a page of another origin');
}
