import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TimeSlice } from '@ks-apiserver/apimachinery/concurrency/time-slice';
import { StatusError, serviceUnavailable } from '@ks-apiserver/apimachinery/meta/errors';
import {
  apiVersionOf,
  type GroupVersionResource,
  type KubeObject,
} from '@ks-apiserver/apimachinery/meta/types';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import { type KubeClient, queryOf, resourcePath } from '../kube/client.ts';
import type { WatchFrame } from '../kube/watch-frames.ts';
import { type Entry, makeEntry } from './entry.ts';
import { leanText, type MemberNames, memberNames } from './lean-json.ts';
import { objectBytes } from './object-bytes.ts';
import { splitItems } from './split-items.ts';
import { steadyNow } from './steady-clock.ts';
import { Store } from './store.ts';

/** What an informer caches and what it keeps of each object. */
export interface InformerOptions {
  resource: GroupVersionResource;
  kind: string;
  /** Follows only the objects of this namespace. */
  namespace?: string;
  /** Follows only the objects that this label selector matches. */
  labelSelector?: string;
  /** Returns the values that the resource's filters and sort keys need. */
  fields?: (object: KubeObject) => Record<string, unknown>;
  /** Removes what must never leave the server, and returns the object to keep. */
  redact?: (object: KubeObject) => KubeObject;
  /**
   * Names of members, at any depth, whose objects and arrays `fields` does not need: they are not
   * parsed.
   */
  unread?: readonly string[];
  /** Keeps the parsed object too: for small resources that authorization reads on every request. */
  keepObjects?: boolean;
  /** A watch that sends nothing for this many milliseconds is taken for dead and opened again. */
  silenceMs?: number;
  /**
   * Called, at most once a minute, with an object of the API that could not be read and is left
   * out.
   */
  report?: (problem: string) => void;
}

/**
 * Objects in one page of the first list, and the size in bytes that a page should have: small pages
 * keep less in memory at once.
 */
const PAGE = { first: 100, min: 50, max: 500, bytes: 1024 * 1024 };
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 30_000;

/**
 * Watches are renewed after 5 to 10 minutes, as client-go does, so that a dead connection is
 * noticed.
 */
const WATCH_SECONDS = { min: 300, spread: 300 };

/** Kubernetes sends a bookmark about once a minute when nothing else happens. */
const SILENCE_MS = 75_000;

/** Longest time that the opening of a watch may take, in milliseconds. */
const OPEN_MS = 15_000;

/**
 * How long one page of a list may take to arrive, in milliseconds: a connection may die without
 * notice.
 */
const LIST_TIMEOUT_MS = 120_000;

/**
 * A watch that ends sooner than this, without an event, counts as a failure: it would otherwise be
 * opened again and again without a pause.
 */
const SHORT_WATCH_MS = 1000;

/** Longest pause that the API may ask for with Retry-After, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000;
const REPORT_EVERY_MS = 60_000;

/** `managedFields` is often as long as the rest of an object, and nobody here reads it. */
const ALWAYS_UNREAD = ['managedFields'];

/**
 * Keeps a local copy of one resource: lists it once, follows its watch, and lists again when the
 * API requires it.
 */
export class Informer {
  readonly store = new Store();
  readonly options: InformerOptions;
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #prefix: string;
  readonly #unread: MemberNames;
  #resourceVersion = '';
  #synced = false;
  #served = false;
  #lastContact = 0;
  #error: Error | undefined;
  #running: Promise<void> | undefined;
  #onSynced: (() => void)[] = [];
  #waiting = new AbortController();
  #skipped = 0;
  #reported = Number.NEGATIVE_INFINITY;
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
    this.#unread = memberNames([...ALWAYS_UNREAD, ...(options.unread ?? [])]);
    this.#prefix = `{"kind":${JSON.stringify(options.kind)},"apiVersion":${JSON.stringify(apiVersionOf(options.resource))},`;
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
    return this.#skipped;
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
    let backoff = MIN_BACKOFF_MS;

    while (!signal.aborted) {
      // A call while an attempt is in progress applies to the next attempt.
      this.#waiting = new AbortController();

      try {
        this.#progress = false;

        if (this.#missed) {
          this.#resourceVersion = '';
        }

        this.#missed = false;

        if (this.#resourceVersion === '') {
          await this.#list(signal);
        }

        const since = performance.now();

        await this.#watch(signal);

        if (this.#progress || performance.now() - since > SHORT_WATCH_MS) {
          backoff = MIN_BACKOFF_MS;
        } else {
          throw serviceUnavailable('the watch ended at once');
        }
      } catch (error) {
        if (signal.aborted) {
          return;
        }

        this.#error = error as Error;

        const code = error instanceof StatusError ? error.code : 0;

        if (this.#progress) {
          backoff = MIN_BACKOFF_MS;
        }
        if (code === 500) {
          this.#passOver();
        }

        // The resource version or the continue token has expired. List again at once; until then
        // the store keeps what it has.
        if (code === 410) {
          this.#resourceVersion = '';

          if (backoff === MIN_BACKOFF_MS) {
            backoff *= 2;
            continue;
          }
        }

        if (code === 404) {
          // The resource itself is not served, or not yet: it has no objects.
          this.#resourceVersion = '';
          this.#served = false;
          this.store.replace([]);
          this.#lastContact = steadyNow();
          this.#error = undefined;
          this.#markSynced();
        }

        const asked =
          error instanceof StatusError ? (error.details?.retryAfterSeconds ?? 0) * 1000 : 0;
        const retryAfter = Math.min(asked, MAX_RETRY_AFTER_MS);
        const awake = { signal: this.#waiting.signal };

        await sleep(Math.max(retryAfter, backoff * (0.5 + Math.random())), undefined, awake).catch(
          () => {},
        );
        backoff = Math.min(backoff * 2, MAX_BACKOFF_MS);
      }
    }
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

  #skip(why: string): void {
    this.#skipped += 1;

    const now = performance.now();
    if (now - this.#reported < REPORT_EVERY_MS) {
      return;
    }

    this.#reported = now;
    this.options.report?.(`an object among ${this.options.resource.resource} was left out: ${why}`);
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
    let next: string | undefined;
    let limit = PAGE.first;
    let resourceVersion = '';

    do {
      const { resource, namespace, labelSelector } = this.options;
      const url =
        resourcePath(resource, namespace) + queryOf({ limit, continue: next, labelSelector });
      const inTime = new Deadline(LIST_TIMEOUT_MS, signal);
      const page = await this.#client
        .raw('GET', url, undefined, inTime.signal)
        .finally(() => inTime.end());
      const { items, list } = splitItems(page);
      if (items.length > 0) {
        limit = Math.max(
          PAGE.min,
          Math.min(PAGE.max, Math.round((PAGE.bytes / page.byteLength) * items.length)),
        );
      }

      for (const item of items) {
        if (slice.isOver) {
          await slice.next();
        }

        const entry = this.#entry(item);
        if (!entry) {
          continue;
        }

        listed.add(Store.key(entry.namespace, entry.name));
        this.store.set(entry);
      }

      next = list.metadata?.continue;
      resourceVersion = list.metadata?.resourceVersion ?? resourceVersion;
    } while (next && !signal.aborted);

    if (signal.aborted) {
      return;
    }

    for (const { namespace, name } of [...this.store.values()]) {
      if (slice.isOver) {
        await slice.next();
      }
      if (!listed.has(Store.key(namespace, name))) {
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

      const object = this.#parsed(bytes);
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

      const entry = this.#entry(bytes, object);
      if (entry) {
        this.store.set(entry);
      } else {
        this.#missed = true;
      }
    } catch (error) {
      // A listener of the store failed on this object: drop the object, so that the others are
      // still followed.
      this.#missed = true;
      this.#skip((error as Error).message);
    }
  }

  /**
   * Parses an object of the API. Returns undefined, and reports it, for bytes that are no object:
   * one broken object must not hide the others.
   */
  #parsed(bytes: Buffer): KubeObject | undefined {
    try {
      const { redact, keepObjects } = this.options;
      const text = redact || keepObjects ? bytes.toString() : leanText(bytes, this.#unread);
      const object: unknown = JSON.parse(text);
      if (typeof object === 'object' && object !== null) {
        return object as KubeObject;
      }

      this.#skip('it is no object');
    } catch (error) {
      this.#skip((error as Error).message);
    }

    return undefined;
  }

  /**
   * Makes the entry of an object from its bytes, which are copied because they are a slice of a
   * larger page. Returns undefined for bytes that are no object.
   */
  #entry(slice: Buffer, parsed?: KubeObject): Entry | undefined {
    let object = parsed ?? this.#parsed(slice);
    if (!object) {
      return undefined;
    }

    if (typeof object.metadata?.name !== 'string') {
      this.#skip('it has no name');
      return undefined;
    }

    const { redact, fields, keepObjects } = this.options;
    const typed = object.kind !== undefined && object.apiVersion !== undefined;

    try {
      let bytes: Buffer;

      if (redact) {
        object = redact({
          kind: this.options.kind,
          apiVersion: apiVersionOf(this.options.resource),
          ...object,
        });

        bytes = objectBytes(Buffer.from(JSON.stringify(object)));
      } else if (typed) {
        bytes = objectBytes(slice);
      } else {
        bytes = objectBytes(Buffer.from(this.#prefix), slice.subarray(slice.indexOf(0x7b) + 1));
      }

      return makeEntry(object, bytes, { fields: fields?.(object), keepObject: keepObjects });
    } catch (error) {
      this.#skip(`${object.metadata.name}: ${(error as Error).message}`);
      return undefined;
    }
  }
}
