import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie } from 'cookie';

/** A browser, as the headers of its request describe it. */
export interface Browser {
  /** The Cookie header. */
  cookies: string | undefined;
  /** Whether it uses https. */
  secure: boolean;
  /** Sec-Fetch-Site: where the page is that made the request (Fetch Metadata). */
  site: string | undefined;
}

/** Options of a cookie. */
export interface CookieOptions {
  secure: boolean;
  /** Without an age, the cookie ends with the browser. */
  maxAgeSeconds?: number;
}

/**
 * Whether a browser uses https, as a proxy in front of this server says in X-Forwarded-Proto;
 * `otherwise` without that header.
 */
export function usesHttps(
  headers: IncomingHttpHeaders,
  { otherwise }: { otherwise: boolean },
): boolean {
  const value = headers['x-forwarded-proto'];
  const [first] = Array.isArray(value) ? value : [value];
  const proto = first?.split(',')[0]?.trim().toLowerCase();

  return proto === undefined || proto === '' ? otherwise : proto === 'https';
}

/** Describes a browser by the headers of its request. */
export function browserOf(headers: IncomingHttpHeaders, options: { otherwise: boolean }): Browser {
  const site = headers['sec-fetch-site'];

  return {
    cookies: headers.cookie,
    secure: usesHttps(headers, options),
    site: Array.isArray(site) ? site[0] : site,
  };
}

/**
 * Returns the Set-Cookie header of a cookie that browsers send only to `/oauth`, that no script can
 * read, and that forms of other sites do not send.
 */
export function makeCookie(
  name: string,
  value: string,
  { secure, maxAgeSeconds }: CookieOptions,
): string {
  const age = maxAgeSeconds === undefined ? '' : `Max-Age=${maxAgeSeconds}; `;

  // `__Host-` requires Path=/, and every API call would carry the cookie (RFC 6265bis section
  // 4.1.3).
  return `${name}=${value}; Path=/oauth; ${age}HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

function prefixedName(name: string, secure: boolean): string {
  return secure ? `__Secure-${name}` : name;
}

/** Like `makeCookie`; over https under a name that pages on plain http cannot set. */
export function makePrefixedCookie(name: string, value: string, options: CookieOptions): string {
  return makeCookie(prefixedName(name, options.secure), value, options);
}

/** Returns the value of a cookie in a Cookie header. */
export function readCookie(cookies: string | undefined, name: string): string | undefined {
  return parseCookie(cookies ?? '', { decode: (value) => value })[name];
}

/** Returns the value of a cookie of `makePrefixedCookie`. */
export function readPrefixedCookie(
  { cookies, secure }: Pick<Browser, 'cookies' | 'secure'>,
  name: string,
): string | undefined {
  return readCookie(cookies, prefixedName(name, secure));
}
