import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import {
  StatusError,
  serviceUnavailable,
  statusCodeOf,
} from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeObject } from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import type { KubeClient } from '../kube/client.ts';
import type { WatchFrame } from '../kube/watch-frames.ts';
import { EntryReader } from './entry-reader.ts';
import { type InformerOptions, OPEN_MS, SHORT_WATCH_MS, SILENCE_MS } from './informer-options.ts';
import { InformerStore } from './informer-store.ts';
import { listPages } from './list-pages.ts';
import { steadyNow } from './steady-clock.ts';

const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;

/**
 * Watches are renewed after 5 to 10 minutes, as client-go does, so that a dead connection is
 * noticed.
 */
const WATCH_SECONDS = { min: 300, spread: 300 };

/** Longest pause that the API may ask for with Retry-After, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000;

/**
 * Keeps a local copy of one resource: lists it once, follows its watch, and lists again when the
 * API requires it.
 */
export class Informer {
  readonly store: InformerStore;
  readonly options: InformerOptions;
  readonly #client: KubeClient;
  readonly #reader: EntryReader;
  readonly #stop = new AbortController();
  #resourceVersion = '';
  #synced = false;
  #served = false;
  #lastContact = 0;
  #error: Error | undefined;
  #running: Promise<void> | undefined;
  #onSynced: (() => void)[] = [];
  #waiting = new AbortController();
  /** Whether the last watch has brought events. */
  #progress = false;
  /**
   * Whether an event could not be read: it may have been a deletion, so the next watch begins with
   * a list.
   */
  #missed = false;
  /** Resource version at which the last watch failed because of an event that it brought. */
  #failedAt = '';

  constructor(client: KubeClient, options: InformerOptions) {
    // One listener for each request in progress: more than the ten after which Node warns.
    setMaxListeners(0, this.#stop.signal);
    this.#client = client;
    this.options = options;
    this.store = new InformerStore(options.budget);
    this.#reader = new EntryReader(options);
  }

  /** Whether the first list is complete. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Whether the API served the resource when it was last listed; true before that. */
  get served(): boolean {
    return this.#served;
  }

  /** Why the copy is not up to date; undefined while the watch runs. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** When the API last answered, by steadyNow; 0 before the first answer. */
  get lastContact(): number {
    return this.#lastContact;
  }

  /** Since when the copy may be out of date, by steadyNow; undefined while the watch is alive. */
  get staleSince(): number | undefined {
    const silent = steadyNow() - this.#lastContact > this.#silenceMs + OPEN_MS;
    return this.#synced && (this.#error !== undefined || silent) ? this.#lastContact : undefined;
  }

  get #silenceMs(): number {
    return this.options.silenceMs ?? SILENCE_MS;
  }

  /** How many objects of the API could not be read. */
  get skipped(): number {
    return this.#reader.skipped;
  }

  /** Starts following; further calls change nothing. */
  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Resolves after the first complete list; rejects when `signal` ends the wait. */
  ready(signal?: AbortSignal): Promise<void> {
    if (this.#synced) {
      return Promise.resolve();
    }

    return new Promise((resolve, reject) => {
      const abort = () => reject(this.#error ?? signal?.reason);

      if (signal?.aborted) {
        return abort();
      }

      signal?.addEventListener('abort', abort, { once: true });

      this.#onSynced.push(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
    });
  }

  /** Tries again at once if the informer waits after a failure: its cause may be gone. */
  retry(): void {
    this.#waiting.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#waiting.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let backoffMs = MIN_BACKOFF_MS;

    while (!signal.aborted) {
      // A call while an attempt is in progress applies to the next attempt.
      this.#waiting = new AbortController();

      try {
        await this.#attempt(signal);
        backoffMs = MIN_BACKOFF_MS;
      } catch (error) {
        if (signal.aborted) {
          return;
        }

        if (this.#progress) {
          backoffMs = MIN_BACKOFF_MS;
        }

        this.#noteFailure(error);

        const isFirstExpiry = statusCodeOf(error) === 410 && backoffMs === MIN_BACKOFF_MS;
        if (!isFirstExpiry) {
          await this.#pause(error, backoffMs);
        }

        backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
      }
    }
  }

  /** Lists, if that is needed, and watches until the watch ends. Throws when it ended too soon. */
  async #attempt(signal: AbortSignal): Promise<void> {
    this.#progress = false;

    if (this.#missed) {
      this.#resourceVersion = '';
    }

    this.#missed = false;

    if (this.#resourceVersion === '') {
      await this.#list(signal);
    }

    const startedAt = performance.now();

    await this.#watch(signal);

    if (!this.#progress && performance.now() - startedAt <= SHORT_WATCH_MS) {
      throw serviceUnavailable('the watch ended at once');
    }
  }

  #noteFailure(error: unknown): void {
    this.#error = error as Error;

    switch (statusCodeOf(error)) {
      case 500:
        this.#passOver();
        break;
      // The resource version or the continue token has expired: list again. Until then the store
      // keeps what it has.
      case 410:
        this.#resourceVersion = '';
        break;
      // There is no room for all objects: what was kept of a first list is of no use.
      case 507:
        this.#resourceVersion = '';
        if (!this.#synced) {
          this.store.replace([]);
        }
        break;
      // The resource itself is not served, or not yet: it has no objects.
      case 404:
        this.#resourceVersion = '';
        this.#served = false;
        this.store.replace([]);
        this.#lastContact = steadyNow();
        this.#error = undefined;
        this.#markSynced();
    }
  }

  /** Waits before the next attempt, as long as the API asks for or the back-off says. */
  async #pause(error: unknown, backoffMs: number): Promise<void> {
    const asked = error instanceof StatusError ? (error.details?.retryAfterSeconds ?? 0) * 1000 : 0;
    const retryAfterMs = Math.min(asked, MAX_RETRY_AFTER_MS);
    const awake = { signal: this.#waiting.signal };

    await sleep(Math.max(retryAfterMs, backoffMs * (0.5 + Math.random())), undefined, awake).catch(
      () => {},
    );
  }

  /**
   * An event that breaks the watch twice at the same place would break it again: a list goes past
   * it.
   */
  #passOver(): void {
    if (this.#failedAt === this.#resourceVersion) {
      this.#resourceVersion = '';
    }
    this.#failedAt = this.#resourceVersion;
  }

  #markSynced(): void {
    this.#synced = true;
    for (const callback of this.#onSynced.splice(0)) {
      callback();
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const listed = new Set<string>();
    const slice = new TimeSlice();
    let resourceVersion = '';

    for await (const page of listPages(this.#client, this.options, signal)) {
      resourceVersion = page.resourceVersion;

      for (const item of page.items) {
        if (slice.isOver) {
          await slice.next();
        }

        const entry = this.#reader.listed(item);
        if (entry) {
          listed.add(InformerStore.key(entry.namespace, entry.name));
          this.store.set(entry);
        }
      }
    }

    if (signal.aborted) {
      return;
    }

    // Nothing is left over when all that is kept was listed.
    const kept = this.store.size === listed.size ? [] : [...this.store.values()];

    for (const { namespace, name } of kept) {
      if (slice.isOver) {
        await slice.next();
      }
      if (!listed.has(InformerStore.key(namespace, name))) {
        this.store.delete(namespace, name);
      }
    }

    this.#resourceVersion = resourceVersion;
    this.#lastContact = steadyNow();
    this.#served = true;
    this.#markSynced();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const timeoutSeconds = WATCH_SECONDS.min + Math.floor(Math.random() * WATCH_SECONDS.spread);
    const silence = new AbortController();
    const deadline = new Deadline((timeoutSeconds + 30) * 1000, signal, silence.signal);
    const { namespace, labelSelector } = this.options;

    const options = {
      namespace,
      labelSelector,
      resourceVersion: this.#resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: deadline.signal,
      opened: () => {
        this.#error = undefined;
        this.#lastContact = steadyNow();
        open = true;
      },
    };

    const begun = steadyNow();
    let open = false;

    // A dead connection is otherwise noticed much later.
    const watchdog = setInterval(() => {
      const limit = open ? this.#silenceMs : OPEN_MS;
      if (steadyNow() - Math.max(begun, this.#lastContact) > limit) {
        silence.abort();
      }
    }, this.#silenceMs / 8);

    watchdog.unref();

    try {
      await this.#follow(this.#client.watch(this.options.resource, options));
    } catch (error) {
      if (!silence.signal.aborted || signal.aborted) {
        throw error;
      }

      // A watch that was open is no failure yet: opening it again shows whether the API can be
      // reached.
      if (!open) {
        throw new Error('the Kubernetes API did not answer in time', { cause: error });
      }
    } finally {
      clearInterval(watchdog);
      deadline.end();
    }
  }

  async #follow(frames: AsyncIterable<WatchFrame>): Promise<void> {
    for await (const { type, object: bytes } of frames) {
      this.#lastContact = steadyNow();

      const object = this.#reader.parse(bytes.toString());
      if (!object) {
        this.#missed = true;
        continue;
      }

      if (type === 'ERROR') {
        const { code = 500, reason = '', message = 'the watch failed' } = object;
        throw new StatusError(code, reason, message);
      }

      this.#progress = true;
      this.#take(type, bytes, object);

      if (object.metadata?.resourceVersion) {
        this.#resourceVersion = object.metadata.resourceVersion;
      }
    }
  }

  /** Applies an event of the watch to the store. */
  #take(type: WatchFrame['type'], bytes: Buffer, object: KubeObject): void {
    if (type === 'BOOKMARK') {
      return;
    }

    try {
      if (type === 'DELETED') {
        this.store.delete(object.metadata.namespace ?? '', object.metadata.name ?? '');
        return;
      }

      const entry = this.#reader.entry(bytes, object);
      if (entry) {
        this.store.set(entry);
      } else {
        this.#missed = true;
      }
    } catch (error) {
      // A listener of the store failed on this object: drop the object, so that the others are
      // still followed.
      this.#missed = true;
      this.#reader.skip((error as Error).message);
    }
  }
}
