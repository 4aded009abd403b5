import type { IncomingHttpHeaders } from 'node:http';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';

function hostOf(origin: string, host: string | string[] | undefined): string | undefined {
  const { protocol } = new URL(origin);
  const url = `${protocol}//${Array.isArray(host) ? host[0] : host}`;
  return host !== undefined && URL.canParse(url) ? new URL(url).host : undefined;
}

/** A credential that no page can set on a WebSocket: browsers send none, or Basic on their own. */
const BEARER = /^bearer\s+\S/i;

/**
 * Refuses a WebSocket that a page of another site opens with credentials that its browser sends on
 * its own (RFC 6455 section 10.2). Only browsers send Origin. It must be the host that they called,
 * the host that a proxy reports, or one of `allowed` (whole origins, or `*`). Without a host, a
 * call with a Bearer token passes: the console's proxy sets the token and sends neither. Throws
 * Forbidden.
 */
export function checkOrigin(headers: IncomingHttpHeaders, allowed: readonly string[]): void {
  const { origin } = headers;

  if (allowed.length === 0 && BEARER.test(headers.authorization ?? '')) {
    return;
  }

  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) {
    return;
  }

  if (/^https?:\/\//.test(origin) && URL.canParse(origin)) {
    const { host } = new URL(origin);
    if (
      host === hostOf(origin, headers.host) ||
      host === hostOf(origin, headers['x-forwarded-host'])
    ) {
      return;
    }
  }

  throw new StatusError(403, 'Forbidden', 'the WebSocket is opened by a page of another origin');
}
