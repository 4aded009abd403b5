import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import type { Identity } from './identity.ts';

/**
 * What an authorization code was issued for (RFC 6749 section 4.1.2): it is valid only for this
 * client and these parameters.
 */
export interface CodeGrant {
  client: string;
  redirectUri: string;
  /** Whether the client sent that URI and must therefore send it again. */
  redirectUriGiven: boolean;
  /** S256 challenge (RFC 7636 section 4.2); '' if a client with a secret sent none. */
  challenge: string;
  scope: string;
  nonce: string;
  /** Time of the log-in, in seconds since 1970. */
  authTime: number;
  /** Session by which the user was logged in: the code ends with it. '' for none. */
  origin: string;
  /** Id of the session of the code's tokens. */
  session: string;
}

/**
 * A session that can be ended: of a log-in's tokens and their successors, of a browser's log-in, or
 * of an unused code.
 */
export interface Session {
  /** 40 hex digits. */
  id: string;
  kind: 'tokens' | 'browser' | 'code';
  username: string;
  uid: string;
  /** Milliseconds since 1970; 0 for never. */
  expires: number;
  /**
   * SHA-256 in hex of the only valid access token, if a user may have a single one; otherwise all
   * of the session are valid.
   */
  accessHash?: string;
  /**
   * SHA-256 in hex of the valid refresh token and of the one before it, and when that was exchanged
   * (milliseconds).
   */
  refreshHash?: string;
  previousHash?: string;
  rotatedAt?: number;
  /** Groups and time of the log-in (seconds since 1970), for a browser's log-in and for a code. */
  groups?: readonly string[];
  authTime?: number;
  code?: CodeGrant;
  /** Whether the code was exchanged already. */
  used?: boolean;
}

/** The tokens of a session in clear: Redis stores them under the names that 3.0 uses. */
export interface IssuedTokens {
  access: string;
  /** Milliseconds since 1970; 0 for never. */
  accessExpires: number;
  refresh?: string;
}

/** The session of a token; tokens of 3.0's servers name none. */
export interface TokenRef {
  id: string | undefined;
  username: string;
  token: string;
}

/**
 * The outcome of exchanging a refresh token: exchanged now; exchanged a moment ago, at that time;
 * exchanged long ago, which ends the session; or of no session.
 */
export type Rotation =
  | { state: 'rotated' }
  | { state: 'again'; at: number }
  | { state: 'reused' }
  | { state: 'gone' };

/**
 * How long after its exchange a second use of a refresh token counts as the retry of a lost answer
 * and not as theft, in milliseconds.
 */
export const REFRESH_GRACE_MS = 60_000;

/** Returns the identity in the session of a browser or a code. */
export function identityOf({ username, uid, groups }: Session): Identity {
  return { name: username, uid, ...(groups?.length && { groups }) };
}

/** Stores sessions so that they can be ended on all replicas at once. */
export interface SessionStore {
  /** Stores a new session; resolves when every replica accepts it. */
  add(session: Session, tokens?: IssuedTokens): Promise<void>;
  /** Whether the session of a token is valid; without a promise if that is known here. */
  has(token: TokenRef): Awaitable<boolean>;
  /** Returns the current state of a session; undefined when it has ended. */
  find(id: string): Promise<Session | undefined>;
  /**
   * Marks a code as used, for one caller only, and returns it as it was before. Undefined if there
   * is none.
   */
  use(id: string): Promise<Session | undefined>;
  /**
   * Exchanges the refresh token `used` for that of `next`, for one caller only; a reused token ends
   * the session.
   */
  rotate(next: Session, used: string, tokens: IssuedTokens): Promise<Rotation>;
  /**
   * Stores the tokens of a session whose refresh token was just exchanged, if they are not stored
   * yet.
   */
  extend(session: Session, tokens: IssuedTokens): Promise<void>;
  /** Ends one session. */
  end(session: Pick<TokenRef, 'id' | 'username'> & { token?: string }): Promise<void>;
  /** Ends a user's sessions that have tokens, except that of this id with these tokens. */
  endOthers(username: string, id: string, tokens?: IssuedTokens): Promise<void>;
  /** Ends all sessions of a user, of every kind. */
  revokeUser(username: string): Promise<void>;
  close(): Promise<void>;
}
