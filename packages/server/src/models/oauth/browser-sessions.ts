import { createHash, randomBytes } from 'node:crypto';
import type { Identity } from '../session/identity.ts';
import { identityOf, type SessionStore } from '../session/sessions.ts';
import type { LoggedIn } from './codes.ts';
import { type Browser, makePrefixedCookie, readPrefixedCookie } from './cookies.ts';

const COOKIE = 'ks-session';

/** Returns the id by which a cookie's session is kept; the cookie cannot be made from it. */
function idOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 40);
}

/**
 * Log-ins of browsers at this server's own pages, so that several OAuth clients share one log-in.
 * The cookie is valid for `/oauth/authorize` and `/oauth/logout`, never for the API. These sessions
 * end like all others, on all replicas at once.
 */
export class BrowserSessions {
  readonly #sessions: SessionStore;
  readonly #maxAgeMs: number;
  readonly #mayLogIn: (username: string, uid: string) => boolean;

  /** With `maxAgeMs` 0, sessions last until they are ended. */
  constructor(
    sessions: SessionStore,
    maxAgeMs: number,
    mayLogIn: (username: string, uid: string) => boolean,
  ) {
    this.#sessions = sessions;
    this.#maxAgeMs = maxAgeMs;
    this.#mayLogIn = mayLogIn;
  }

  /** Starts a session after a log-in, always a new one, and returns its cookie. */
  async start(
    identity: Identity,
    { secure }: Pick<Browser, 'secure'>,
  ): Promise<{ cookie: string; user: LoggedIn }> {
    const value = randomBytes(32).toString('base64url');
    const now = Date.now();
    const authTime = Math.floor(now / 1000);
    const id = idOf(value);
    await this.#sessions.add({
      id,
      kind: 'browser',
      username: identity.name,
      uid: identity.uid,
      ...(identity.groups?.length && { groups: identity.groups }),
      expires: this.#maxAgeMs > 0 ? now + this.#maxAgeMs : 0,
      authTime,
    });

    // Without an age the cookie ends with the browser, and with the server's session at the latest.
    const cookie = makePrefixedCookie(COOKIE, value, { secure });

    return { cookie, user: { identity, authTime, session: id } };
  }

  /** Starts a session and returns the Set-Cookie header. */
  async begin(identity: Identity, browser: Pick<Browser, 'secure'>): Promise<string> {
    return (await this.start(identity, browser)).cookie;
  }

  /**
   * Returns the user who is logged in by the cookie; undefined without a session of a user who may
   * log in.
   */
  async findUser(browser: Browser): Promise<LoggedIn | undefined> {
    const value = readPrefixedCookie(browser, COOKIE);
    if (value === undefined || !/^[\w-]{43}$/.test(value)) {
      return undefined;
    }

    const session = await this.#sessions.find(idOf(value));
    if (session?.kind !== 'browser' || !this.#mayLogIn(session.username, session.uid)) {
      return undefined;
    }

    return { identity: identityOf(session), authTime: session.authTime ?? 0, session: session.id };
  }

  /** Ends the session of the cookie and returns the Set-Cookie header that removes it. */
  async end(browser: Browser): Promise<string> {
    const user = await this.findUser(browser);
    if (user) {
      await this.#sessions.end({ id: user.session, username: user.identity.name });
    }

    return makePrefixedCookie(COOKIE, '', { secure: browser.secure, maxAgeSeconds: 0 });
  }
}
