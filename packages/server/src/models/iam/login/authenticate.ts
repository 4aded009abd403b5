import { UNINITIALIZED } from '@ks-apiserver/api/annotations';
import type { User } from '@ks-apiserver/api/user';
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

/** The user and the claims of an access token. */
interface Session {
  caller: UserInfo;
  claims: Claims;
}

/** Who calls without any credential. */
export const ANONYMOUS: UserInfo = Object.freeze({
  name: 'system:anonymous',
  groups: ['system:unauthenticated'],
});

const API_TOKEN = { [CREDENTIAL_EXTRA]: ['api-token'] };
const AUTHENTICATED = ['system:authenticated'];

/** Groups of a caller: an identity provider names none of Kubernetes' own. */
function groupsOf({ groups }: { groups?: readonly string[] }): readonly string[] {
  return groups
    ? [...groups.filter((group) => !group.startsWith('system:')), ...AUTHENTICATED]
    : AUTHENTICATED;
}

/** A refused credential as the answer to a call. */
function refused(error: unknown): unknown {
  if (error instanceof StatusError && (error.code === 401 || error.code === 403)) {
    return unauthorized(`Unauthorized: ${error.message}`);
  }
  return error;
}

/** Finds out who calls, from the Authorization header alone. */
export class Authenticator {
  readonly #tokens: Tokens;
  readonly #sessions: SessionStore;
  readonly #login: Login;
  readonly #users: Informer;
  readonly #tracked: boolean;
  readonly #apiTokens: ApiTokens;

  /**
   * `tracked` is false where access tokens never expire: those are not kept and cannot be revoked
   * (3.0's accessTokenMaxAge 0).
   */
  constructor(
    tokens: Tokens,
    sessions: SessionStore,
    login: Login,
    users: Informer,
    tracked: boolean,
    apiTokens: ApiTokens,
  ) {
    this.#tokens = tokens;
    this.#sessions = sessions;
    this.#login = login;
    this.#users = users;
    this.#tracked = tracked;
    this.#apiTokens = apiTokens;
  }

  /**
   * The caller, at once where his token is known; anonymous without a header. Throws, or rejects
   * with, Unauthorized or, for a locked account, TooManyRequests.
   */
  authenticate(
    header: string | undefined,
    source: Omit<LoginSource, 'type'>,
  ): UserInfo | Promise<UserInfo> {
    if (header === undefined || header.trim() === '') {
      return ANONYMOUS;
    }

    const [scheme = '', credential = ''] = header.trim().split(/\s+/, 2);

    try {
      const caller = this.#by(scheme.toLowerCase(), credential, source);
      if (!(caller instanceof Promise)) {
        return caller;
      }

      return caller.catch((error) => {
        throw refused(error);
      });
    } catch (error) {
      throw refused(error);
    }
  }

  #by(
    scheme: string,
    credential: string,
    source: Omit<LoginSource, 'type'>,
  ): UserInfo | Promise<UserInfo> {
    if (scheme === 'bearer' && credential !== '') {
      return this.token(credential);
    }
    if (scheme === 'basic' && credential !== '') {
      return this.#basic(credential, source);
    }

    // 3.0's very words for a header that it does not understand: its clients compare them.
    throw unauthorized('%!s(<nil>)');
  }

  async #basic(credential: string, source: Omit<LoginSource, 'type'>): Promise<UserInfo> {
    const text = Buffer.from(credential, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon < 0) {
      throw unauthorized('incorrect password');
    }

    const user = await this.#login.password(text.slice(0, colon), text.slice(colon + 1), {
      ...source,
      type: 'Basic',
    });

    return this.#caller(user);
  }

  /**
   * A check, to be made again and again, whether the credential of an open connection still holds:
   * its session goes on, its user may log in, his password is still the same. It never rejects:
   * where sessions cannot be asked, nothing ends.
   */
  follow(header: string, user: UserInfo): () => Promise<boolean> {
    const [scheme = '', credential = ''] = header.trim().split(/\s+/, 2);
    if (scheme === '') {
      return async () => true;
    }

    if (scheme.toLowerCase() === 'bearer') {
      return async () => {
        try {
          await this.token(credential);
          return true;
        } catch (error) {
          return !(error instanceof StatusError && error.code === 401);
        }
      };
    }

    const stored = () => this.#users.store.get(user.name)?.object as User | undefined;
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
   * Who an identity is now. Throws Unauthorized where he is gone, is another one of that name, or
   * is disabled.
   */
  #caller(identity: Identity, extra: Readonly<Record<string, readonly string[]>> = {}): UserInfo {
    const { name, uid } = identity;
    const user = this.#users.store.get(name)?.object as User | undefined;
    if (!user || (uid !== '' && user.metadata.uid !== uid)) {
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
      uid,
      groups: groupsOf(identity),
      ...(Object.keys(all).length > 0 && { extra: all }),
    };
  }

  /**
   * The user of an access token or API token. Throws Unauthorized for one that is wrong, expired,
   * revoked, or of a user that may no longer log in, and for one whose scope is not the API.
   */
  token(token: string): UserInfo | Promise<UserInfo> {
    if (isApiToken(token)) {
      return this.#apiTokens.verify(token).then((identity) => this.#caller(identity, API_TOKEN));
    }

    return whenReady(this.session(token), ({ caller, claims }) => {
      if (!opensApi(claims.scope)) {
        throw unauthorized('the scope of the token is not that of the API: ask for "full"');
      }
      return caller;
    });
  }

  /**
   * The user and the claims of an access token, whatever its scope. Throws, or rejects with,
   * Unauthorized like `token`.
   */
  session(token: string): Session | Promise<Session> {
    return whenReady(
      this.#tokens.verify(token, 'access_token'),
      (claims): Session | Promise<Session> => {
        const { username: name, uid, groups, sid: id } = claims;
        const session = { caller: this.#caller({ name, uid, ...(groups && { groups }) }), claims };

        if (!this.#tracked) {
          return session;
        }

        return whenReady(this.#sessions.has({ id, username: name, token }), (goesOn) => {
          if (!goesOn) {
            throw unauthorized('token not found in cache');
          }
          return session;
        });
      },
    );
  }
}
