import { createHmac, randomBytes } from 'node:crypto';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { LOGIN_RECORDS, USERS } from '@ks-apiserver/api/resources';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';
import { FailureCounter } from './failure-counter.ts';
import type { LoginSource } from './login-source.ts';

/** Records that may wait to be written; beyond that, failures are counted but not recorded. */
const MAX_WAITING = 1000;
const USER_AGENT_LIMIT = 512;

/** Characters of the suffixes that Kubernetes generates. */
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Makes a name as `generateName` does, but before the record is stored, so that all replicas count
 * it once.
 */
function recordName(user: string, random: Uint8Array): string {
  const suffix = [...random.subarray(0, 10)].map((byte) => SUFFIX[byte % SUFFIX.length]).join('');
  return `${user.slice(0, 240)}-${suffix}`;
}

/** An attempt to log in. */
export interface LoginAttempt {
  user: string;
  source: LoginSource;
  success: boolean;
  reason: string;
  /** The password that was tried, if it is wrong. */
  password?: string | undefined;
}

/** Returns the key that counts failures of an unknown name; no user's name has a question mark. */
function unknownKey(name: string): string {
  return `?${name.slice(0, 256).toLowerCase()}`;
}

export interface LoginRecordsOptions {
  client: KubeClient;
  /** How long a failure counts. */
  windowMs: number;
  /** Returns the address to count by for that of a record. */
  clientOf: (sourceIP: string) => string;
  /** Is told of each attempt. */
  onAttempt?: (attempt: LoginAttempt) => void;
  onError: (error: unknown) => void;
}

/** Records log-ins, and counts failures at once, before their records are stored. */
export class LoginRecords {
  readonly #client: KubeClient;
  readonly #onAttempt: ((attempt: LoginAttempt) => void) | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #byUser: FailureCounter;
  readonly #bySource: FailureCounter;
  readonly #clientOf: (sourceIP: string) => string;
  readonly #windowMs: number;
  /** Keeps the names of records from revealing which password was tried. */
  readonly #key = randomBytes(32);
  #waiting = 0;
  #writes: Promise<unknown> = Promise.resolve();

  constructor({ client, windowMs, clientOf, onAttempt, onError }: LoginRecordsOptions) {
    this.#client = client;
    this.#windowMs = windowMs;
    this.#byUser = new FailureCounter(windowMs);
    this.#bySource = new FailureCounter(windowMs);
    this.#clientOf = clientOf;
    this.#onAttempt = onAttempt;
    this.#onError = onError;
  }

  /**
   * Returns the times of a user's failures after a time (milliseconds since 1970), oldest first.
   */
  failuresSince(user: string, since: number): readonly number[] {
    return this.#byUser.since(user, since);
  }

  /**
   * Returns the times of an address's failures that still count, oldest first, including those with
   * unknown names.
   */
  failuresFrom(sourceIP: string): readonly number[] {
    return this.#bySource.since(this.#clientOf(sourceIP), 0);
  }

  /**
   * Counts a stored record of another replica, or from before a restart; ignores one that is
   * counted already.
   */
  count({ name, created, labels, fields }: Entry): void {
    const user = labels[USER_REF_LABEL];
    if (user && fields.success === false) {
      this.#countFailure(name, created, user, String(fields.sourceIP ?? ''));
    }
  }

  #countFailure(id: string, time: number, user: string, sourceIP: string): void {
    this.#byUser.add(user, id, time);
    if (sourceIP) {
      this.#bySource.add(this.#clientOf(sourceIP), id, time);
    }
  }

  /** Returns the times of failures with a name that no user has. */
  failuresOfUnknown(name: string): readonly number[] {
    return this.#byUser.since(unknownKey(name), 0);
  }

  /**
   * Counts a failure with a name that no user has. Such names are locked like others, so that
   * nobody learns which users exist.
   */
  countUnknown(name: string, source: LoginSource, password: string): void {
    this.#countFailure(
      this.#nameOf(name, source, password),
      Date.now(),
      unknownKey(name),
      source.sourceIP,
    );
  }

  /**
   * Returns the name of an attempt's record. Clients send Basic credentials with each call: the
   * same wrong ones are the same attempt, so that a script with an old password fails once and not
   * with every call.
   */
  #nameOf(user: string, { type }: LoginSource, password: string | undefined): string {
    if (type !== 'Basic' || password === undefined) {
      return recordName(user, randomBytes(10));
    }

    const window = Math.floor(Date.now() / this.#windowMs);
    const digest = createHmac('sha256', this.#key)
      .update(JSON.stringify([user, password, window]))
      .digest();

    return recordName(user, digest);
  }

  /**
   * Counts an attempt at once and stores its record soon after, so that answers take as long with
   * and without a record.
   */
  add(attempt: LoginAttempt): void {
    const { user, source, success, reason, password } = attempt;
    const name = this.#nameOf(user, source, password);

    if (!success) {
      this.#countFailure(name, Date.now(), user, source.sourceIP);
    }

    this.#onAttempt?.(attempt);

    if (this.#waiting >= MAX_WAITING) {
      return;
    }

    this.#waiting += 1;

    this.#writes = this.#writes
      .then(() => this.#write(name, { user, source, success, reason }))
      .catch(this.#onError)
      .finally(() => (this.#waiting -= 1));
  }

  async #write(name: string, { user, source, success, reason }: LoginAttempt): Promise<void> {
    const userAgent = source.userAgent.slice(0, USER_AGENT_LIMIT);

    const record = {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'LoginRecord',
      metadata: { name, generateName: `${user}-`, labels: { [USER_REF_LABEL]: user } },
      spec: {
        type: source.type,
        provider: source.provider ?? '',
        sourceIP: source.sourceIP,
        ...(userAgent && { userAgent }),
        success,
        reason,
      },
    };

    await ensureCreated(this.#client, LOGIN_RECORDS, record);

    if (success) {
      const lastLoginTime = timestamp();
      await this.#client.patch({ resource: USERS, name: user }, 'merge', {
        status: { lastLoginTime },
      });
    }
  }

  /** Resolves when all records that were added are stored. */
  async flush(): Promise<void> {
    await this.#writes;
  }
}
