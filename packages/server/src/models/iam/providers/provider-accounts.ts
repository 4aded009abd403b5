import { PASSWORD_ENCRYPTED } from '@ks-apiserver/api/annotations';
import { ORIGIN_UID_KEY } from '@ks-apiserver/api/labels';
import { USERS } from '@ks-apiserver/api/resources';
import type { User } from '@ks-apiserver/api/user';
import {
  StatusError,
  serviceUnavailable,
  unauthorized,
} from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { OpenProvider, ProviderIdentity } from '../../identity-providers/provider.ts';
import { hasArrived } from '../users/arrival.ts';
import { linkTo, type ProviderLinks, providerOf } from './provider-links.ts';

/** The user who always logs in with his local password. */
export const LOCAL_ADMIN = 'admin';

/** Longest name: it is also the value of labels. */
const MAX_NAME = 63;
const ATTEMPTS = 5;

function isBound(name: string): StatusError {
  return unauthorized(`user ${name} is already bound to other identify provider`);
}

/** What accounts are made users with. */
export interface AccountDependencies {
  client: KubeClient;
  users: Informer;
  links: ProviderLinks;
  /** Whether somebody has an e-mail address already. */
  isEmailTaken: (email: string) => boolean;
  /**
   * Makes a name free of what a former user of it had; throws Forbidden where something else has
   * rights by it.
   */
  claimName: (name: string) => Promise<void>;
}

/**
 * A user name of what a provider calls somebody (RFC 1123): `Jané Doe` is `jane-doe`; '' where
 * nothing is left.
 */
export function userName(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

  const dependencies = plain
    .replace(/[^a-z0-9.]+/g, '-')
    .split('.')
    .map((part) => part.replace(/^-+|-+$/g, ''));

  return dependencies
    .filter((part) => part !== '')
    .join('.')
    .slice(0, MAX_NAME)
    .replace(/[-.]+$/, '');
}

function isEmail(text: string | undefined): text is string {
  return text !== undefined && text.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+$/.test(text);
}

/** Finds, links and makes the users of identity providers. */
export class ProviderAccounts {
  readonly #dependencies: AccountDependencies;

  constructor(dependencies: AccountDependencies) {
    this.#dependencies = dependencies;
  }

  #user(name: string): User | undefined {
    return this.#dependencies.users.store.get(name)?.object as User | undefined;
  }

  /**
   * The user that is linked to an account already, also by the marks of 3.0, which knew no account
   * but the user's name.
   */
  linked(provider: string, { uid, formerUid, username }: ProviderIdentity): User | undefined {
    const { links } = this.#dependencies;
    if (links.names(provider, uid).length > 0) {
      return links.find(provider, uid);
    }

    const former = formerUid === undefined ? undefined : links.find(provider, formerUid);
    if (former) {
      return former;
    }

    const named = this.#user(username.toLowerCase());

    return named && providerOf(named) === provider && !named.metadata.labels?.[ORIGIN_UID_KEY]
      ? named
      : undefined;
  }

  /** Whom an account would log in now, without making or changing anybody. */
  owner({ name, mappingMethod }: OpenProvider, identity: ProviderIdentity): User | undefined {
    return (
      this.linked(name, identity) ??
      (mappingMethod === 'mixed' ? this.#user(identity.username.toLowerCase()) : undefined)
    );
  }

  /**
   * The user of an account, as the provider's mapping method says; `mixedCreates` tells whether
   * `mixed` makes users, as it does in 3.0 for OAuth and not for LDAP. Throws Unauthorized where
   * there is none: nobody is merged by e-mail.
   */
  async resolve(
    open: OpenProvider,
    identity: ProviderIdentity,
    mixedCreates: boolean,
  ): Promise<User> {
    const { name: provider, mappingMethod } = open;
    const user = this.linked(provider, identity);
    if (user?.metadata.name === LOCAL_ADMIN) {
      throw unauthorized('identity mapping not match');
    }
    if (user) {
      return this.#pinned(user, provider, identity);
    }
    if (this.#dependencies.links.names(provider, identity.uid).length > 1) {
      throw unauthorized('identity mapping not match');
    }

    const existing = this.#user(identity.username.toLowerCase());
    if (mappingMethod === 'mixed' && existing && existing.metadata.name !== LOCAL_ADMIN) {
      return existing;
    }
    if (mappingMethod === 'lookup' || (mappingMethod === 'mixed' && !mixedCreates)) {
      throw unauthorized('identity mapping not match');
    }

    return this.#create(provider, identity);
  }

  /**
   * Links a user for good to the account by which he came in: later ones of the same name are
   * others.
   */
  async #pinned(
    user: User,
    provider: string,
    identity: ProviderIdentity,
    attempt = 1,
  ): Promise<User> {
    const { client } = this.#dependencies;
    const { labels, annotations } = linkTo(provider, identity.uid);
    const name = user.metadata.name!;
    const before = user.metadata.labels?.[ORIGIN_UID_KEY];
    if (before === labels[ORIGIN_UID_KEY]) {
      return user;
    }

    const metadata = { labels, annotations, resourceVersion: user.metadata.resourceVersion };

    try {
      return await client.patch<User>({ resource: USERS, name }, 'merge', { metadata });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || attempt === ATTEMPTS) {
        throw error;
      }
    }

    // Something else of him was written meanwhile, such as the time of another log-in.
    const fresh = await client.get<User>({ resource: USERS, name });
    const now = fresh.metadata.labels?.[ORIGIN_UID_KEY];
    if (now !== before && now !== labels[ORIGIN_UID_KEY]) {
      throw isBound(name);
    }

    return this.#pinned(fresh, provider, identity, attempt + 1);
  }

  async #create(provider: string, identity: ProviderIdentity): Promise<User> {
    const { client, isEmailTaken, claimName } = this.#dependencies;
    const name = userName(identity.username);
    if (name === '') {
      throw unauthorized('the identity provider tells no name that a user can have');
    }
    if (this.#user(name)) {
      throw isBound(name);
    }

    await claimName(name).catch((error) => {
      // Such as a user of Kubernetes itself: who chooses his name at a provider must not choose his
      // rights by it.
      throw error instanceof StatusError && error.code === 403
        ? unauthorized(`the name ${name} is not free`)
        : error;
    });

    const { labels, annotations } = linkTo(provider, identity.uid);
    const { email, displayName } = identity;
    let created: User;

    try {
      created = await client.create<User>(USERS, {
        apiVersion: 'iam.kubesphere.io/v1alpha2',
        kind: 'User',
        metadata: { name, labels, annotations: { ...annotations, [PASSWORD_ENCRYPTED]: 'true' } },
        spec: {
          // An address that somebody has already would take his log-in by e-mail; the field itself
          // must be there.
          email: isEmail(email) && !isEmailTaken(email) ? email : '',
          ...(displayName && { displayName: displayName.slice(0, 256) }),
        },
        status: { state: 'Active', lastTransitionTime: timestamp() },
      });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') {
        throw error;
      }

      // Two first log-ins at once: the other one has made him.
      const other = await client.get<User>({ resource: USERS, name });
      if (
        other.metadata.labels?.[ORIGIN_UID_KEY] !== labels[ORIGIN_UID_KEY] ||
        providerOf(other) !== provider
      ) {
        throw isBound(name);
      }

      created = other;
    }

    return this.#arrived(created);
  }

  /** Waits until the new user's tokens are good here. */
  async #arrived(user: User): Promise<User> {
    if (await hasArrived(this.#dependencies.users, user)) {
      return user;
    }
    throw serviceUnavailable('the new user has not arrived yet, try again');
  }
}
