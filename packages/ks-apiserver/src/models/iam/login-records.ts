import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { LoginSource } from './login.ts';
import { LOGIN_RECORDS, USER_REF_LABEL, USERS } from './types.ts';

/** Records waiting to be written; more than this in a storm are only counted, not kept. */
const MAX_WAITING = 1000;
const USER_AGENT_LIMIT = 512;

/** Keeps who logged in when from where, and counts failures at once, before any record is stored. */
export class LoginRecords {
  readonly #client: KubeClient;
  readonly #onError: (error: unknown) => void;
  readonly #windowMs: number;
  /** Times of failures by user, oldest first. */
  readonly #failures = new Map<string, number[]>();
  #waiting = 0;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(client: KubeClient, windowMs: number, onError: (error: unknown) => void) {
    this.#client = client;
    this.#windowMs = windowMs;
    this.#onError = onError;
  }

  /** Failures of a user after a time (milliseconds since 1970), oldest first. */
  failuresSince(user: string, since: number): readonly number[] {
    return (this.#failures.get(user) ?? []).filter((time) => time > since);
  }

  /** Takes a stored record of another replica, or of before a restart, into the count. */
  count(record: KubeObject): void {
    const spec = record.spec as { success?: boolean } | undefined;
    const user = record.metadata.labels?.[USER_REF_LABEL];
    const time = Date.parse(record.metadata.creationTimestamp ?? '');
    if (user && spec?.success === false && time > Date.now() - this.#windowMs) this.#push(user, time);
  }

  #push(user: string, time: number): void {
    const recent = (this.#failures.get(user) ?? []).filter((earlier) => earlier > Date.now() - this.#windowMs);
    recent.push(time);
    recent.sort((a, b) => a - b);
    this.#failures.set(user, recent.slice(-1000));
  }

  /** Counts a try at once and stores its record soon after, so that answers take as long with and without one. */
  add(user: string, source: LoginSource, success: boolean, reason: string): void {
    if (!success) this.#push(user, Date.now());
    if (this.#waiting >= MAX_WAITING) return;
    this.#waiting += 1;
    this.#writes = this.#writes
      .then(() => this.#write(user, source, success, reason))
      .catch(this.#onError)
      .finally(() => (this.#waiting -= 1));
  }

  async #write(user: string, source: LoginSource, success: boolean, reason: string): Promise<void> {
    const userAgent = source.userAgent.slice(0, USER_AGENT_LIMIT);
    await this.#client.create(LOGIN_RECORDS, {
      apiVersion: 'iam.kubesphere.io/v1alpha2',
      kind: 'LoginRecord',
      metadata: { generateName: `${user}-`, labels: { [USER_REF_LABEL]: user } },
      spec: {
        type: source.type,
        provider: '',
        sourceIP: source.sourceIP,
        ...(userAgent && { userAgent }),
        success,
        reason,
      },
    });
    if (success) {
      const lastLoginTime = timestamp();
      await this.#client.patch({ resource: USERS, name: user }, 'merge', { status: { lastLoginTime } });
    }
  }

  /** Resolves when what has been added is stored. */
  async flush(): Promise<void> {
    await this.#writes;
  }
}
