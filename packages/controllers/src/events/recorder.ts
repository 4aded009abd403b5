import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { GroupVersionResource, KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureDeleted } from '../runtime/ensure.ts';
import { EventCorrelator, type Sighting } from './correlator.ts';

const EVENTS: GroupVersionResource = { group: '', version: 'v1', resource: 'events' };
const COMPONENT = 'ks-apiserver';

/** Events about cluster-scoped objects are stored in this namespace, as Kubernetes does. */
const DEFAULT_NAMESPACE = 'default';

const LIMITS = {
  /** How many events may wait to be written; more are dropped. */
  waiting: 100,
  message: 1000,
  /** How long an event is kept, in milliseconds, as Kubernetes' own events. */
  retentionMs: 3_600_000,
};

/**
 * Writes Kubernetes Events about what controllers did or failed to do: the same event is written
 * once and then counted. Never fails and never waits: an event that cannot be written is lost.
 */
export class EventRecorder {
  readonly #client: KubeClient;
  readonly #onError: (error: unknown) => void;
  readonly #component: string;
  readonly #mostWaiting: number;
  readonly #correlator = new EventCorrelator();
  readonly #waiting = new Set<Sighting>();
  /** Events that this recorder has written. */
  readonly #written = new WeakSet<Sighting>();
  #writing: Promise<void> | undefined;
  #sweeper: NodeJS.Timeout;
  #stopped = false;

  /**
   * `component` is named as the source of the events; at most `waiting` of them wait to be written.
   */
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
    if (this.#stopped) {
      return;
    }

    const sighting = this.#correlator.correlate({
      about,
      type,
      reason,
      message: text.slice(0, LIMITS.message),
    });

    // An event that still waits is written with its new count.
    if (!sighting || this.#waiting.has(sighting) || this.#waiting.size >= this.#mostWaiting) {
      return;
    }

    this.#waiting.add(sighting);
    this.#writing ??= this.#drain();
  }

  async #drain(): Promise<void> {
    for (const sighting of this.#waiting) {
      this.#waiting.delete(sighting);

      await this.#write(sighting).catch((error: unknown) => {
        // Nothing can be written into a namespace that is terminating or gone, and nobody needs it.
        const { code, details } = error as Partial<StatusError>;
        const ending = details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
        if (code !== 404 && !ending) {
          this.#onError(error);
        }
      });
    }

    // Cleared together with the last event: a record made a moment later must see that nobody
    // writes any more.
    this.#writing = undefined;
  }

  async #write(sighting: Sighting): Promise<void> {
    const { name, involved, type, reason, first, message, count, last } = sighting;
    const namespace = involved.namespace ?? DEFAULT_NAMESPACE;
    const key = { resource: EVENTS, namespace, name };

    if (this.#written.has(sighting)) {
      try {
        await this.#client.patch(key, 'merge', { message, count, lastTimestamp: last });
        return;
      } catch (error) {
        if (!(error instanceof StatusError && error.code === 404)) {
          throw error;
        }
        // The event has expired: create it again.
      }
    }

    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: involved,
      reason,
      message,
      type,
      source: { component: this.#component },
      reportingComponent: this.#component,
      reportingInstance: '',
      firstTimestamp: first,
      lastTimestamp: last,
      count,
    };

    try {
      await this.#client.create(EVENTS, event);
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
        throw error;
      }
      await this.#takeUp(sighting);
    }

    this.#written.add(sighting);
  }

  /** Continues the count of an event from an earlier run of this server. */
  async #takeUp(sighting: Sighting): Promise<void> {
    const { name, involved, message, last } = sighting;
    const key = { resource: EVENTS, namespace: involved.namespace ?? DEFAULT_NAMESPACE, name };
    const before = await this.#client.find(key);

    sighting.count += Number(before?.count ?? 0) || 0;
    await this.#client.patch(key, 'merge', { message, count: sighting.count, lastTimestamp: last });
  }

  /**
   * Deletes this server's events that are older than an hour: the embedded API does not expire
   * them.
   */
  async sweep(): Promise<void> {
    const { items } = await this.#client.list(EVENTS, {
      fieldSelector: `source=${this.#component}`,
    });
    const oldest = Date.now() - LIMITS.retentionMs;

    for (const { metadata, lastTimestamp } of items) {
      const at = Date.parse(String(lastTimestamp ?? metadata.creationTimestamp));
      if (at < oldest) {
        await ensureDeleted(this.#client, {
          resource: EVENTS,
          namespace: metadata.namespace,
          name: metadata.name,
        });
      }
    }
  }

  /** Writes nothing more; resolves when the write in progress has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#sweeper);
    this.#waiting.clear();
    await this.#writing;
  }
}
