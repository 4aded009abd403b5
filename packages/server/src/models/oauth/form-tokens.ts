import { createHmac, randomBytes } from 'node:crypto';
import { equalSecrets } from './clients.ts';
import { type Browser, makePrefixedCookie, readPrefixedCookie } from './cookies.ts';

const COOKIE = 'ks-form';

/** The token that a form must contain, and the cookie to set for it, if any. */
export interface FormToken {
  token: string;
  cookie: string | undefined;
}

/**
 * Tokens of forms against cross-site requests: the MAC of a random cookie of the browser and of
 * what the form is about. Forms of other browsers, of other requests and of other sites are
 * refused.
 */
export class FormTokens {
  readonly #key: Buffer;

  /** `secret` is the server's, equal on all replicas. */
  constructor(secret: string) {
    this.#key = createHmac('sha256', secret).update('ks-apiserver form tokens').digest();
  }

  #mac(cookie: string, about: readonly string[]): string {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([cookie, ...about]))
      .digest('base64url');
  }

  /** Returns the token of a form about something, such as the user and the request. */
  issue(browser: Browser, ...about: string[]): FormToken {
    const known = readPrefixedCookie(browser, COOKIE);

    const value =
      known !== undefined && /^[\w-]{43}$/.test(known)
        ? known
        : randomBytes(32).toString('base64url');

    const cookie = value === known ? undefined : makePrefixedCookie(COOKIE, value, browser);

    return { token: this.#mac(value, about), cookie };
  }

  /** Whether a form comes from a page of this server in the same browser, about the same thing. */
  accepts(browser: Browser, token: string, ...about: string[]): boolean {
    // Browsers that send the header name the site of the page; for others only the token decides.
    if (browser.site !== undefined && browser.site !== 'same-origin') {
      return false;
    }

    const cookie = readPrefixedCookie(browser, COOKIE);

    return cookie !== undefined && equalSecrets(token, this.#mac(cookie, about));
  }
}
