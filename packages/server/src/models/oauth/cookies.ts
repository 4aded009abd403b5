import type { IncomingHttpHeaders } from 'node:http';

/**
 * A cookie that browsers send back to `/oauth` alone, that no script reads, and other sites' forms
 * do not bring.
 */
export function setCookie(
  name: string,
  value: string,
  secure: boolean,
  maxAgeSeconds?: number,
): string {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`;
  // `__Host-` would want Path=/, which would send it to every API call (RFC 6265bis section 4.1.3).
  return `${prefixed(name, secure)}=${value}; Path=/oauth; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}${age}`;
}

function prefixed(name: string, secure: boolean): string {
  return secure ? `__Secure-${name}` : name;
}

/** The value of a cookie; over https only of the one that no page on plain http can have set. */
export function cookieOf(
  header: string | undefined,
  name: string,
  secure: boolean,
): string | undefined {
  const wanted = prefixed(name, secure);

  for (const pair of (header ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === wanted) {
      return pair.slice(equals + 1).trim();
    }
  }

  return undefined;
}

/**
 * Whether the browser speaks https to what is in front of this server, as that says in
 * X-Forwarded-Proto; `otherwise` without it.
 */
export function isSecure(headers: IncomingHttpHeaders, otherwise: boolean): boolean {
  const value = headers['x-forwarded-proto'];
  const proto = (Array.isArray(value) ? value[0] : value)?.split(',')[0]?.trim().toLowerCase();
  return proto === undefined || proto === '' ? otherwise : proto === 'https';
}
