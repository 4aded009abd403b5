import { createHash, randomBytes } from 'node:crypto';
import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { Identity } from './identity.ts';
import type { Session, SessionStore } from './sessions.ts';
import { type Claims, type TokenGrant, type Tokens, tokenHash } from './tokens.ts';

/** The answer to a log-in (RFC 6749 section 5.1); `expires_in` is in seconds. */
export interface TokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  refresh_token?: string;
  expires_in?: number;
  scope?: string;
  id_token?: string;
}

/** Lifetimes in milliseconds, and whether a user may have more than one session. */
export interface IssuePolicy {
  accessTokenMaxAge: number;
  accessTokenInactivityTimeout: number;
  /** How long after the log-in a session may be refreshed; 0 for no limit, as in 3.0. */
  sessionMaxAge: number;
  multipleLogin: boolean;
}

/**
 * Client, scope and session of tokens; a plain log-in has no client. Lifetimes are milliseconds.
 */
export interface Grant {
  client?: { name: string; accessTokenMaxAge?: number; accessTokenInactivityTimeout?: number };
  /** Scopes of the tokens, separated by spaces. */
  scope?: string;
  /** Time of the log-in, in seconds since 1970; default now. */
  authTime?: number;
  /** Id of the session; default a new one. */
  session?: string;
  /** False for an access token that cannot be refreshed. */
  refreshable?: boolean;
  /** Fields about the user in the tokens; default those at the log-in. */
  extra?: TokenGrant['extra'];
}

/** Returns the fields about a user in tokens of a scope; undefined for none. */
export type DescribeUser = (username: string, scope: string | undefined) => TokenGrant['extra'];

/** A new pair of tokens, with its user and grant. */
export interface Issued {
  answer: TokenAnswer;
  user: Identity;
  grant: Grant & { session: string; authTime: number };
}

export interface TokenIssuerDependencies {
  tokens: Tokens;
  sessions: SessionStore;
  mayLogIn(username: string, uid: string): boolean;
  describe?: DescribeUser;
}

/** The tokens of a session; some grants give no refresh token. */
interface TokenPair {
  access: string;
  refresh?: string | undefined;
}

/** Makes the id of a session. */
export function sessionId(): string {
  return randomBytes(20).toString('hex');
}

/** Issues pairs of tokens and exchanges refresh tokens. */
export class TokenIssuer {
  readonly #tokens: Tokens;
  readonly #sessions: SessionStore;
  readonly #policy: IssuePolicy;
  readonly #mayLogIn: (username: string, uid: string) => boolean;
  readonly #describe: DescribeUser;

  constructor(
    { tokens, sessions, mayLogIn, describe = () => undefined }: TokenIssuerDependencies,
    policy: IssuePolicy,
  ) {
    this.#tokens = tokens;
    this.#sessions = sessions;
    this.#policy = policy;
    this.#mayLogIn = mayLogIn;
    this.#describe = describe;
  }

  #ages({ client }: Grant): { access: number; refresh: number } {
    const access = client?.accessTokenMaxAge ?? this.#policy.accessTokenMaxAge;
    const inactivity =
      client?.accessTokenInactivityTimeout ?? this.#policy.accessTokenInactivityTimeout;
    return { access, refresh: access + inactivity };
  }

  /** Makes a token of a session; equal arguments make equal tokens, unless `jti` is left out. */
  #makeToken(
    user: Identity,
    type: 'access_token' | 'refresh_token',
    grant: Issued['grant'],
    now: number,
    jti?: string,
  ) {
    const ages = this.#ages(grant);

    const claims: TokenGrant = {
      sid: grant.session,
      jti: jti ?? randomBytes(12).toString('base64url'),
      ...(grant.client && { client_id: grant.client.name }),
      ...(grant.scope !== undefined && { scope: grant.scope }),
      auth_time: grant.authTime,
      ...(grant.extra && { groups: user.groups ?? [], extra: grant.extra }),
    };

    return this.#tokens.issue(
      user,
      type,
      type === 'access_token' ? ages.access : ages.refresh,
      claims,
      now,
    );
  }

  /** Makes the stored session, which expires with its last token. */
  #makeSession(
    user: Identity,
    grant: Issued['grant'],
    { access, refresh }: TokenPair,
    now: number,
  ): Session {
    const ages = this.#ages(grant);
    const age = refresh === undefined ? ages.access : ages.refresh;

    return {
      id: grant.session,
      kind: 'tokens',
      username: user.name,
      uid: user.uid,
      expires: age > 0 ? now + age : 0,
      ...(!this.#policy.multipleLogin && { accessHash: tokenHash(access) }),
      ...(refresh !== undefined && { refreshHash: tokenHash(refresh) }),
    };
  }

  /** Makes the answer; `since` is the age of the tokens, in milliseconds. */
  #makeAnswer(grant: Grant, { access, refresh }: TokenPair, since = 0): TokenAnswer {
    const age = this.#ages(grant).access;

    return {
      access_token: access,
      token_type: 'Bearer',
      ...(refresh !== undefined && { refresh_token: refresh }),
      ...(age > 0 && { expires_in: Math.max(0, Math.floor((age - since) / 1000)) }),
      ...(grant.scope !== undefined && { scope: grant.scope }),
    };
  }

  #storedTokens(grant: Grant, { access, refresh }: TokenPair, now: number) {
    const age = this.#ages(grant).access;
    return {
      access,
      accessExpires: age > 0 ? now + age : 0,
      ...(refresh !== undefined && { refresh }),
    };
  }

  /** Starts a session; without `multipleLogin` the user's other sessions end. */
  async issue(user: Identity, asked: Grant = {}): Promise<TokenAnswer> {
    const now = Date.now();
    const extra = asked.extra ?? this.#describe(user.name, asked.scope);

    const grant = {
      ...asked,
      ...(extra && { extra }),
      session: asked.session ?? sessionId(),
      authTime: asked.authTime ?? Math.floor(now / 1000),
    };

    const access = await this.#makeToken(user, 'access_token', grant, now);

    const refresh =
      grant.refreshable === false
        ? undefined
        : await this.#makeToken(user, 'refresh_token', grant, now);

    if (!this.#policy.multipleLogin) {
      await this.#sessions.endOthers(user.name, grant.session);
    }

    // Tokens that never expire have no stored session (3.0's accessTokenMaxAge 0).
    const pair = { access, refresh };
    if (refresh !== undefined || this.#policy.accessTokenMaxAge > 0) {
      const session = this.#makeSession(user, grant, pair, now);
      await this.#sessions.add(session, this.#storedTokens(grant, pair, now));
    }

    return this.#makeAnswer(grant, pair);
  }

  /**
   * Exchanges a refresh token of a client, or of none, for a new pair (RFC 6749 section 6). For a
   * minute after its exchange a token gives the same new tokens again, because the answer may have
   * been lost or several requests been made at once. After that it counts as stolen and its session
   * ends (RFC 9700 section 4.14.2). Throws Unauthorized for any other token, and for users that may
   * not log in.
   */
  async refresh(token: string, client?: Grant['client']): Promise<Issued> {
    const claims = await this.#tokens.verify(token, 'refresh_token');
    if (claims.client_id !== client?.name) {
      throw unauthorized('the refresh token belongs to another client');
    }
    if (!this.#mayLogIn(claims.username, claims.uid)) {
      throw unauthorized('account is not active');
    }

    const { username: name, uid, groups } = claims;
    const user = { name, uid, ...(groups && { groups }) };

    if (claims.sid === undefined) {
      return this.#adopt(claims, user, token);
    }

    const grant: Issued['grant'] = {
      ...(client && { client }),
      ...(claims.scope !== undefined && { scope: claims.scope }),
      authTime: claims.auth_time ?? claims.iat,
      session: claims.sid,
      // As in the refresh token: a token that is exchanged twice must give the same tokens.
      ...(claims.extra && { extra: claims.extra }),
    };

    const { sessionMaxAge } = this.#policy;
    if (sessionMaxAge > 0 && grant.authTime * 1000 + sessionMaxAge <= Date.now()) {
      await this.#sessions.end({ id: grant.session, username: name, token });
      throw unauthorized('the session has lasted as long as it may: log in again');
    }

    return { answer: await this.#rotate(user, grant, token), user, grant };
  }

  async #rotate(user: Identity, grant: Issued['grant'], used: string): Promise<TokenAnswer> {
    const now = Date.now();
    const pair = await this.#successors(user, grant, used, now);
    const session = { ...this.#makeSession(user, grant, pair, now), rotatedAt: now };
    const kept = this.#storedTokens(grant, pair, now);
    const rotation = await this.#sessions.rotate(session, tokenHash(used), kept);
    if (rotation.state === 'rotated') {
      if (!this.#policy.multipleLogin) {
        await this.#sessions.endOthers(user.name, grant.session, kept);
      }
      return this.#makeAnswer(grant, pair);
    }

    // The words are 3.0's.
    if (rotation.state !== 'again') {
      throw unauthorized('token not found in cache');
    }

    const firstPair = await this.#successors(user, grant, used, rotation.at);

    // The first request may not have stored them yet.
    const known = this.#makeSession(user, grant, firstPair, rotation.at);
    await this.#sessions.extend(known, this.#storedTokens(grant, firstPair, rotation.at));

    return this.#makeAnswer(grant, firstPair, now - rotation.at);
  }

  /** Makes the tokens for which a refresh token is exchanged at a time: always the same ones. */
  async #successors(
    user: Identity,
    grant: Issued['grant'],
    used: string,
    at: number,
  ): Promise<TokenPair> {
    const jti = (type: string) =>
      createHash('sha256').update(`${type} ${used}`).digest('base64url').slice(0, 16);
    const token = (type: 'access_token' | 'refresh_token') =>
      this.#makeToken(user, type, grant, at, jti(type));

    const [access, refresh] = await Promise.all([token('access_token'), token('refresh_token')]);

    return { access, refresh };
  }

  /** Exchanges a token of a 3.0 server, which has no sessions. */
  async #adopt(claims: Claims, user: Identity, token: string): Promise<Issued> {
    const { username } = claims;
    if (!(await this.#sessions.has({ id: undefined, username, token }))) {
      throw unauthorized('token not found in cache');
    }

    await this.#sessions.end({ id: undefined, username, token });

    const grant = { session: sessionId(), authTime: claims.iat };

    return { answer: await this.issue(user, grant), user, grant };
  }
}
