import { createHmac, randomBytes } from 'node:crypto';
import { USER_REF_LABEL } from '@ks-apiserver/api/labels';
import { LOGIN_RECORDS, USERS } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { FailureCounter } from './failure-counter.ts';
import type { LoginSource } from './login-source.ts';

/** Records waiting to be written; more than this in a storm are only counted, not kept. */
const MAX_WAITING = 1000;
const USER_AGENT_LIMIT = 512;

/** The characters by which Kubernetes ends generated names. */
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A name as `generateName` would make it: known before the record is stored, so that it is counted
 * once on all replicas.
 */
function recordName(user: string, random: Uint8Array): string {
  const suffix = [...random.subarray(0, 10)].map((byte) => SUFFIX[byte % SUFFIX.length]).join('');
  return `${user.slice(0, 240)}-${suffix}`;
}

/** No user's name starts with a question mark. */
function unknownKey(name: string): string {
  return `?${name.slice(0, 256).toLowerCase()}`;
}

/**
 * Keeps who logged in when from where, and counts failures at once, before any record is stored.
 */
export class LoginRecords {
  readonly #client: KubeClient;
  readonly #onError: (error: unknown) => void;
  readonly #byUser: FailureCounter;
  readonly #bySource: FailureCounter;
  readonly #clientOf: (sourceIP: string) => string;
  readonly #windowMs: number;
  /** Nobody can tell from the name of a record which password was tried. */
  readonly #key = randomBytes(32);
  #waiting = 0;
  #writes: Promise<unknown> = Promise.resolve();

  /**
   * `windowMs` is how long a failure counts; `clientOf` tells the address to count by from that in
   * a record.
   */
  constructor(
    client: KubeClient,
    windowMs: number,
    clientOf: (sourceIP: string) => string,
    onError: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#windowMs = windowMs;
    this.#byUser = new FailureCounter(windowMs);
    this.#bySource = new FailureCounter(windowMs);
    this.#clientOf = clientOf;
    this.#onError = onError;
  }

  /** Times of a user's failures after a time (milliseconds since 1970), oldest first. */
  failuresSince(user: string, since: number): readonly number[] {
    return this.#byUser.since(user, since);
  }

  /**
   * Times of the failures from an address that still count, oldest first: also those with names
   * that no user has.
   */
  failuresFrom(sourceIP: string): readonly number[] {
    return this.#bySource.since(this.#clientOf(sourceIP), 0);
  }

  /**
   * Takes a stored record of another replica, or of before a restart, into the count; one that is
   * counted already changes nothing.
   */
  count({ name, created, labels, fields }: Entry): void {
    const user = labels[USER_REF_LABEL];
    if (user && fields.success === false) {
      this.#failed(name, created, user, String(fields.sourceIP ?? ''));
    }
  }

  #failed(id: string, time: number, user: string, sourceIP: string): void {
    this.#byUser.add(user, id, time);
    if (sourceIP) {
      this.#bySource.add(this.#clientOf(sourceIP), id, time);
    }
  }

  /** Times of the failures with a name that no user has. */
  failuresOfUnknown(name: string): readonly number[] {
    return this.#byUser.since(unknownKey(name), 0);
  }

  /**
   * Counts a failure with a name that no user has: it is locked like any other, so that nobody
   * learns which ones there are.
   */
  countUnknown(name: string, source: LoginSource, password: string): void {
    this.#failed(
      this.#nameOf(name, source, password),
      Date.now(),
      unknownKey(name),
      source.sourceIP,
    );
  }

  /**
   * The name of a try's record. Clients send Basic credentials with each call: the same wrong ones
   * again are the same try, so that a script with an old password guesses once, and not as often as
   * it calls.
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
   * Counts a try at once and stores its record soon after, so that answers take as long with and
   * without one. `password` is the wrong one.
   */
  add(
    user: string,
    source: LoginSource,
    success: boolean,
    reason: string,
    password?: string,
  ): void {
    const name = this.#nameOf(user, source, password);

    if (!success) {
      this.#failed(name, Date.now(), user, source.sourceIP);
    }
    if (this.#waiting >= MAX_WAITING) {
      return;
    }

    this.#waiting += 1;

    this.#writes = this.#writes
      .then(() => this.#write(name, user, source, success, reason))
      .catch(this.#onError)
      .finally(() => (this.#waiting -= 1));
  }

  async #write(
    name: string,
    user: string,
    source: LoginSource,
    success: boolean,
    reason: string,
  ): Promise<void> {
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

    await this.#client.create(LOGIN_RECORDS, record).catch((error) => {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
        throw error;
      }
    });

    if (success) {
      const lastLoginTime = timestamp();
      await this.#client.patch({ resource: USERS, name: user }, 'merge', {
        status: { lastLoginTime },
      });
    }
  }

  /** Resolves when what has been added is stored. */
  async flush(): Promise<void> {
    await this.#writes;
  }
}
