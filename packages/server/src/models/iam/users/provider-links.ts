import { createHash } from 'node:crypto';
import { ORIGIN_UID_KEY, PROVIDER_KEY } from '@ks-apiserver/api/labels';
import { findUser, type User } from '@ks-apiserver/api/user';
import type { KubeObject, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/**
 * Returns the provider that a user is linked to; 3.0 wrote an annotation for OAuth and a label for
 * LDAP.
 */
export function providerOf({ metadata }: KubeObject): string | undefined {
  return metadata.labels?.[PROVIDER_KEY] || metadata.annotations?.[PROVIDER_KEY] || undefined;
}

/**
 * Returns the label value by which 3.1 and later name an account: its uid if that is a label value,
 * else a hash of it.
 */
export function originLabel(uid: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(uid) && !uid.startsWith('sha256-')) {
    return uid;
  }
  return `sha256-${createHash('sha256').update(uid).digest('hex').slice(0, 56)}`;
}

/** Returns the labels and annotations of a user who is linked to an account. */
export function linkTo(provider: string, uid: string) {
  const label = originLabel(uid);
  return {
    labels: { [PROVIDER_KEY]: provider, [ORIGIN_UID_KEY]: label },
    annotations: label === uid ? {} : { [ORIGIN_UID_KEY]: uid },
  };
}

/** Returns a user's link as one text: equal texts mean the same link. */
export function linkOf(user: KubeObject | undefined): string {
  const of = (values: Record<string, string> | undefined) => [
    values?.[PROVIDER_KEY] ?? '',
    values?.[ORIGIN_UID_KEY] ?? '',
  ];

  return JSON.stringify([...of(user?.metadata.labels), ...of(user?.metadata.annotations)]);
}

/** Returns metadata that keeps a user's link unless it sets another one. */
export function keepLink(stored: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const kept = (before: Record<string, string> = {}, after: Record<string, string> = {}) => {
    const { [PROVIDER_KEY]: provider, [ORIGIN_UID_KEY]: uid } = before;

    return {
      ...(provider !== undefined && { [PROVIDER_KEY]: provider }),
      ...(uid !== undefined && { [ORIGIN_UID_KEY]: uid }),
      ...after,
    };
  };

  return {
    ...given,
    labels: kept(stored.labels, given.labels),
    annotations: kept(stored.annotations, given.annotations),
  };
}

function keyOf({ metadata }: KubeObject): string | undefined {
  const { [PROVIDER_KEY]: provider, [ORIGIN_UID_KEY]: uid } = metadata.labels ?? {};
  return provider && uid ? `${provider}/${uid}` : undefined;
}

/** Users by the account of an identity provider that they are linked to. */
export class ProviderLinks {
  readonly #users: Informer;
  readonly #names = new Map<string, Set<string>>();

  constructor(users: Informer) {
    this.#users = users;

    for (const entry of users.store.values()) {
      this.#add(entry);
    }

    users.store.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#remove(previous);
      }

      if (type === 'DELETED') {
        this.#remove(entry);
      } else {
        this.#add(entry);
      }
    });
  }

  #add({ name, object }: Entry): void {
    const key = object && keyOf(object);
    if (key === undefined) {
      return;
    }

    const names = this.#names.get(key) ?? new Set();
    this.#names.set(key, names.add(name));
  }

  #remove({ name, object }: Entry): void {
    const key = object && keyOf(object);
    if (key === undefined) {
      return;
    }

    const names = this.#names.get(key);
    names?.delete(name);

    if (names?.size === 0) {
      this.#names.delete(key);
    }
  }

  /**
   * Returns the names of the users that are linked to an account; several only if they were not
   * written through this server.
   */
  names(provider: string, uid: string): readonly string[] {
    return [...(this.#names.get(`${provider}/${originLabel(uid)}`) ?? [])];
  }

  /** Returns the user of an account; undefined if there are several. */
  find(provider: string, uid: string): User | undefined {
    const [name, ...others] = this.names(provider, uid);
    return name !== undefined && others.length === 0 ? findUser(this.#users, name) : undefined;
  }

  /** Returns another user who is linked to the same account. */
  rivalOf(user: KubeObject): string | undefined {
    const key = keyOf(user);
    return key && [...(this.#names.get(key) ?? [])].find((name) => name !== user.metadata.name);
  }
}
