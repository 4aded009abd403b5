import { UNINITIALIZED } from '@ks-apiserver/api/annotations';
import { findUser, type User } from '@ks-apiserver/api/user';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { whenReady } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import { CREDENTIAL_EXTRA } from '../../authorization/restrictions/api-tokens.ts';
import { UNINITIALIZED_EXTRA } from '../../authorization/restrictions/first-password.ts';
import { type ApiTokens, isApiToken } from '../../credentials/api-tokens.ts';
import { opensApi } from '../../oauth/scopes.ts';
import type { Identity } from '../../session/identity.ts';
import type { SessionStore } from '../../session/sessions.ts';
import type { Claims, Tokens } from '../../session/tokens.ts';
import type { Login } from './login.ts';
import type { LoginSource } from './login-source.ts';

interface Session {
  caller: UserInfo;
  claims: Claims;
}

/** The caller of requests without credentials. */
export const ANONYMOUS: UserInfo = Object.freeze({
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
});

const API_TOKEN = { [CREDENTIAL_EXTRA]: ['api-token'] };
const AUTHENTICATED = ['system:authenticated'];

/** Returns a caller's groups. Those of an identity provider cannot be groups of Kubernetes. */
function groupsOf({ groups }: { groups?: readonly string[] }): readonly string[] {
  return groups
    ? [...groups.filter((group) => !group.startsWith('system:')), ...AUTHENTICATED]
    : AUTHENTICATED;
}

/** Separates scheme and credential of an Authorization header (RFC 9110 section 11.4). */
function parseAuthorization(header: string): { scheme: string; credential: string } {
  if (header.startsWith('Bearer ') && header.lastIndexOf(' ') === 6) {
    return { scheme: 'bearer', credential: header.slice(7) };
  }

  const [scheme = '', credential = ''] = header.trim().split(/\s+/, 2);

  return { scheme: scheme.toLowerCase(), credential };
}

/** Words the refusal of a credential as the answer to a call. */
function toUnauthorized(error: unknown): unknown {
  if (error instanceof StatusError && (error.code === 401 || error.code === 403)) {
    return unauthorized(`Unauthorized: ${error.message}`);
  }
  return error;
}

/** Dependencies and settings of the authenticator. */
export interface AuthenticatorOptions {
  tokens: Tokens;
  sessions: SessionStore;
  login: Login;
  users: Informer;
  apiTokens: ApiTokens;
  /**
   * False if access tokens never expire: such tokens have no stored session and cannot be revoked
   * (3.0's accessTokenMaxAge 0).
   */
  tracksSessions: boolean;
  /** Whether tokens come from another cluster, where the same users have other uids. */
  isMember: boolean;
}

/** Authenticates callers by the Authorization header alone. */
export class Authenticator {
  readonly #tokens: Tokens;
  readonly #sessions: SessionStore;
  readonly #login: Login;
  readonly #users: Informer;
  readonly #tracksSessions: boolean;
  readonly #isMember: boolean;
  readonly #apiTokens: ApiTokens;
  /** Callers by the claims of their tokens, as long as their users are unchanged. */
  readonly #callers = new WeakMap<Claims, { user: User | undefined; caller: UserInfo }>();

  constructor({
    tokens,
    sessions,
    login,
    users,
    apiTokens,
    tracksSessions,
    isMember,
  }: AuthenticatorOptions) {
    this.#tokens = tokens;
    this.#sessions = sessions;
    this.#login = login;
    this.#users = users;
    this.#tracksSessions = tracksSessions;
    this.#isMember = isMember;
    this.#apiTokens = apiTokens;
  }

  /**
   * Returns the refusal of an access token, as far as it can be given at once. It is returned and
   * not thrown, because functions that only throw are never compiled.
   */
  refusal(header: string | undefined): StatusError | undefined {
    if (header === undefined) {
      return undefined;
    }

    const { scheme, credential } = parseAuthorization(header);
    if (scheme !== 'bearer' || credential === '' || isApiToken(credential)) {
      return undefined;
    }

    const reason = this.#tokens.reasonAgainst(credential);

    return reason === undefined ? undefined : unauthorized(`Unauthorized: ${reason}`);
  }

  /**
   * Returns the caller: at once if their token was verified lately, anonymous without a header.
   * Throws, or rejects with, Unauthorized or, for a locked account, TooManyRequests.
   */
  authenticate(header: string | undefined, source: Omit<LoginSource, 'type'>): Awaitable<UserInfo> {
    if (header === undefined) {
      return ANONYMOUS;
    }

    const { scheme, credential } = parseAuthorization(header);
    if (scheme === '') {
      return ANONYMOUS;
    }

    try {
      const caller = this.#authenticateBy(scheme, credential, source);
      if (!(caller instanceof Promise)) {
        return caller;
      }

      return caller.catch((error) => {
        throw toUnauthorized(error);
      });
    } catch (error) {
      throw toUnauthorized(error);
    }
  }

  #authenticateBy(
    scheme: string,
    credential: string,
    source: Omit<LoginSource, 'type'>,
  ): Awaitable<UserInfo> {
    if (scheme === 'bearer' && credential !== '') {
      return this.token(credential);
    }
    if (scheme === 'basic' && credential !== '') {
      return this.#basic(credential, source);
    }

    // 3.0's own words for a header that it does not understand: clients compare them.
    throw unauthorized('%!s(<nil>)');
  }

  async #basic(credential: string, source: Omit<LoginSource, 'type'>): Promise<UserInfo> {
    const text = Buffer.from(credential, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon < 0) {
      throw unauthorized('incorrect password');
    }

    const user = await this.#login.password(
      { nameOrEmail: text.slice(0, colon), password: text.slice(colon + 1) },
      { ...source, type: 'Basic' },
    );

    return this.#callerOf(user);
  }

  /**
   * Returns a check of whether the credential of an open connection is still valid: its session
   * lasts, its user may log in and has the same password. The check never rejects: while sessions
   * cannot be read, nothing ends.
   */
  follow(header: string, user: UserInfo): () => Promise<boolean> {
    const { scheme, credential } = parseAuthorization(header);
    if (scheme === '') {
      return async () => true;
    }

    if (scheme === 'bearer') {
      return async () => {
        try {
          await this.token(credential);
          return true;
        } catch (error) {
          return !(error instanceof StatusError && error.code === 401);
        }
      };
    }

    const stored = () => findUser(this.#users, user.name);
    const password = stored()?.spec?.password;

    return async () => {
      const now = stored();
      return (
        now?.metadata.uid === user.uid &&
        now?.status?.state !== 'Disabled' &&
        now?.spec?.password === password
      );
    };
  }

  /**
   * Returns the caller for an identity. Throws Unauthorized if the user is gone, is another one of
   * that name, or is disabled.
   */
  #callerOf(identity: Identity, extra: Readonly<Record<string, readonly string[]>> = {}): UserInfo {
    const { name, uid } = identity;
    const user = findUser(this.#users, name);
    if (!user || (uid !== '' && user.metadata.uid !== uid && !this.#isMember)) {
      throw unauthorized('the user of the token does not exist');
    }
    if (user.status?.state === 'Disabled') {
      throw unauthorized('account is not active');
    }

    const all = {
      ...extra,
      ...(user.metadata.annotations?.[UNINITIALIZED] === 'true' && {
        [UNINITIALIZED_EXTRA]: ['true'],
      }),
    };

    return {
      name,
      uid: this.#isMember ? (user.metadata.uid ?? '') : uid,
      groups: groupsOf(identity),
      ...(Object.keys(all).length > 0 && { extra: all }),
    };
  }

  /** Returns the caller for the claims of a token. Throws Unauthorized like `callerOf`. */
  #callerWith(claims: Claims): UserInfo {
    const { username: name, uid, groups } = claims;
    const user = findUser(this.#users, name);
    const known = this.#callers.get(claims);

    if (known && known.user === user) {
      return known.caller;
    }

    const caller = this.#callerOf({ name, uid, ...(groups && { groups }) });
    this.#callers.set(claims, { user, caller });

    return caller;
  }

  /**
   * Returns the user of an access token or API token. Throws Unauthorized for one that is invalid,
   * expired, revoked, or of a user that may no longer log in, and for one whose scope is not the
   * API.
   */
  token(token: string): Awaitable<UserInfo> {
    if (isApiToken(token)) {
      return this.#apiTokens.verify(token).then((identity) => this.#callerOf(identity, API_TOKEN));
    }

    return whenReady(this.session(token), ({ caller, claims }) => {
      if (!opensApi(claims.scope)) {
        throw unauthorized('the scope of the token is not that of the API: ask for "full"');
      }
      return caller;
    });
  }

  /**
   * Returns the user and the claims of an access token, whatever its scope. Throws, or rejects
   * with, Unauthorized like `token`.
   */
  session(token: string): Awaitable<Session> {
    return whenReady(this.#tokens.verify(token, 'access_token'), (claims): Awaitable<Session> => {
      const { username: name, sid: id } = claims;
      const session = { caller: this.#callerWith(claims), claims };

      if (!this.#tracksSessions) {
        return session;
      }

      return whenReady(this.#sessions.has({ id, username: name, token }), (isActive) => {
        if (!isActive) {
          throw unauthorized('token not found in cache');
        }
        return session;
      });
    });
  }
}
