import { StatusError, tooManyRequests, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Identity } from '../session/identity.ts';
import type { LoginRecords } from './login-records.ts';
import { checkPassword } from './passwords.ts';
import { USERS, type User } from './types.ts';

/** Where a log-in comes from and by which door. */
export interface LoginSource {
  type: 'Token' | 'Basic' | 'OAuth';
  sourceIP: string;
  userAgent: string;
  /** Whether a success is worth a record too. */
  recordSuccess: boolean;
}

/** After how many failures in which time (milliseconds) an account is locked for that time. */
export interface LockOut {
  maxTries: number;
  durationMs: number;
}

const LOCKED = 'Unauthorized: auth rate limit exceeded';

/** The one place where passwords are checked: for forms, Basic and the legacy log-in. */
export class Login {
  readonly #client: KubeClient;
  readonly #users: Informer;
  readonly #records: LoginRecords;
  readonly #lockOut: LockOut;
  readonly #byEmail = new Map<string, string>();

  constructor(client: KubeClient, users: Informer, records: LoginRecords, lockOut: LockOut) {
    this.#client = client;
    this.#users = users;
    this.#records = records;
    this.#lockOut = lockOut;
    const emailOf = (object: unknown) => ((object as User).spec?.email ?? '').toLowerCase();
    for (const entry of users.store.values()) this.#byEmail.set(emailOf(entry.object), entry.name);
    users.store.onChange(({ type, entry, previous }) => {
      const before = previous && emailOf(previous.object);
      if (before && this.#byEmail.get(before) === entry.name) this.#byEmail.delete(before);
      if (type !== 'DELETED' && emailOf(entry.object)) this.#byEmail.set(emailOf(entry.object), entry.name);
    });
  }

  /** The user of a name or of an e-mail address. */
  find(nameOrEmail: string): User | undefined {
    const name = nameOrEmail.includes('@') ? this.#byEmail.get(nameOrEmail.toLowerCase()) : nameOrEmail;
    return name === undefined ? undefined : (this.#users.store.get(name)?.object as User | undefined);
  }

  /** Milliseconds until an account may be tried again; 0 when it may be tried now. */
  #lockedFor(user: User): number {
    const name = user.metadata.name!;
    const { maxTries, durationMs } = this.#lockOut;
    const now = Date.now();
    const since = Date.parse(user.status?.lastTransitionTime ?? '') || 0;
    if (user.status?.state === 'AuthLimitExceeded') return Math.max(0, since + durationMs - now);
    // Failures before the account became active again are forgiven; times in objects are whole seconds.
    const failures = this.#records.failuresSince(name, Math.max(now - durationMs, since));
    return failures.length >= maxTries ? Math.max(1000, failures[failures.length - maxTries]! + durationMs - now) : 0;
  }

  /**
   * Checks a password; answers the user. Throws Unauthorized for a wrong name or password alike, TooManyRequests for a
   * locked account, and Forbidden for one that is not active, told only to who knows its password.
   */
  async password(nameOrEmail: string, password: string, source: LoginSource): Promise<Identity> {
    const user = this.find(nameOrEmail);
    const locked = user ? this.#lockedFor(user) : 0;
    if (locked > 0) throw tooManyRequests(LOCKED, Math.ceil(locked / 1000));
    const correct = await checkPassword(password, user?.spec?.password);
    if (!user || !correct) {
      if (user) await this.#failed(user, source);
      throw unauthorized('incorrect password');
    }
    const name = user.metadata.name!;
    const state = user.status?.state;
    if (state !== 'Active' && state !== 'AuthLimitExceeded') {
      this.#records.add(name, source, false, 'account is not active');
      throw new StatusError(403, 'Forbidden', 'account is not active');
    }
    if (state === 'AuthLimitExceeded') await this.#setState(name, 'Active', '');
    if (source.recordSuccess) this.#records.add(name, source, true, 'authenticated successfully');
    return { name, uid: user.metadata.uid ?? '' };
  }

  async #failed(user: User, source: LoginSource): Promise<void> {
    const name = user.metadata.name!;
    this.#records.add(name, source, false, 'incorrect password');
    if (user.status?.state === 'Active' && this.#lockedFor(user) > 0) {
      const { maxTries, durationMs } = this.#lockOut;
      await this.#setState(
        name,
        'AuthLimitExceeded',
        `Failed login attempts exceed ${maxTries} in last ${Math.round(durationMs / 60_000)}m0s`,
      );
    }
  }

  /** Changes the state with the time of the change; the rest of the status stays. */
  async #setState(name: string, state: 'Active' | 'AuthLimitExceeded', reason: string): Promise<void> {
    const status = {
      state,
      reason: reason || null,
      lastTransitionTime: timestamp(),
    };
    await this.#client.patch({ resource: USERS, name }, 'merge', { status });
  }
}
