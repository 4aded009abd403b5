import { SYSTEM_NAMESPACE } from '@ks-apiserver/api/namespaces';
import { SECRETS } from '@ks-apiserver/api/resources';
import { memoize } from '@ks-apiserver/apimachinery/cache/memoize';
import type { Awaitable } from '@ks-apiserver/apimachinery/concurrency/when-ready';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { decideRotation } from './rotation.ts';
import { SESSION_LABEL, secretName, secretOf, sessionOf, userLabel } from './session-secret.ts';
import type { Rotation, Session, SessionStore, TokenRef } from './sessions.ts';
import { CACHED_TOKENS, tokenHash } from './tokens.ts';
import type { WatchProbe } from './watch-probe.ts';

const SWEEP_MS = 60_000;

/** How long the API may take to return a session, in milliseconds. */
const READ_MS = 1500;

/**
 * How long a session that was stored or read here counts before the watch has reported it, in
 * milliseconds.
 */
const RECENT_MS = 1000;

/**
 * How long an ended session is remembered: by then the watch has reported it, or has been found
 * dead.
 */
const ENDED_MS = 60_000;

function failedWith(error: unknown, reason: string): boolean {
  return error instanceof StatusError && error.reason === reason;
}

/** Hashes a token that has been verified. */
const hashOf = memoize(CACHED_TOKENS, tokenHash);

/** Whether a token is valid by its session. */
function isTokenOf(session: Session | undefined, { username, token }: TokenRef): boolean {
  if (session?.username !== username) {
    return false;
  }
  if (session.accessHash === undefined) {
    return true;
  }

  const hash = hashOf(token);

  return hash === session.accessHash || hash === session.refreshHash;
}

/**
 * Sessions as Secrets of the Kubernetes API, for the embedded API and for clusters without Redis. A
 * replica answers from its watch while the watch is proven to work; otherwise it reads the session,
 * at most once a second.
 */
export class KubeSessions implements SessionStore {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  readonly #probe: WatchProbe | undefined;
  /** Sessions that the watch has reported, by id and by user. */
  readonly #sessions = new Map<string, Session>();
  readonly #byUser = new Map<string, Set<string>>();
  /** Sessions that were stored or read here a moment ago. */
  readonly #recent = new Map<string, { session: Session; until: number }>();
  /** Sessions that were ended here, with the time. */
  readonly #ended = new Map<string, number>();
  readonly #sweep: NodeJS.Timeout;

  /**
   * `probe` is not needed in the process of the embedded API, whose watches cannot die unnoticed.
   */
  constructor(client: KubeClient, informer: Informer, probe?: WatchProbe) {
    this.#client = client;
    this.#informer = informer;
    this.#probe = probe;

    for (const entry of informer.store.values()) {
      this.#remember(sessionOf(entry.object));
    }

    informer.store.onChange(({ type, entry }) => {
      if (type === 'DELETED') {
        this.#forget(entry.name.slice(secretName('').length));
      } else {
        this.#remember(sessionOf(entry.object));
      }
    });

    this.#sweep = setInterval(() => void this.#removeExpired(), SWEEP_MS);
    this.#sweep.unref();
  }

  #remember(session: Session | undefined): void {
    if (!session) {
      return;
    }

    this.#sessions.set(session.id, session);
    this.#recent.delete(session.id);

    const ids = this.#byUser.get(session.username) ?? new Set();
    this.#byUser.set(session.username, ids.add(session.id));
  }

  #forget(id: string): void {
    const session = this.#sessions.get(id);

    this.#sessions.delete(id);
    this.#recent.delete(id);

    if (!session) {
      return;
    }

    const ids = this.#byUser.get(session.username);
    ids?.delete(id);

    if (ids?.size === 0) {
      this.#byUser.delete(session.username);
    }
  }

  #hold(session: Session): void {
    this.#recent.set(session.id, { session, until: Date.now() + RECENT_MS });
  }

  async add(session: Session): Promise<void> {
    await this.#client.create(SECRETS, secretOf(session));
    this.#hold(session);
  }

  /** Returns the session if this replica knows its current state. */
  #findKnown(id: string): Session | undefined {
    const recent = this.#recent.get(id);
    if (recent && recent.until > Date.now()) {
      return recent.session;
    }
    if (recent) {
      this.#recent.delete(id);
    }

    const fresh = this.#probe ? this.#probe.proven : this.#informer.error === undefined;

    return fresh ? this.#sessions.get(id) : undefined;
  }

  /**
   * Reads a session's Secret, again on another connection if the first one is dead. Throws
   * ServiceUnavailable.
   */
  async #read(id: string): Promise<KubeObject | undefined> {
    const key = { resource: SECRETS, namespace: SYSTEM_NAMESPACE, name: secretName(id) };

    try {
      return await this.#client.find(key, AbortSignal.timeout(READ_MS));
    } catch (error) {
      if (!failedWith(error, 'ServiceUnavailable')) {
        throw error;
      }
      return this.#client.find(key, AbortSignal.timeout(READ_MS));
    }
  }

  has(ref: TokenRef): Awaitable<boolean> {
    const { id } = ref;
    if (id === undefined || this.#ended.has(id)) {
      return false;
    }
    if (isTokenOf(this.#findKnown(id), ref)) {
      return true;
    }

    return this.#recent.has(id) ? false : this.#readAndCheck(id, ref);
  }

  async #readAndCheck(id: string, ref: TokenRef): Promise<boolean> {
    // Another replica may have stored the session, or rotated its tokens, a moment ago.
    const session = await this.find(id);

    // Tokens are issued only after their session is stored: a missing session will not appear
    // later.
    if (session) {
      this.#hold(session);
    } else {
      this.#ended.set(id, Date.now());
    }

    return isTokenOf(session, ref);
  }

  async find(id: string): Promise<Session | undefined> {
    const session = sessionOf(await this.#read(id));
    if (!session || this.#ended.has(id)) {
      return undefined;
    }

    return session.expires !== 0 && session.expires <= Date.now() ? undefined : session;
  }

  async use(id: string): Promise<Session | undefined> {
    const secret = await this.#read(id);
    const session = sessionOf(secret);
    if (!session || this.#ended.has(id) || session.expires <= Date.now()) {
      return undefined;
    }
    if (session.used) {
      return session;
    }

    try {
      await this.#client.update(
        SECRETS,
        secretOf({ ...session, used: true }, secret?.metadata.resourceVersion),
      );

      return session;
    } catch (error) {
      // Another replica has used the code at the same time.
      if (failedWith(error, 'Conflict')) {
        return { ...session, used: true };
      }
      if (failedWith(error, 'NotFound')) {
        return undefined;
      }

      throw error;
    }
  }

  async rotate(next: Session, used: string): Promise<Rotation> {
    const secret = await this.#read(next.id);
    const stored = this.#ended.has(next.id) ? undefined : sessionOf(secret);
    const { rotation, session } = decideRotation(stored, next, used);
    if (rotation.state === 'reused') {
      await this.end(next);
    }
    if (!session) {
      return rotation;
    }

    try {
      await this.#client.update(SECRETS, secretOf(session, secret?.metadata.resourceVersion));
    } catch (error) {
      if (failedWith(error, 'Conflict')) {
        return this.rotate(next, used);
      }
      if (failedWith(error, 'NotFound')) {
        return { state: 'gone' };
      }

      throw error;
    }

    this.#hold(session);

    return rotation;
  }

  async extend(): Promise<void> {
    // Access tokens are valid by their session: nothing is stored for them.
  }

  async end({ id }: { id: string | undefined }): Promise<void> {
    if (id === undefined) {
      return;
    }

    this.#ended.set(id, Date.now());
    this.#forget(id);

    try {
      await this.#client.delete({
        resource: SECRETS,
        namespace: SYSTEM_NAMESPACE,
        name: secretName(id),
      });
    } catch (error) {
      if (!failedWith(error, 'NotFound')) {
        throw error;
      }
    }
  }

  async endOthers(username: string, keep: string): Promise<void> {
    const recent = [...this.#recent.values()].filter(
      ({ session }) => session.username === username,
    );

    const ids = new Set([
      ...(this.#byUser.get(username) ?? []),
      ...recent.map(({ session }) => session.id),
    ]);

    const kindOf = (id: string) => (this.#sessions.get(id) ?? this.#recent.get(id)?.session)?.kind;
    await Promise.all(
      [...ids].filter((id) => id !== keep && kindOf(id) === 'tokens').map((id) => this.end({ id })),
    );
  }

  async revokeUser(username: string): Promise<void> {
    // Read from the API: another replica may have stored a session that the watch has not reported.
    const { items } = await this.#client.list(SECRETS, {
      namespace: SYSTEM_NAMESPACE,
      labelSelector: `${SESSION_LABEL}=${userLabel(username)}`,
    });

    const sessions = items.map(sessionOf);
    await Promise.all(sessions.map((session) => session && this.end(session)));
  }

  async #removeExpired(): Promise<void> {
    const now = Date.now();

    for (const [id, at] of this.#ended) {
      if (at < now - ENDED_MS) {
        this.#ended.delete(id);
      }
    }

    for (const [id, { until }] of this.#recent) {
      if (until < now) {
        this.#recent.delete(id);
      }
    }

    // Failures are retried by the next sweep.
    for (const [id, session] of [...this.#sessions]) {
      if (session.expires !== 0 && session.expires <= now) {
        await this.end({ id }).catch(() => {});
      }
    }

    await this.#probe?.sweep();
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#probe?.close();
    await this.#informer.stop();
  }
}
