import { PASSWORD_ENCRYPTED } from '@ks-apiserver/api/annotations';
import { ORIGIN_UID_KEY } from '@ks-apiserver/api/labels';
import { USERS } from '@ks-apiserver/api/resources';
import { findUser, type User } from '@ks-apiserver/api/user';
import {
  StatusError,
  serviceUnavailable,
  unauthorized,
} from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { OpenProvider, ProviderIdentity } from '../../identity-providers/provider.ts';
import { linkTo, type ProviderLinks, providerOf } from '../users/provider-links.ts';
import { waitForUser } from '../users/wait-for-user.ts';

/** The user who always logs in with the local password. */
export const LOCAL_ADMIN = 'admin';

/** Longest name: it is also a label value. */
const MAX_NAME = 63;
const ATTEMPTS = 5;

function boundElsewhere(name: string): StatusError {
  return unauthorized(`user ${name} is already bound to other identify provider`);
}

export interface AccountDependencies {
  client: KubeClient;
  users: Informer;
  links: ProviderLinks;
  /** Whether another user has an e-mail address already. */
  isEmailTaken: (email: string) => boolean;
  /**
   * Removes what a former user of a name had; throws Forbidden if something else gives rights to
   * the name.
   */
  claimName: (name: string) => Promise<void>;
}

/**
 * Makes a user name of a provider's name for a person (RFC 1123): `Jané Doe` becomes `jane-doe`; ''
 * if nothing is left.
 */
export function userName(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

  const labels = plain
    .replace(/[^a-z0-9.]+/g, '-')
    .split('.')
    .map((part) => part.replace(/^-+|-+$/g, ''));

  return labels
    .filter((part) => part !== '')
    .join('.')
    .slice(0, MAX_NAME)
    .replace(/[-.]+$/, '');
}

function isEmail(text: string | undefined): text is string {
  return text !== undefined && text.length <= 254 && /^[^\s@<>"]+@[^\s@<>"]+$/.test(text);
}

/** Finds, links and creates the users of identity providers. */
export class ProviderAccounts {
  readonly #dependencies: AccountDependencies;

  constructor(dependencies: AccountDependencies) {
    this.#dependencies = dependencies;
  }

  #user(name: string): User | undefined {
    return findUser(this.#dependencies.users, name);
  }

  /**
   * Returns the user that is linked to an account, also by the marks of 3.0, which identified
   * accounts only by the user's name.
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

  /** Returns the user whom an account would log in now, without creating or changing any. */
  owner({ name, mappingMethod }: OpenProvider, identity: ProviderIdentity): User | undefined {
    return (
      this.linked(name, identity) ??
      (mappingMethod === 'mixed' ? this.#user(identity.username.toLowerCase()) : undefined)
    );
  }

  /**
   * Returns the user of an account, by the provider's mapping method; `mixedCreates` says whether
   * `mixed` creates users, as it does in 3.0 for OAuth and not for LDAP. Throws Unauthorized if
   * there is none: accounts are never matched by e-mail.
   */
  async resolve(
    open: OpenProvider,
    identity: ProviderIdentity,
    { mixedCreates }: { mixedCreates: boolean },
  ): Promise<User> {
    const { name: provider, mappingMethod } = open;
    const user = this.linked(provider, identity);
    if (user?.metadata.name === LOCAL_ADMIN) {
      throw unauthorized('identity mapping not match');
    }
    if (user) {
      return this.#link(user, provider, identity);
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
   * Links a user permanently to the account by which they logged in, so that later accounts with
   * the same name are other people.
   */
  async #link(
    user: User,
    provider: string,
    identity: ProviderIdentity,
    attempt = 1,
  ): Promise<User> {
    const { client } = this.#dependencies;
    const { labels, annotations } = linkTo(provider, identity.uid);
    const { name = '' } = user.metadata;
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

    // The user was changed meanwhile, for example by the time of another log-in.
    const fresh = await client.get<User>({ resource: USERS, name });
    const now = fresh.metadata.labels?.[ORIGIN_UID_KEY];
    if (now !== before && now !== labels[ORIGIN_UID_KEY]) {
      throw boundElsewhere(name);
    }

    return this.#link(fresh, provider, identity, attempt + 1);
  }

  async #create(provider: string, identity: ProviderIdentity): Promise<User> {
    const { client, isEmailTaken, claimName } = this.#dependencies;
    const name = userName(identity.username);
    if (name === '') {
      throw unauthorized('the identity provider returned no valid user name');
    }
    if (this.#user(name)) {
      throw boundElsewhere(name);
    }

    await claimName(name).catch((error) => {
      // The name may belong to a user of Kubernetes itself: a name chosen at a provider must not
      // give its rights.
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
          // Another user's address would take over their log-in by e-mail; the field itself is
          // required.
          email: isEmail(email) && !isEmailTaken(email) ? email : '',
          ...(displayName && { displayName: displayName.slice(0, 256) }),
        },
        status: { state: 'Active', lastTransitionTime: timestamp() },
      });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') {
        throw error;
      }

      // Another first log-in at the same time has created the user.
      const other = await client.get<User>({ resource: USERS, name });
      if (
        other.metadata.labels?.[ORIGIN_UID_KEY] !== labels[ORIGIN_UID_KEY] ||
        providerOf(other) !== provider
      ) {
        throw boundElsewhere(name);
      }

      created = other;
    }

    return this.#waitForCopy(created);
  }

  /** Waits until the new user's tokens are accepted here. */
  async #waitForCopy(user: User): Promise<User> {
    if (await waitForUser(this.#dependencies.users, user)) {
      return user;
    }
    throw serviceUnavailable('the new user is not ready yet, try again');
  }
}
