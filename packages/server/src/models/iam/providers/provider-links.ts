import { createHash } from 'node:crypto';
import { ORIGIN_UID_KEY, PROVIDER_KEY } from '@ks-apiserver/api/labels';
import type { User } from '@ks-apiserver/api/user';
import type { KubeObject, ObjectMeta } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';

/**
 * The provider that a user is linked to; 3.0 wrote an annotation for OAuth and a label for LDAP.
 */
export function providerOf({ metadata }: KubeObject): string | undefined {
  return metadata.labels?.[PROVIDER_KEY] || metadata.annotations?.[PROVIDER_KEY] || undefined;
}

/**
 * The label value by which 3.1 and later name an account: itself where it is a label value, else a
 * hash of it.
 */
export function originLabel(uid: string): string {
  if (/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(uid) && !uid.startsWith('sha256-')) {
    return uid;
  }
  return `sha256-${createHash('sha256').update(uid).digest('hex').slice(0, 56)}`;
}

/** Labels and annotations of a user who is linked to an account. */
export function linkTo(provider: string, uid: string) {
  const label = originLabel(uid);
  return {
    labels: { [PROVIDER_KEY]: provider, [ORIGIN_UID_KEY]: label },
    annotations: label === uid ? {} : { [ORIGIN_UID_KEY]: uid },
  };
}

/** What links a user, in one text: equal texts mean the same link. */
export function linkOf(user: KubeObject | undefined): string {
  const of = (values: Record<string, string> | undefined) => [
    values?.[PROVIDER_KEY] ?? '',
    values?.[ORIGIN_UID_KEY] ?? '',
  ];

  return JSON.stringify([...of(user?.metadata.labels), ...of(user?.metadata.annotations)]);
}

/** Metadata that leaves a user linked as he is where it says nothing else. */
export function keepingLink(stored: ObjectMeta, given: ObjectMeta): ObjectMeta {
  const kept = (before: Record<string, string> = {}, after: Record<string, string> = {}) => {
    const old = [PROVIDER_KEY, ORIGIN_UID_KEY].filter((key) => before[key] !== undefined);
    return { ...Object.fromEntries(old.map((key) => [key, before[key]!])), ...after };
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

    for (const { object } of users.store.values()) {
      this.#add(object as User);
    }

    users.store.onChange(({ type, entry, previous }) => {
      if (previous) {
        this.#remove(previous.object as User);
      }

      if (type === 'DELETED') {
        this.#remove(entry.object as User);
      } else {
        this.#add(entry.object as User);
      }
    });
  }

  #add(user: User): void {
    const key = keyOf(user);
    if (key === undefined) {
      return;
    }

    const names = this.#names.get(key) ?? new Set();
    this.#names.set(key, names.add(user.metadata.name!));
  }

  #remove(user: User): void {
    const key = keyOf(user);
    if (key === undefined) {
      return;
    }

    const names = this.#names.get(key);
    names?.delete(user.metadata.name!);

    if (names?.size === 0) {
      this.#names.delete(key);
    }
  }

  /**
   * Names of the users that are linked to an account: more than one only where somebody wrote so
   * behind this server.
   */
  names(provider: string, uid: string): readonly string[] {
    return [...(this.#names.get(`${provider}/${originLabel(uid)}`) ?? [])];
  }

  /** The one user of an account. */
  find(provider: string, uid: string): User | undefined {
    const names = this.names(provider, uid);
    return names.length === 1
      ? (this.#users.store.get(names[0]!)?.object as User | undefined)
      : undefined;
  }

  /** Another user who is linked to the same account as this one. */
  rivalOf(user: KubeObject): string | undefined {
    const key = keyOf(user);
    return key && [...(this.#names.get(key) ?? [])].find((name) => name !== user.metadata.name);
  }
}
