import type { Identity } from './identity.ts';

/**
 * What an authorization code stands for (RFC 6749 section 4.1.2): it is good for this client and
 * these parameters alone.
 */
export interface CodeGrant {
  client: string;
  redirectUri: string;
  /** Whether the client named that URI, so that it must name it again. */
  redirectUriGiven: boolean;
  /** S256 challenge (RFC 7636 section 4.2), or '' where a client with a secret sent none. */
  challenge: string;
  scope: string;
  nonce: string;
  /** When the user logged in, in seconds since 1970. */
  authTime: number;
  /** Session that the user was logged in with: the code dies with it. '' without one. */
  origin: string;
  /** Id of the session that the tokens of the code will have. */
  session: string;
}

/**
 * What can be ended: a log-in's pair of tokens with its successors, a browser's log-in, or a code
 * not used yet.
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
   * SHA-256 in hex of the one access token that counts, where a user may have a single one; else
   * all of the session do.
   */
  accessHash?: string;
  /**
   * SHA-256 in hex of the refresh token that counts, of the one before it, and when that was
   * exchanged (milliseconds).
   */
  refreshHash?: string;
  previousHash?: string;
  rotatedAt?: number;
  /** Groups and time of log-in (seconds since 1970) of a browser's log-in and of a code. */
  groups?: readonly string[];
  authTime?: number;
  code?: CodeGrant;
  /** A code that has been exchanged already. */
  used?: boolean;
}

/** The tokens of a session, in clear: Redis keeps them under the names that 3.0 uses. */
export interface IssuedTokens {
  access: string;
  /** Milliseconds since 1970; 0 for never. */
  accessExpires: number;
  refresh?: string;
}

/** Which session a token belongs to; tokens of 3.0's servers name none. */
export interface TokenRef {
  id: string | undefined;
  username: string;
  token: string;
}

/**
 * What became of a refresh token: exchanged now; a moment ago, at that time; long ago, which ends
 * the session; or it is of no session.
 */
export type Rotation =
  | { state: 'rotated' }
  | { state: 'again'; at: number }
  | { state: 'reused' }
  | { state: 'gone' };

/**
 * How long after its exchange a refresh token is taken for a lost answer and not for a stolen one,
 * in milliseconds.
 */
export const REFRESH_GRACE_MS = 60_000;

/** The identity that a session of a browser or a code holds. */
export function identityOf({ username, uid, groups }: Session): Identity {
  return { name: username, uid, ...(groups?.length && { groups }) };
}

/** Where sessions are kept so that they can be ended, on every replica at once. */
export interface SessionStore {
  /** Keeps a new session; resolves when every replica may be asked for it. */
  add(session: Session, tokens?: IssuedTokens): Promise<void>;
  /** Whether the session of a token goes on, or that of an id; at once where that is known. */
  has(token: TokenRef): boolean | Promise<boolean>;
  /** A session as it is now, not as it was a moment ago; undefined when it has ended. */
  find(id: string): Promise<Session | undefined>;
  /**
   * Marks a code as used, for one caller alone: answers it as it was before. Undefined when there
   * is none.
   */
  use(id: string): Promise<Session | undefined>;
  /**
   * Exchanges the refresh token `used` for that of `next`, for one caller alone; a reused one ends
   * the session.
   */
  rotate(next: Session, used: string, tokens: IssuedTokens): Promise<Rotation>;
  /**
   * Keeps the tokens of a session whose refresh token has just been exchanged, where they are not
   * kept yet.
   */
  extend(session: Session, tokens: IssuedTokens): Promise<void>;
  /** Ends one session. */
  end(session: Pick<TokenRef, 'id' | 'username'> & { token?: string }): Promise<void>;
  /** Ends the sessions of a user that have tokens, but the one of this id with these tokens. */
  endOthers(username: string, id: string, tokens?: IssuedTokens): Promise<void>;
  /** Ends all sessions of a user, of every kind. */
  revokeUser(username: string): Promise<void>;
  close(): Promise<void>;
}
