import { expired, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Catalog } from '../resources/catalog/catalog.ts';
import type { ResourceDefinition } from '../resources/catalog/definition.ts';
import type { Page } from '../resources/list/list.ts';
import { bytesOf } from '../resources/list/render.ts';
import { Feed, WINDOW, type WindowLimits } from './feed.ts';
import { FilteredView } from './filtered-view.ts';
import { PageView } from './page-view.ts';
import { Reader } from './reader.ts';
import type { Sink } from './sink.ts';
import type { View } from './view.ts';

/** A list that somebody wants to follow. */
export interface LiveList {
  row: ResourceDefinition;
  store: Store;
  /**
   * Same for lists that show the same to everybody who asks for them: query, place and what the
   * caller may see.
   */
  key: string;
  /** The list as it is answered now. */
  page: () => Promise<Page>;
  /**
   * Whether an object is in the list, where that depends on the object alone and the list is whole.
   */
  matches: ((entry: Entry) => boolean) | undefined;
  /** Place of the first object, for a page; undefined for a whole list. */
  offset: number | undefined;
  /** Stores that the filters look into. */
  others: readonly Store[];
}

/** How somebody follows a list. */
export interface Follow {
  /** Position after which to go on; '' to begin with the objects that are there. */
  position: string;
  /** Without a position: whether the objects that are there come first. */
  initial: boolean;
  bookmarks: boolean;
  /**
   * The watch ends after this time, in seconds; undefined for half an hour to an hour, as with
   * Kubernetes.
   */
  timeoutSeconds: number | undefined;
  /** Why the caller may not go on; undefined while he may. */
  check: () => StatusError | undefined;
}

/** Times in milliseconds, and numbers. */
export interface LiveLimits {
  window: WindowLimits;
  tickMs: number;
  heartbeatMs: number;
  bookmarkMs: number;
  /** A reader that takes nothing for so long is cut, though nothing is lost for it yet. */
  stalledMs: number;
  /** How long a list without readers is followed for those who come back. */
  lingerMs: number;
  readers: number;
  views: number;
}

const LIMITS: LiveLimits = {
  window: WINDOW,
  tickMs: 500,
  heartbeatMs: 15_000,
  bookmarkMs: 60_000,
  stalledMs: 300_000,
  lingerMs: 60_000,
  readers: 10_000,
  views: 1000,
};

const DEFAULT_SECONDS = 1800;
const MAX_SECONDS = 86_400;
const RETRY_SECONDS = 5;

function tooMany(what: string): StatusError {
  return new StatusError(429, 'TooManyRequests', `too many ${what}: try again later`, {
    retryAfterSeconds: RETRY_SECONDS,
  });
}

/** All lists that are followed: one feed a resource, one view a query, any number of readers. */
export class LiveLists {
  readonly #catalog: Catalog;
  readonly #limits: LiveLimits;
  readonly #feeds = new Map<Store, Feed>();
  readonly #views = new Map<string, View>();
  readonly #timer: NodeJS.Timeout;
  #readers = 0;

  constructor(catalog: Catalog, limits: Partial<LiveLimits> = {}) {
    this.#catalog = catalog;
    this.#limits = { ...LIMITS, ...limits };
    this.#timer = setInterval(() => this.#tick(), this.#limits.tickMs);
    this.#timer.unref();
  }

  /**
   * Finds what a follower is to read, before anything of it is sent; the answer sends it. Throws
   * Expired for a position that is not kept any more, and TooManyRequests.
   */
  async open(list: LiveList, follow: Follow): Promise<(sink: Sink) => Reader> {
    if (this.#readers >= this.#limits.readers) {
      throw tooMany('live lists');
    }

    const view = this.#view(list);
    await view.settle();

    const { position, initial } = follow;
    const from =
      position !== '' ? this.#find(view, position) : initial ? await view.snapshot() : view.end;
    const seconds = follow.timeoutSeconds ?? DEFAULT_SECONDS * (1 + Math.random());
    const { row, store } = list;

    return (sink) => {
      this.#readers += 1;
      sink.onClose(() => {
        this.#readers -= 1;
      });

      const reader = new Reader(view, sink, {
        from,
        bookmarks: follow.bookmarks,
        endsAt: Date.now() + Math.min(seconds, MAX_SECONDS) * 1000,
        check: () => this.#removed(row, store) ?? follow.check(),
        stale: () => this.#catalog.staleness(row),
      });

      reader.pump();

      return reader;
    };
  }

  #find(view: View, position: string): number {
    const place = view.feed.find(position);
    const from = place === undefined ? undefined : view.after(place);
    if (from === undefined) {
      throw expired(
        `too old resource version: ${position} is not kept any more; begin again without resourceVersion`,
      );
    }

    return from;
  }

  /**
   * The copy that a list is read from is no more, for its CRD is gone or serves another version.
   */
  #removed(row: ResourceDefinition, store: Store): StatusError | undefined {
    return this.#catalog.storeOf(row) === store
      ? undefined
      : expired(`${row.resource} are not served any more`);
  }

  #view(list: LiveList): View {
    const { row, store, matches, page, offset, others } = list;
    let feed = this.#feeds.get(store);
    if (!feed) {
      feed = new Feed(row, store, this.#catalog, this.#limits.window);
      this.#feeds.set(store, feed);
    }

    const key = `${feed.id} ${list.key}`;
    let view = this.#views.get(key);
    if (!view) {
      if (this.#views.size >= this.#limits.views) {
        this.#sweep(0);
      }
      if (this.#views.size >= this.#limits.views) {
        throw tooMany('different live lists');
      }

      const bytes = (entry: Entry) => bytesOf(entry, row, this.#catalog);
      view = matches
        ? new FilteredView(feed, {
            matches,
            entries: async () => (await page()).entries,
            bytesOf: bytes,
          })
        : new PageView(feed, { page, offset, others, bytesOf: bytes });

      this.#views.set(key, view);
    }

    return view;
  }

  #tick(): void {
    const now = Date.now();

    for (const view of this.#views.values()) {
      view.prune();
      for (const reader of [...view.readers]) {
        reader.tick(now, this.#limits);
      }
    }

    this.#sweep(this.#limits.lingerMs);
  }

  /** Lets go of what nobody has read for a time, in milliseconds. */
  #sweep(ms: number): void {
    const before = Date.now() - ms;
    const used = new Set<Feed>();

    for (const [key, view] of this.#views) {
      if (view.readers.size > 0 || view.idleSince > before) {
        used.add(view.feed);
        continue;
      }

      view.close();
      this.#views.delete(key);
    }

    for (const [store, feed] of this.#feeds) {
      if (used.has(feed)) {
        continue;
      }

      feed.close();
      this.#feeds.delete(store);
    }
  }

  /** Ends everything. */
  close(): void {
    clearInterval(this.#timer);

    for (const view of this.#views.values()) {
      for (const reader of [...view.readers]) {
        reader.end();
      }
      view.close();
    }

    for (const feed of this.#feeds.values()) {
      feed.close();
    }

    this.#views.clear();
    this.#feeds.clear();
  }
}
