/** A logged-in user's pair of tokens, of which only hashes are kept. */
export interface Session {
  username: string;
  /** SHA-256 in hex; '' where no access token is tracked. */
  accessHash: string;
  refreshHash: string;
  /** Milliseconds since 1970. */
  accessExpires: number;
  refreshExpires: number;
}

/** The tokens of a new session, in clear: Redis keeps them under the names that 3.0 uses. */
export interface IssuedTokens {
  access: string;
  refresh: string;
}

/** Where sessions are kept so that they can be revoked, on every replica at once. */
export interface SessionStore {
  /** Keeps a session; resolves when every replica may be asked for it. */
  add(session: Session, tokens: IssuedTokens): Promise<void>;
  /** Whether a token of the user is that of a session which is not revoked; `token` is in clear. */
  has(username: string, token: string): Promise<boolean>;
  /** Ends all sessions of a user. */
  revokeUser(username: string): Promise<void>;
  /** Ends the one session that a token belongs to. */
  revoke(username: string, token: string): Promise<void>;
  close(): Promise<void>;
}
