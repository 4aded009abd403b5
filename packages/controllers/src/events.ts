import { createHash } from 'node:crypto';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { timestamp } from '@ks-apiserver/apimachinery/meta/time';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureDeleted } from './ensure.ts';

const EVENTS: GroupVersionResource = { group: '', version: 'v1', resource: 'events' };
const COMPONENT = 'ks-apiserver';
/** Events about what is in no namespace are filed here, as Kubernetes does. */
const DEFAULT_NAMESPACE = 'default';
const LIMITS = {
  /** Different events that are remembered, so that a repetition is counted and not written anew. */
  remembered: 500,
  /** Events that wait to be written; more are dropped. */
  waiting: 100,
  /** Shortest time between two writes of the same event, in milliseconds; repetitions in between are counted. */
  repeatMs: 10_000,
  message: 1000,
  /** How long an event stays, in milliseconds: as with Kubernetes' own, which expire in a cluster. */
  retentionMs: 3_600_000,
};

/** What an event is about, and what it says. */
interface Sighting {
  about: KubeObject;
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
  /** Times since it was written last. */
  pending: number;
  total: number;
  writtenAt: number;
  first: string;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Writes Kubernetes Events about what controllers did or failed to do: the same one is written once and then counted, at most
 * every ten seconds. It never fails and never waits: an event that cannot be written is lost.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #onError: (error: unknown) => void;
  readonly #component: string;
  readonly #mostWaiting: number;
  readonly #seen = new Map<string, Sighting>();
  readonly #waiting: [string, Sighting][] = [];
  #writing: Promise<void> | undefined;
  #sweeper: NodeJS.Timeout;
  #stopped = false;

  /** `component` is named as the source; of those that wait to be written, `waiting` are kept. */
  constructor(
    client: KubeClient,
    onError: (error: unknown) => void,
    { component = COMPONENT, waiting = LIMITS.waiting } = {},
  ) {
    this.#client = client;
    this.#onError = onError;
    this.#component = component;
    this.#mostWaiting = waiting;
    this.#sweeper = setInterval(() => void this.sweep().catch(onError), LIMITS.retentionMs / 4);
    this.#sweeper.unref();
  }

  /** Records that something happened to an object; `reason` is one word in CamelCase. */
  record(about: KubeObject, type: 'Normal' | 'Warning', reason: string, text: string): void {
    if (this.#stopped) return;
    const message = text.slice(0, LIMITS.message);
    const { uid = '', name = '', namespace = '' } = about.metadata;
    const hash = createHash('sha256').update([uid, namespace, name, reason, message].join('\0')).digest('hex');
    const key = `${name.slice(0, 200)}.${hash.slice(0, 16)}`;
    const known = this.#seen.get(key);
    const sighting = known ?? {
      about,
      type,
      reason,
      message,
      pending: 0,
      total: 0,
      writtenAt: 0,
      first: timestamp(),
      timer: undefined,
    };
    sighting.pending += 1;
    // The one that was seen longest ago is forgotten first.
    this.#seen.delete(key);
    this.#seen.set(key, sighting);
    if (this.#seen.size > LIMITS.remembered) this.#forgetOldest();
    const wait = sighting.writtenAt + LIMITS.repeatMs - Date.now();
    if (wait <= 0) this.#queue(key, sighting);
    else if (!sighting.timer) {
      sighting.timer = setTimeout(() => this.#queue(key, sighting), wait);
      sighting.timer.unref();
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#seen;
    if (!oldest) return;
    clearTimeout(oldest[1].timer);
    this.#seen.delete(oldest[0]);
  }

  #queue(key: string, sighting: Sighting): void {
    sighting.timer = undefined;
    if (this.#stopped || sighting.pending === 0) return;
    sighting.writtenAt = Date.now();
    if (this.#waiting.length >= this.#mostWaiting) return;
    this.#waiting.push([key, sighting]);
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift())
      await this.#write(...next).catch((error: unknown) => {
        // Nothing can be written into a namespace that ends or is gone, nor needs to be.
        const { code, details } = error as Partial<StatusError>;
        const ending = details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
        if (code !== 404 && !ending) this.#onError(error);
      });
  }

  async #write(name: string, sighting: Sighting): Promise<void> {
    const { about, type, reason, message, first } = sighting;
    const namespace = about.metadata.namespace ?? DEFAULT_NAMESPACE;
    sighting.total += sighting.pending;
    sighting.pending = 0;
    const count = { count: sighting.total, lastTimestamp: timestamp() };
    if (sighting.total > 1) {
      try {
        await this.#client.patch({ resource: EVENTS, namespace, name }, 'merge', count);
        return;
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 404)) throw error;
        // It expired: it is written anew.
      }
    }
    const { uid, name: aboutName, resourceVersion } = about.metadata;
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: {
        apiVersion: about.apiVersion ?? '',
        kind: about.kind ?? '',
        name: aboutName ?? '',
        ...(about.metadata.namespace && { namespace: about.metadata.namespace }),
        ...(uid && { uid }),
        ...(resourceVersion && { resourceVersion }),
      },
      reason,
      message,
      type,
      source: { component: this.#component },
      reportingComponent: this.#component,
      reportingInstance: '',
      firstTimestamp: first,
      ...count,
    };
    try {
      await this.#client.create(EVENTS, event);
    } catch (error) {
      // Of an earlier run of this server.
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error;
      await this.#client.patch({ resource: EVENTS, namespace, name }, 'merge', count);
    }
  }

  /** Deletes own events that are older than an hour: the embedded API keeps them until somebody does. */
  async sweep(): Promise<void> {
    const { items } = await this.#client.list(EVENTS, { fieldSelector: `source=${this.#component}` });
    const oldest = Date.now() - LIMITS.retentionMs;
    for (const { metadata, lastTimestamp } of items) {
      const at = Date.parse(String(lastTimestamp ?? metadata.creationTimestamp));
      if (at < oldest)
        await ensureDeleted(this.#client, { resource: EVENTS, namespace: metadata.namespace, name: metadata.name! });
    }
  }

  /** Writes nothing more; resolves when the write under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#sweeper);
    for (const { timer } of this.#seen.values()) clearTimeout(timer);
    this.#waiting.length = 0;
    await this.#writing;
  }
}
