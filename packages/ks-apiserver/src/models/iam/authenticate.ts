import { StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import { type ApiTokens, isApiToken } from '../credentials/api-tokens.ts';
import { opensApi } from '../oauth/scopes.ts';
import type { Identity } from '../session/identity.ts';
import type { SessionStore } from '../session/sessions.ts';
import type { Claims, Tokens } from '../session/tokens.ts';
import type { Login, LoginSource } from './login.ts';
import { UNINITIALIZED, type User } from './types.ts';

/** Who calls without any credential. */
export const ANONYMOUS: UserInfo = Object.freeze({ name: 'system:anonymous', groups: ['system:unauthenticated'] });

/** Extra of a caller who must set a password of his own before anything else (the name is KubeSphere 3.2's). */
export const UNINITIALIZED_EXTRA = 'uninitialized';
/** Extra of a caller who came with an API token: it makes no further credentials. */
export const CREDENTIAL_EXTRA = 'iam.kubesphere.io/credential';
const API_TOKEN = { [CREDENTIAL_EXTRA]: ['api-token'] };
const AUTHENTICATED = ['system:authenticated'];

/** Groups of a caller: an identity provider names none of Kubernetes' own. */
function groupsOf({ groups }: { groups?: readonly string[] }): readonly string[] {
  return groups ? [...groups.filter((group) => !group.startsWith('system:')), ...AUTHENTICATED] : AUTHENTICATED;
}

/** Finds out who calls, from the Authorization header alone. */
export class Authenticator {
  readonly #tokens: Tokens;
  readonly #sessions: SessionStore;
  readonly #login: Login;
  readonly #users: Informer;
  readonly #tracked: boolean;
  readonly #apiTokens: ApiTokens;

  /** `tracked` is false where access tokens never expire: those are not kept and cannot be revoked (3.0's accessTokenMaxAge 0). */
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

  /** The caller; anonymous without a header. Throws Unauthorized or, for a locked account, TooManyRequests. */
  async authenticate(header: string | undefined, source: Omit<LoginSource, 'type'>): Promise<UserInfo> {
    if (header === undefined || header.trim() === '') return ANONYMOUS;
    const [scheme = '', credential = ''] = header.trim().split(/\s+/, 2);
    try {
      if (scheme.toLowerCase() === 'bearer' && credential !== '') return await this.token(credential);
      if (scheme.toLowerCase() === 'basic' && credential !== '') return await this.#basic(credential, source);
    } catch (error) {
      if (error instanceof StatusError && error.code === 401) throw unauthorized(`Unauthorized: ${error.message}`);
      if (error instanceof StatusError && error.code === 403) throw unauthorized(`Unauthorized: ${error.message}`);
      throw error;
    }
    // 3.0's very words for a header that it does not understand: its clients compare them.
    throw unauthorized('Unauthorized: %!s(<nil>)');
  }

  async #basic(credential: string, source: Omit<LoginSource, 'type'>): Promise<UserInfo> {
    const text = Buffer.from(credential, 'base64').toString();
    const colon = text.indexOf(':');
    if (colon < 0) throw unauthorized('incorrect password');
    const user = await this.#login.password(text.slice(0, colon), text.slice(colon + 1), { ...source, type: 'Basic' });
    return this.#caller(user);
  }

  /**
   * A check, to be made again and again, whether the credential of an open connection still holds: its session goes on, its
   * user may log in, his password is still the same. It never rejects: where sessions cannot be asked, nothing ends.
   */
  follow(header: string, user: UserInfo): () => Promise<boolean> {
    const [scheme = '', credential = ''] = header.trim().split(/\s+/, 2);
    if (scheme === '') return async () => true;
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
      return now?.metadata.uid === user.uid && now?.status?.state !== 'Disabled' && now?.spec?.password === password;
    };
  }

  /** Who an identity is now. Throws Unauthorized where he is gone, is another one of that name, or is disabled. */
  #caller(identity: Identity, extra: Readonly<Record<string, readonly string[]>> = {}): UserInfo {
    const { name, uid } = identity;
    const user = this.#users.store.get(name)?.object as User | undefined;
    if (!user || (uid !== '' && user.metadata.uid !== uid)) throw unauthorized('the user of the token does not exist');
    if (user.status?.state === 'Disabled') throw unauthorized('account is not active');
    const all = {
      ...extra,
      ...(user.metadata.annotations?.[UNINITIALIZED] === 'true' && { [UNINITIALIZED_EXTRA]: ['true'] }),
    };
    return { name, uid, groups: groupsOf(identity), ...(Object.keys(all).length > 0 && { extra: all }) };
  }

  /**
   * The user of an access token or API token. Throws Unauthorized for one that is wrong, expired, revoked, or of a user that
   * may no longer log in, and for one whose scope is not the API.
   */
  async token(token: string): Promise<UserInfo> {
    if (isApiToken(token)) return this.#caller(await this.#apiTokens.verify(token), API_TOKEN);
    const { caller, claims } = await this.session(token);
    if (!opensApi(claims.scope)) throw unauthorized('the scope of the token is not that of the API: ask for "full"');
    return caller;
  }

  /** The user and the claims of an access token, whatever its scope. Throws Unauthorized like `token`. */
  async session(token: string): Promise<{ caller: UserInfo; claims: Claims }> {
    const claims = await this.#tokens.verify(token, 'access_token');
    const { username: name, uid, groups, sid: id } = claims;
    const caller = this.#caller({ name, uid, ...(groups && { groups }) });
    if (this.#tracked && !(await this.#sessions.has({ id, username: name, token })))
      throw unauthorized('token not found in cache');
    return { caller, claims };
  }
}
