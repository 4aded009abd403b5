import { expired, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { Page } from '../resources/list/list.ts';
import { bytesOf } from '../resources/list/render.ts';
import type { ResourceDefinition } from '../resources/query/resource-definition.ts';
import type { EventLog, InitialObjects, ReaderPeriods } from './event-log.ts';
import { Feed, WINDOW, type WindowLimits } from './feed.ts';
import { FilteredLog } from './filtered-log.ts';
import { PageLog } from './page-log.ts';
import { Reader } from './reader.ts';
import type { Sink } from './sink.ts';

/** Where the objects and changes of a live list come from. */
export interface LiveOrigin {
  /** Equal for origins with the same changes. */
  key: unknown;
  openFeed(limits: WindowLimits): Feed;
  /** Returns an object as it is sent; entries are those of the list's page, or of a change. */
  bytesOf(entry: Entry): Buffer;
  /** Returns which copies are out of date, and for how long; undefined if none is. */
  stale(): string | undefined;
  /** Returns why there will be no more changes; undefined while there will. */
  gone(): StatusError | undefined;
}

/** A list that can be followed. */
export interface LiveList {
  origin: LiveOrigin;
  /** Equal for lists with the same content: made of query, page and what the caller may see. */
  key: string;
  /** Returns the list as a list call would answer it now. */
  page: () => Promise<Page>;
  /** Tests whether an object is in the list; undefined for a page or if others decide it too. */
  matches: ((entry: Entry) => boolean) | undefined;
  /** Index of a page's first object; undefined for a whole list. */
  offset: number | undefined;
  /** Stores that the filters look into. */
  others: readonly InformerStore[];
}

/** How a client follows a list. */
export interface Follow {
  /** Position to continue after; '' to begin with the current objects. */
  position: string;
  /** Without a position: whether the current objects come first. */
  initial: boolean;
  bookmarks: boolean;
  /** How long the watch lasts, in seconds; undefined for 30 to 60 minutes, as in Kubernetes. */
  timeoutSeconds: number | undefined;
  /** Returns why the caller may no longer read; undefined while they may. */
  check: () => StatusError | undefined;
}

/** Times in milliseconds, and numbers. A reader that takes nothing for `stalledMs` is cut off. */
export interface LiveLimits extends ReaderPeriods {
  window: WindowLimits;
  tickMs: number;
  /** How long a log without readers is kept for clients that reconnect. */
  lingerMs: number;
  readers: number;
  logs: number;
}

const LIMITS: LiveLimits = {
  window: WINDOW,
  tickMs: 500,
  heartbeatMs: 15_000,
  bookmarkMs: 60_000,
  stalledMs: 300_000,
  lingerMs: 60_000,
  readers: 10_000,
  logs: 1000,
};

const DEFAULT_SECONDS = 1800;
const MAX_SECONDS = 86_400;
const RETRY_SECONDS = 5;

function tooMany(what: string): StatusError {
  return new StatusError(429, 'TooManyRequests', `too many ${what}: try again later`, {
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** Returns the origin of a list of one cached resource. */
export function originOf(
  definition: ResourceDefinition,
  store: InformerStore,
  catalog: Catalog,
): LiveOrigin {
  return {
    key: store,
    openFeed: (limits) => new Feed(definition, [{ definition, store, catalog }], limits),
    bytesOf: (entry) => bytesOf(entry, definition, catalog),
    stale: () => catalog.staleness(definition),
    // Its CRD is gone or has another version.
    gone: () =>
      catalog.storeOf(definition) === store
        ? undefined
        : expired(`${definition.resource} are no longer served`),
  };
}

/** All followed lists: one feed per resource, one log per distinct list, any number of readers. */
export class LiveLists {
  readonly #limits: LiveLimits;
  readonly #feeds = new Map<unknown, Feed>();
  readonly #logs = new Map<string, EventLog>();
  readonly #timer: NodeJS.Timeout;
  #readers = 0;

  constructor(limits: Partial<LiveLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#timer = setInterval(() => this.#tick(), this.#limits.tickMs);
    this.#timer.unref();
  }

  /**
   * Prepares a live list and returns the function that starts sending it. Throws Expired for a
   * position that is no longer kept, and TooManyRequests, before anything is sent.
   */
  async open(list: LiveList, follow: Follow): Promise<(sink: Sink) => Reader> {
    if (this.#readers >= this.#limits.readers) {
      throw tooMany('live lists');
    }

    const log = this.#log(list);
    await log.settle();

    const { position, initial } = follow;
    let from: InitialObjects | number = log.end;

    if (position !== '') {
      from = this.#find(log, position);
    } else if (initial) {
      from = await log.initialObjects();
    }

    const seconds = follow.timeoutSeconds ?? DEFAULT_SECONDS * (1 + Math.random());
    const { origin } = list;

    return (sink) => {
      this.#readers += 1;
      sink.onClose(() => {
        this.#readers -= 1;
      });

      const reader = new Reader(log, sink, {
        from,
        bookmarks: follow.bookmarks,
        endsAt: Date.now() + Math.min(seconds, MAX_SECONDS) * 1000,
        check: () => origin.gone() ?? follow.check(),
        stale: () => origin.stale(),
      });

      reader.pump();

      return reader;
    };
  }

  #find(log: EventLog, position: string): number {
    const place = log.feed.find(position);
    const from = place === undefined ? undefined : log.after(place);
    if (from === undefined) {
      throw expired(
        `too old resource version: ${position} is no longer kept; begin again without resourceVersion`,
      );
    }

    return from;
  }

  #log(list: LiveList): EventLog {
    const { origin, matches, page, offset, others } = list;
    let feed = this.#feeds.get(origin.key);
    if (!feed) {
      feed = origin.openFeed(this.#limits.window);
      this.#feeds.set(origin.key, feed);
    }

    const key = `${feed.id} ${list.key}`;
    let log = this.#logs.get(key);
    if (!log) {
      if (this.#logs.size >= this.#limits.logs) {
        this.#sweep(0);
      }
      if (this.#logs.size >= this.#limits.logs) {
        throw tooMany('different live lists');
      }

      const bytes = (entry: Entry) => origin.bytesOf(entry);
      log = matches
        ? new FilteredLog(feed, {
            matches,
            entries: async () => (await page()).entries,
            bytesOf: bytes,
          })
        : new PageLog(feed, { page, offset, others, bytesOf: bytes });

      this.#logs.set(key, log);
    }

    return log;
  }

  #tick(): void {
    const now = Date.now();

    for (const log of this.#logs.values()) {
      log.prune();
      for (const reader of [...log.readers]) {
        reader.tick(now, this.#limits);
      }
    }

    this.#sweep(this.#limits.lingerMs);
  }

  /** Closes logs that nobody has read for `ms` milliseconds, and feeds without logs. */
  #sweep(ms: number): void {
    const before = Date.now() - ms;
    const used = new Set<Feed>();

    for (const [key, log] of this.#logs) {
      if (log.readers.size > 0 || log.idleSince > before) {
        used.add(log.feed);
        continue;
      }

      log.close();
      this.#logs.delete(key);
    }

    for (const [key, feed] of this.#feeds) {
      if (used.has(feed)) {
        continue;
      }

      feed.close();
      this.#feeds.delete(key);
    }
  }

  /** Ends all readers and stops following. */
  close(): void {
    clearInterval(this.#timer);

    for (const log of this.#logs.values()) {
      for (const reader of [...log.readers]) {
        reader.end();
      }
      log.close();
    }

    for (const feed of this.#feeds.values()) {
      feed.close();
    }

    this.#logs.clear();
    this.#feeds.clear();
  }
}
