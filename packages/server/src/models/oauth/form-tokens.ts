import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { equalSecrets } from './clients.ts';
import { cookieOf, setCookie } from './cookies.ts';

const COOKIE = 'ks-form';

/** What a form must carry to be taken, and the cookie that has to be set for it. */
export interface FormToken {
  token: string;
  cookie: string | undefined;
}

/**
 * Tokens of forms against cross-site requests: the MAC of a random cookie of the browser and of
 * what the form is about, so that no form of another browser, of another request, or of another
 * site is taken.
 */
export class FormTokens {
  readonly #key: Buffer;

  /** `secret` is the server's, the same on all replicas. */
  constructor(secret: string) {
    this.#key = createHmac('sha256', secret).update('ks-apiserver form tokens').digest();
  }

  #mac(cookie: string, about: readonly string[]): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([cookie, ...about]))
      .digest('base64url');
  }

  /** The token of a form that is about something, such as the user and the request. */
  issue(cookieHeader: string | undefined, secure: boolean, ...about: string[]): FormToken {
    const known = cookieOf(cookieHeader, COOKIE, secure);

    const value =
      known !== undefined && /^[\w-]{43}$/.test(known)
        ? known
        : randomBytes(32).toString('base64url');

    const cookie = value === known ? undefined : setCookie(COOKIE, value, secure);

    return { token: this.#mac(value, about), cookie };
  }

  /** Whether a form comes from a page of this server in the same browser, about the same thing. */
  accepts(
    headers: IncomingHttpHeaders,
    secure: boolean,
    token: string,
    ...about: string[]
  ): boolean {
    // Browsers that send it tell the site of the page (Fetch Metadata); the token alone decides for
    // others.
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') {
      return false;
    }

    const cookie = cookieOf(headers.cookie, COOKIE, secure);

    return cookie !== undefined && equalSecrets(token, this.#mac(cookie, about));
  }
}
