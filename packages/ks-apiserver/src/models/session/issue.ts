import { StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { Identity } from './identity.ts';
import type { SessionStore } from './sessions.ts';
import { type Tokens, tokenHash } from './tokens.ts';

/** The answer to a log-in (RFC 6749 section 5.1); `expires_in` is in seconds. */
export interface TokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  refresh_token: string;
  expires_in?: number;
}

/** Lifetimes in milliseconds, and whether a user may have more than one session. */
export interface IssuePolicy {
  accessTokenMaxAge: number;
  accessTokenInactivityTimeout: number;
  multipleLogin: boolean;
}

/** Issues pairs of tokens and exchanges refresh tokens. */
export class TokenIssuer {
  readonly #tokens: Tokens;
  readonly #sessions: SessionStore;
  readonly #policy: IssuePolicy;
  readonly #mayLogIn: (username: string, uid: string) => boolean;

  constructor(
    tokens: Tokens,
    sessions: SessionStore,
    policy: IssuePolicy,
    mayLogIn: (username: string, uid: string) => boolean,
  ) {
    this.#tokens = tokens;
    this.#sessions = sessions;
    this.#policy = policy;
    this.#mayLogIn = mayLogIn;
  }

  /** Starts a session; without `multipleLogin` the user's other ones end. */
  async issue(user: Identity): Promise<TokenAnswer> {
    const { accessTokenMaxAge, accessTokenInactivityTimeout, multipleLogin } = this.#policy;
    const refreshAge = accessTokenMaxAge + accessTokenInactivityTimeout;
    const [access, refresh] = await Promise.all([
      this.#tokens.issue(user, 'access_token', accessTokenMaxAge),
      this.#tokens.issue(user, 'refresh_token', refreshAge),
    ]);
    if (!multipleLogin) await this.#sessions.revokeUser(user.name);
    const now = Date.now();
    const expires = (age: number) => (age > 0 ? now + age : 0);
    const session = {
      username: user.name,
      accessHash: accessTokenMaxAge > 0 ? tokenHash(access) : '',
      refreshHash: tokenHash(refresh),
      accessExpires: expires(accessTokenMaxAge),
      refreshExpires: expires(refreshAge),
    };
    await this.#sessions.add(session, { access, refresh });
    return {
      access_token: access,
      token_type: 'Bearer',
      refresh_token: refresh,
      ...(accessTokenMaxAge > 0 && { expires_in: Math.floor(accessTokenMaxAge / 1000) }),
    };
  }

  /** Exchanges a refresh token for a new pair. Throws Unauthorized for any other token, and for users that may no longer log in. */
  async refresh(token: string): Promise<TokenAnswer> {
    const claims = await this.#tokens.verify(token, 'refresh_token');
    if (!(await this.#sessions.has(claims.username, token))) throw unauthorized('token not found in cache');
    if (!this.#mayLogIn(claims.username, claims.uid))
      throw new StatusError(401, 'Unauthorized', 'account is not active');
    const { username: name, uid, groups } = claims;
    return this.issue({ name, uid, ...(groups && { groups }) });
  }
}
