import { USERS } from '@ks-apiserver/api/resources';
import { findUser, type User } from '@ks-apiserver/api/user';
import { StatusError, tooManyRequests, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import { byCreation, type Entry } from '@ks-apiserver/client/informer/entry';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { Totp } from '../../credentials/totp.ts';
import type { Identity } from '../../session/identity.ts';
import { checkPassword } from '../passwords/passwords.ts';
import { RecentPasswords } from '../passwords/recent-passwords.ts';
import type { Attempt, ProvidedUser, ProviderPasswords } from '../providers/provider-passwords.ts';
import type { LoginRecords } from './login-records.ts';
import type { LoginSource } from './login-source.ts';

/** How many failures within which time (milliseconds) lock an account for that time. */
export interface LockOut {
  maxTries: number;
  /** Failures from one address, with whatever names; 0 for no limit. */
  maxTriesPerSource: number;
  durationMs: number;
}

const LOCKED = 'Unauthorized: auth rate limit exceeded';

/**
 * Returns the milliseconds until fewer than `most` of these failures (oldest first) are in the
 * window; 0 if they are fewer now.
 */
function waitFor(failures: readonly number[], most: number, windowMs: number): number {
  const [oldestThatCounts] = failures.slice(-most);
  if (failures.length < most || oldestThatCounts === undefined) {
    return 0;
  }

  return Math.max(1000, oldestThatCounts + windowMs - Date.now());
}

export interface LoginDependencies {
  client: KubeClient;
  users: Informer;
  records: LoginRecords;
  totp: Totp;
  providers: ProviderPasswords;
}

/** What somebody who logs in types. */
export interface TypedCredentials {
  nameOrEmail: string;
  password: string;
  /** One-time password, for users with a second factor. */
  otp?: string;
  /** The only identity provider to ask; default those that are responsible for the user. */
  provider?: string;
}

/** Checks passwords: for forms, Basic and the legacy log-in. */
export class Login {
  readonly #client: KubeClient;
  readonly #users: Informer;
  readonly #records: LoginRecords;
  readonly #lockOut: LockOut;
  readonly #totp: Totp;
  readonly #providers: ProviderPasswords;
  /** For Basic credentials alone: they are sent with every call. */
  readonly #recent = new RecentPasswords();
  readonly #byEmail = new Map<string, string>();

  constructor({ client, users, records, totp, providers }: LoginDependencies, lockOut: LockOut) {
    this.#client = client;
    this.#users = users;
    this.#records = records;
    this.#lockOut = lockOut;
    this.#totp = totp;
    this.#providers = providers;

    const emailOf = (entry: Entry) => String(entry.object?.spec?.email ?? '').toLowerCase();

    const add = (entry: Entry) => {
      const { name } = entry;
      const email = emailOf(entry);
      // An address belongs to the user who had it first: another user who takes it must not end
      // their log-ins.
      if (email !== '' && !this.#byEmail.has(email)) {
        this.#byEmail.set(email, name);
      }
    };

    for (const entry of [...users.store.values()].sort(byCreation)) {
      add(entry);
    }

    users.store.onChange(({ type, entry, previous }) => {
      const before = previous && emailOf(previous);
      if (before && this.#byEmail.get(before) === entry.name) {
        this.#byEmail.delete(before);
      }

      if (type !== 'DELETED') {
        add(entry);
      }
    });
  }

  /** Returns the user of a name or an e-mail address. */
  find(nameOrEmail: string): User | undefined {
    const name = nameOrEmail.includes('@')
      ? this.#byEmail.get(nameOrEmail.toLowerCase())
      : nameOrEmail;

    return name === undefined ? undefined : findUser(this.#users, name);
  }

  /** Returns the milliseconds until an account may be tried again; 0 if it may be tried now. */
  #lockedFor(user: User): number {
    const { name = '' } = user.metadata;
    const { maxTries, durationMs } = this.#lockOut;
    const since = Date.parse(user.status?.lastTransitionTime ?? '') || 0;

    if (user.status?.state === 'AuthLimitExceeded') {
      return Math.max(0, since + durationMs - Date.now());
    }

    // Failures before the account became active again do not count. Times in objects are whole
    // seconds.
    return waitFor(this.#records.failuresSince(name, since), maxTries, durationMs);
  }

  /** Throws TooManyRequests while a name, or the client's address, has failed too often. */
  #checkLocks(name: string, user: User | undefined, sourceIP: string): void {
    const { maxTries, maxTriesPerSource, durationMs } = this.#lockOut;

    const source =
      maxTriesPerSource > 0
        ? waitFor(this.#records.failuresFrom(sourceIP), maxTriesPerSource, durationMs)
        : 0;

    const own = user
      ? this.#lockedFor(user)
      : waitFor(this.#records.failuresOfUnknown(name), maxTries, durationMs);
    const wait = Math.max(source, own);
    if (wait > 0) {
      throw tooManyRequests(LOCKED, Math.ceil(wait / 1000));
    }
  }

  /**
   * Returns the user that a password belongs to, as decided here or by the identity providers that
   * are responsible for the user. Throws what `attempt` throws.
   */
  async #findOwner(
    user: User | undefined,
    { nameOrEmail, password, provider }: TypedCredentials,
    type: LoginSource['type'],
    attempt: Attempt,
  ): Promise<Partial<ProvidedUser> & { user?: User }> {
    const plan = this.#providers.plan(user, nameOrEmail, provider);
    const stored = plan.local ? user?.spec?.password : undefined;
    const compared =
      type === 'Basic' ? this.#recent.check(password, stored) : checkPassword(password, stored);
    if (user && plan.local && (await compared)) {
      return { user };
    }

    // Compared even if a provider decides, so that known and unknown names take as long.
    const [, found] = await Promise.all([compared, this.#providers.ask(plan, password, attempt)]);

    return found ?? {};
  }

  /**
   * Checks a password and returns its user. Throws Unauthorized for a wrong name or password alike, TooManyRequests for a locked account or
   * address, 503 if a provider does not answer, and Forbidden for an account that is not active,
   * but only after the right password. A user with a second factor needs a one-time password too:
   * without it, Unauthorized with the reason OtpRequired.
   */
  async password(typed: TypedCredentials, source: LoginSource): Promise<Identity> {
    const { nameOrEmail, password, otp = '', provider } = typed;
    let tried = provider === undefined ? this.find(nameOrEmail) : undefined;
    this.#checkLocks(nameOrEmail, tried, source.sourceIP);

    const refused = async () => {
      if (tried) {
        await this.#recordFailure(tried, source, 'incorrect password', password);
      } else {
        this.#records.countUnknown(nameOrEmail, source, password);
      }
    };

    const found = await this.#findOwner(tried, typed, source.type, {
      tried: (owner, asked) => {
        this.#checkLocks(owner.metadata.name ?? '', owner, source.sourceIP);
        tried = owner;
        source = { ...source, provider: asked };
      },
      // Guesses count even while one of the providers is down.
      refused,
    });

    if (!found.user) {
      await refused();
      throw unauthorized('incorrect password');
    }

    const { name = '', uid = '' } = found.user.metadata;
    if (await this.#totp.enabled(name, uid)) {
      await this.#requireSecondFactor(found.user, source, otp);
    }

    return this.admit(
      found.user,
      found.provider ? { ...source, provider: found.provider } : source,
      found.groups,
    );
  }

  /**
   * Admits a user whose identity is proved, with the groups of their identity provider. Throws
   * TooManyRequests for a locked account and Forbidden for one that is not active.
   */
  async admit(user: User, source: LoginSource, groups: readonly string[] = []): Promise<Identity> {
    const { name = '', uid = '' } = user.metadata;
    const locked = this.#lockedFor(user);
    if (locked > 0) {
      throw tooManyRequests(LOCKED, Math.ceil(locked / 1000));
    }

    const state = user.status?.state;
    if (state !== 'Active' && state !== 'AuthLimitExceeded') {
      this.#records.add({ user: name, source, success: false, reason: 'account is not active' });
      throw new StatusError(403, 'Forbidden', 'account is not active');
    }

    if (state === 'AuthLimitExceeded') {
      await this.#setState(name, 'Active', '');
    }
    if (source.recordSuccess) {
      this.#records.add({
        user: name,
        source,
        success: true,
        reason: 'authenticated successfully',
      });
    }

    return { name, uid, ...(groups.length > 0 && { groups }) };
  }

  async #requireSecondFactor(user: User, source: LoginSource, otp: string): Promise<void> {
    if (otp === '') {
      const instead = source.type === 'Basic' ? ': scripts use an API token' : ': send it as otp';
      throw new StatusError(401, 'OtpRequired', `one-time password required${instead}`);
    }

    if (!(await this.confirmOtp(user, otp, source))) {
      throw unauthorized('incorrect one-time password');
    }
  }

  /**
   * Whether a one-time password of a logged-in user is right; failures count like those of a
   * log-in. Throws TooManyRequests.
   */
  async confirmOtp(user: User, otp: string, source: LoginSource): Promise<boolean> {
    const { name = '', uid = '' } = user.metadata;
    this.#checkLocks(name, user, source.sourceIP);

    if (await this.#totp.verify(name, uid, otp)) {
      return true;
    }

    await this.#recordFailure(user, source, 'incorrect one-time password');

    return false;
  }

  /**
   * Whether a password of a logged-in user is right; failures count like those of a log-in. Throws
   * TooManyRequests.
   */
  async confirm(user: User, password: string, source: LoginSource): Promise<boolean> {
    const { name = '', uid } = user.metadata;
    this.#checkLocks(name, user, source.sourceIP);

    const found = await this.#findOwner(user, { nameOrEmail: name, password }, source.type, {
      tried: () => {},
      refused: () => this.#recordFailure(user, source, 'incorrect old password'),
    });

    if (found.user?.metadata.uid === uid) {
      return true;
    }

    await this.#recordFailure(user, source, 'incorrect old password');

    return false;
  }

  async #recordFailure(
    user: User,
    source: LoginSource,
    reason: string,
    password?: string,
  ): Promise<void> {
    const { name = '' } = user.metadata;
    this.#records.add({ user: name, source, success: false, reason, password });

    if (user.status?.state === 'Active' && this.#lockedFor(user) > 0) {
      const { maxTries, durationMs } = this.#lockOut;
      await this.#setState(
        name,
        'AuthLimitExceeded',
        `Failed login attempts exceed ${maxTries} in last ${Math.round(durationMs / 60_000)}m0s`,
      );
    }
  }

  /** Changes the state and the time of its change; the rest of the status stays. */
  async #setState(
    name: string,
    state: 'Active' | 'AuthLimitExceeded',
    reason: string,
  ): Promise<void> {
    const status = {
      state,
      reason: reason || null,
      lastTransitionTime: timestamp(),
    };

    await this.#client.patch({ resource: USERS, name }, 'merge', { status });
  }
}
