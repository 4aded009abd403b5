import { createHash, randomBytes } from 'node:crypto';
import type { Identity } from '../session/identity.ts';
import { identityOf, type SessionStore } from '../session/sessions.ts';
import { cookieOf, setCookie } from './cookies.ts';

const COOKIE = 'ks-session';

/** Who is logged in in a browser, since when (seconds since 1970), and the id of that session. */
export type BrowserIdentity = Identity & { authTime: number; session: string };

/** The id by which a cookie's session is kept: who reads it there cannot make the cookie of it. */
function idOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 40);
}

/**
 * Log-ins of browsers at this server's own pages, so that several OAuth clients need one log-in. Their cookie is good for
 * `/oauth/authorize` and `/oauth/logout`, never for the API. They end like every other session, on all replicas at once.
 */
export class BrowserSessions {
  readonly #sessions: SessionStore;
  readonly #maxAgeMs: number;
  readonly #mayLogIn: (username: string, uid: string) => boolean;

  constructor(sessions: SessionStore, maxAgeMs: number, mayLogIn: (username: string, uid: string) => boolean) {
    this.#sessions = sessions;
    this.#maxAgeMs = maxAgeMs;
    this.#mayLogIn = mayLogIn;
  }

  /** Starts a session after a log-in, always a new one; answers the value of Set-Cookie. `secure` says that the browser speaks https. */
  async begin(identity: Identity, secure: boolean): Promise<string> {
    const value = randomBytes(32).toString('base64url');
    const now = Date.now();
    await this.#sessions.add({
      id: idOf(value),
      kind: 'browser',
      username: identity.name,
      uid: identity.uid,
      ...(identity.groups?.length && { groups: identity.groups }),
      expires: now + this.#maxAgeMs,
      authTime: Math.floor(now / 1000),
    });
    // Without an age it ends with the browser, and with the server's session at the latest.
    return setCookie(COOKIE, value, secure);
  }

  /** Who is logged in by the cookie; undefined without a session that goes on, of a user who may log in. */
  async identityOf(cookieHeader: string | undefined, secure: boolean): Promise<BrowserIdentity | undefined> {
    const value = cookieOf(cookieHeader, COOKIE, secure);
    if (value === undefined || !/^[\w-]{43}$/.test(value)) return undefined;
    const session = await this.#sessions.find(idOf(value));
    if (session?.kind !== 'browser' || !this.#mayLogIn(session.username, session.uid)) return undefined;
    return { ...identityOf(session), authTime: session.authTime ?? 0, session: session.id };
  }

  /** Ends the session of the cookie; answers the value of Set-Cookie that removes it. */
  async end(cookieHeader: string | undefined, secure: boolean): Promise<string> {
    const identity = await this.identityOf(cookieHeader, secure);
    if (identity) await this.#sessions.end({ id: identity.session, username: identity.name });
    return setCookie(COOKIE, '', secure, 0);
  }
}
