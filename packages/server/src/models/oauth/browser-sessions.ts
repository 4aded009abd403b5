import { createHash, randomBytes } from 'node:crypto';
import type { Identity } from '../session/identity.ts';
import { identityOf, type SessionStore } from '../session/sessions.ts';
import type { LoggedIn } from './codes.ts';
import { cookieOf, setCookie } from './cookies.ts';

const COOKIE = 'ks-session';

/** The id by which a cookie's session is kept: who reads it there cannot make the cookie of it. */
function idOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 40);
}

/**
 * Log-ins of browsers at this server's own pages, so that several OAuth clients need one log-in.
 * Their cookie is good for `/oauth/authorize` and `/oauth/logout`, never for the API. They end like
 * every other session, on all replicas at once.
 */
export class BrowserSessions {
  readonly #sessions: SessionStore;
  readonly #maxAgeMs: number;
  readonly #mayLogIn: (username: string, uid: string) => boolean;

  /** `maxAgeMs` 0 keeps them until the browser or somebody ends them. */
  constructor(
    sessions: SessionStore,
    maxAgeMs: number,
    mayLogIn: (username: string, uid: string) => boolean,
  ) {
    this.#sessions = sessions;
    this.#maxAgeMs = maxAgeMs;
    this.#mayLogIn = mayLogIn;
  }

  /**
   * Starts a session after a log-in, always a new one; `secure` says that the browser speaks https.
   */
  async start(identity: Identity, secure: boolean): Promise<{ cookie: string; user: LoggedIn }> {
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

    // Without an age it ends with the browser, and with the server's session at the latest.
    return { cookie: setCookie(COOKIE, value, secure), user: { identity, authTime, session: id } };
  }

  /** Starts a session; answers the value of Set-Cookie. */
  async begin(identity: Identity, secure: boolean): Promise<string> {
    return (await this.start(identity, secure)).cookie;
  }

  /**
   * Who is logged in by the cookie; undefined without a session that goes on, of a user who may log
   * in.
   */
  async loggedIn(cookieHeader: string | undefined, secure: boolean): Promise<LoggedIn | undefined> {
    const value = cookieOf(cookieHeader, COOKIE, secure);
    if (value === undefined || !/^[\w-]{43}$/.test(value)) {
      return undefined;
    }

    const session = await this.#sessions.find(idOf(value));
    if (session?.kind !== 'browser' || !this.#mayLogIn(session.username, session.uid)) {
      return undefined;
    }

    return { identity: identityOf(session), authTime: session.authTime ?? 0, session: session.id };
  }

  /** The user of the cookie and when he logged in, in seconds since 1970. */
  async identityOf(
    cookieHeader: string | undefined,
    secure: boolean,
  ): Promise<(Identity & { authTime: number }) | undefined> {
    const user = await this.loggedIn(cookieHeader, secure);
    return user && { ...user.identity, authTime: user.authTime };
  }

  /** Ends the session of the cookie; answers the value of Set-Cookie that removes it. */
  async end(cookieHeader: string | undefined, secure: boolean): Promise<string> {
    const user = await this.loggedIn(cookieHeader, secure);
    if (user) {
      await this.#sessions.end({ id: user.session, username: user.identity.name });
    }

    return setCookie(COOKIE, '', secure, 0);
  }
}
