import { UNINITIALIZED } from '@ks-apiserver/api/annotations';
import type { User } from '@ks-apiserver/api/user';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { Identity } from '../session/identity.ts';
import { hasScope, opensApi } from './scopes.ts';

/**
 * What a client learns of a user (OpenID Connect Core section 5.1); `sub` is his name, as in
 * KubeSphere 3.2.
 */
export interface UserClaims {
  sub: string;
  name?: string;
  preferred_username?: string;
  locale?: string;
  email?: string;
  groups?: readonly string[];
}

/** Reads what users are called. */
export class UserDirectory {
  readonly #users: Informer;

  constructor(users: Informer) {
    this.#users = users;
  }

  #find(name: string): User | undefined {
    return this.#users.store.get(name)?.object as User | undefined;
  }

  /** Whether a user must set a password of his own before anything else. */
  isUninitialized(name: string): boolean {
    return this.#find(name)?.metadata.annotations?.[UNINITIALIZED] === 'true';
  }

  /**
   * What an access token says of a user, as servers of 3.2 and later do: the console finds in it
   * whether to ask for a first password. Tokens that do not open the API say nothing.
   */
  extra(
    name: string,
    scope: string | undefined,
  ): Readonly<Record<string, readonly string[]>> | undefined {
    const user = this.#find(name);
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
   * The claims that a scope opens (OpenID Connect Core section 5.4); groups come with `profile` or
   * `groups`.
   */
  claims({ name, groups = [] }: Identity, scope: string): UserClaims {
    const { displayName, lang, email } = this.#find(name)?.spec ?? {};
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
