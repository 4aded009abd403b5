import { UNINITIALIZED } from '@ks-apiserver/api/annotations';
import { findUser } from '@ks-apiserver/api/user';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Identity } from '../session/identity.ts';
import { hasScope, opensApi } from './scopes.ts';

/**
 * Claims about a user (OpenID Connect Core section 5.1); `sub` is the user's name, as in KubeSphere
 * 3.2.
 */
export interface UserClaims {
  sub: string;
  name?: string;
  preferred_username?: string;
  locale?: string;
  email?: string;
  groups?: readonly string[];
}

/** Reads the claims of users. */
export class UserDirectory {
  readonly #users: Informer;

  constructor(users: Informer) {
    this.#users = users;
  }

  /** Whether a user must set a password of their own before anything else. */
  isUninitialized(name: string): boolean {
    return findUser(this.#users, name)?.metadata.annotations?.[UNINITIALIZED] === 'true';
  }

  /**
   * Returns the fields about a user in an access token, as servers of 3.2 and later have them: the
   * console reads from them whether to ask for a first password. Undefined for tokens that are not
   * for the API.
   */
  extra(
    name: string,
    scope: string | undefined,
  ): Readonly<Record<string, readonly string[]>> | undefined {
    const user = findUser(this.#users, name);
    if (!user || !opensApi(scope)) {
      return undefined;
    }

    const { email } = user.spec ?? {};
    const { uid, annotations } = user.metadata;

    return {
      username: [name],
      ...(uid && { uid: [uid] }),
      ...(email && { email: [email] }),
      ...(annotations?.[UNINITIALIZED] === 'true' && { uninitialized: ['true'] }),
    };
  }

  /**
   * Returns the claims of a scope (OpenID Connect Core section 5.4); groups belong to `profile` and
   * `groups`.
   */
  claims({ name, groups = [] }: Identity, scope: string): UserClaims {
    const { displayName, lang, email } = findUser(this.#users, name)?.spec ?? {};
    const profile = hasScope(scope, 'profile');

    return {
      sub: name,
      ...(profile && { name: displayName || name, preferred_username: name }),
      ...(profile && lang && { locale: lang }),
      ...(hasScope(scope, 'email') && email && { email }),
      ...((profile || hasScope(scope, 'groups')) && {
        groups: groups.filter((group) => !group.startsWith('system:')),
      }),
    };
  }
}
