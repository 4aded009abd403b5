import { createHash } from 'node:crypto';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { Informer } from '@ks-apiserver/client/informer/informer';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { IssuedTokens, Session, SessionStore } from './sessions.ts';
import { tokenHash } from './tokens.ts';

const SECRETS: GroupVersionResource = { group: '', version: 'v1', resource: 'secrets' };
export const SESSION_NAMESPACE = 'kubesphere-system';
export const SESSION_LABEL = 'session.kubesphere.io/user';
const ACCESS_LABEL = 'session.kubesphere.io/access-token';
const SESSION_TYPE = 'kubesphere.io/session';
const SWEEP_MS = 60_000;

/** A label value that stands for any text: user names and hashes are longer than the 63 characters of a label. */
function labelValue(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

function decoded(data: Record<string, string> | undefined, key: string): string {
  return Buffer.from(data?.[key] ?? '', 'base64').toString();
}

/** The session that a Secret holds. */
export function sessionOf(secret: KubeObject): Session {
  const data = secret.data as Record<string, string> | undefined;
  return {
    username: decoded(data, 'username'),
    accessHash: decoded(data, 'accessHash'),
    refreshHash: decoded(data, 'refreshHash'),
    accessExpires: Number(decoded(data, 'accessExpires')),
    refreshExpires: Number(decoded(data, 'refreshExpires')),
  };
}

function secretOf(session: Session): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `session-${session.refreshHash.slice(0, 40)}`,
      namespace: SESSION_NAMESPACE,
      labels: { [SESSION_LABEL]: labelValue(session.username), [ACCESS_LABEL]: session.accessHash.slice(0, 40) },
    },
    type: SESSION_TYPE,
    stringData: Object.fromEntries(Object.entries(session).map(([key, value]) => [key, String(value)])),
  };
}

/** Sessions as Secrets of the Kubernetes API, for the embedded API and for clusters without Redis. */
export class KubeSessions implements SessionStore {
  readonly #client: KubeClient;
  readonly #informer: Informer;
  /** By name of their Secret: what this replica issued at once, and everybody's as the informer tells. */
  readonly #sessions = new Map<string, Session>();
  /** Names of Secrets by the hash of either token, and by user. */
  readonly #byHash = new Map<string, string>();
  readonly #byUser = new Map<string, Set<string>>();
  readonly #sweep: NodeJS.Timeout;

  constructor(client: KubeClient, informer: Informer) {
    this.#client = client;
    this.#informer = informer;
    for (const entry of informer.store.values()) this.#remember(sessionOf(entry.object!), entry.name);
    informer.store.onChange(({ type, entry }) => {
      if (type === 'DELETED') this.#forget(entry.name);
      else this.#remember(sessionOf(entry.object!), entry.name);
    });
    this.#sweep = setInterval(() => void this.#removeExpired(), SWEEP_MS);
    this.#sweep.unref();
  }

  #remember(session: Session, secret: string): void {
    this.#sessions.set(secret, session);
    for (const hash of [session.accessHash, session.refreshHash]) if (hash) this.#byHash.set(hash, secret);
    const secrets = this.#byUser.get(session.username) ?? new Set();
    this.#byUser.set(session.username, secrets.add(secret));
  }

  #forget(secret: string): void {
    const session = this.#sessions.get(secret);
    if (!session) return;
    this.#sessions.delete(secret);
    for (const hash of [session.accessHash, session.refreshHash])
      if (this.#byHash.get(hash) === secret) this.#byHash.delete(hash);
    const secrets = this.#byUser.get(session.username);
    secrets?.delete(secret);
    if (secrets?.size === 0) this.#byUser.delete(session.username);
  }

  async add(session: Session, _tokens: IssuedTokens): Promise<void> {
    const secret = secretOf(session);
    try {
      await this.#client.create(SECRETS, secret);
    } catch (error) {
      // Tokens made in the same second are the same ones: the session is there already.
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
    }
    this.#remember(session, secret.metadata.name!);
  }

  async has(username: string, token: string): Promise<boolean> {
    const hash = tokenHash(token);
    const known = this.#sessions.get(this.#byHash.get(hash) ?? '');
    if (known) return known.username === username;
    // Another replica may have issued it a moment ago: ask the API itself before refusing.
    const found = await this.#client.list(SECRETS, {
      namespace: SESSION_NAMESPACE,
      labelSelector: `${ACCESS_LABEL}=${hash.slice(0, 40)}`,
      limit: 1,
    });
    const byAccess = found.items[0];
    const secret =
      byAccess ??
      (await this.#client.find({
        resource: SECRETS,
        namespace: SESSION_NAMESPACE,
        name: `session-${hash.slice(0, 40)}`,
      }));
    if (!secret || secret.type !== SESSION_TYPE) return false;
    const session = sessionOf(secret);
    if (session.username !== username || (session.accessHash !== hash && session.refreshHash !== hash)) return false;
    this.#remember(session, secret.metadata.name!);
    return true;
  }

  async #delete(secret: string): Promise<void> {
    try {
      await this.#client.delete({ resource: SECRETS, namespace: SESSION_NAMESPACE, name: secret });
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    }
  }

  async revokeUser(username: string): Promise<void> {
    const secrets = [...(this.#byUser.get(username) ?? [])];
    for (const secret of secrets) this.#forget(secret);
    await Promise.all(secrets.map((secret) => this.#delete(secret)));
  }

  async revoke(username: string, token: string): Promise<void> {
    const secret = this.#byHash.get(tokenHash(token)) ?? '';
    if (this.#sessions.get(secret)?.username !== username) return;
    this.#forget(secret);
    await this.#delete(secret);
  }

  async #removeExpired(): Promise<void> {
    const now = Date.now();
    for (const [secret, session] of [...this.#sessions]) {
      if (session.refreshExpires === 0 || session.refreshExpires > now) continue;
      this.#forget(secret);
      // The next sweep tries again what fails now.
      await this.#delete(secret).catch(() => this.#remember(session, secret));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#informer.stop();
  }
}
