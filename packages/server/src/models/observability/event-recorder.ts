import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { listPages } from '@ks-apiserver/client/informer/list-pages';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import type { AppendedDocument } from '@ks-apiserver/search/store/sqlite-store';
import { Appends } from './appends.ts';
import { storedEvent } from './stored-event.ts';

const EVENTS = { group: '', version: 'v1', resource: 'events' };

/** A watch is renewed after this time, in seconds, so that a dead connection is noticed. */
const WATCH_SECONDS = 300;

/** Pauses after failures, in milliseconds. */
const MIN_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;

/** How often the position is kept, in milliseconds. */
const KEEP_MS = 5000;

/** The resource version up to which all events are stored; '' for none. */
export interface Position {
  read(): Promise<string>;
  keep(version: string): Promise<void>;
}

/** Where events come from and go to. */
export interface EventRecorderDependencies {
  readonly client: KubeClient;
  readonly append: (documents: readonly AppendedDocument[]) => Promise<void>;
  readonly position: Position;
  readonly onError: (error: unknown) => void;
}

/**
 * Stores all events of the Kubernetes API. After a pause it goes on where it stopped; where the API
 * does not remember that, it stores what there is. Versions that are stored already are not stored
 * again, so nothing is there twice.
 */
export class EventRecorder {
  readonly #dependencies: EventRecorderDependencies;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #version = '';

  constructor(dependencies: EventRecorderDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts storing; further calls change nothing. */
  start(): this {
    this.#running ??= this.#run();
    return this;
  }

  /** Stops when what has come is stored. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let pauseMs = MIN_PAUSE_MS;

    this.#version = await this.#dependencies.position.read().catch(() => '');

    while (!signal.aborted) {
      try {
        if (this.#version === '') {
          await this.#list(signal);
        }

        await this.#watch(signal);
        pauseMs = MIN_PAUSE_MS;
      } catch (error) {
        if (signal.aborted) {
          break;
        }
        if (error instanceof StatusError && error.code === 410) {
          this.#version = '';
        } else {
          this.#dependencies.onError(error);
        }

        await sleep(pauseMs, undefined, { signal }).catch(() => {});
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
      }
    }
  }

  /** Remembers a version up to which everything is stored. */
  async #reach(version: string): Promise<void> {
    if (version !== '' && version !== this.#version) {
      this.#version = version;
      await this.#dependencies.position.keep(version);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, append } = this.#dependencies;
    let version = '';

    for await (const page of listPages(client, { resource: EVENTS, kind: 'Event' }, signal)) {
      await append(page.items.map(({ bytes }) => storedEvent(bytes).document));
      version = page.resourceVersion;
    }

    await this.#reach(version);
  }

  /** Stores what a watch brings until it ends. */
  async #watch(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();

    const watching = new AbortController();
    const end = () => watching.abort();
    const { append } = this.#dependencies;
    const appends = new Appends((document: AppendedDocument) => append([document]), end);
    let seen = this.#version;
    let keptAt = Date.now();

    const frames = this.#dependencies.client.watch(EVENTS, {
      resourceVersion: this.#version,
      timeoutSeconds: WATCH_SECONDS,
      allowWatchBookmarks: true,
      signal: watching.signal,
    });

    signal.addEventListener('abort', end, { once: true });

    try {
      for await (const { type, object } of frames) {
        if (type === 'ERROR') {
          const { code = 500, reason = '', message = '' } = JSON.parse(object.toString());
          throw new StatusError(code, reason, message);
        }

        const { document, version } = storedEvent(object);
        if (type === 'ADDED' || type === 'MODIFIED') {
          await appends.add(document);
        }
        seen = version;

        if (Date.now() - keptAt > KEEP_MS) {
          keptAt = Date.now();
          await appends.all();
          await this.#reach(seen);
        }
      }
    } finally {
      signal.removeEventListener('abort', end);
      // If something was not stored, the next watch begins before it.
      await appends.all();
      await this.#reach(seen);
    }
  }
}
