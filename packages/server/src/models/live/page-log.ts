import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Page } from '../resources/list/list.ts';
import { EventLog, type InitialObjects, type LogReader } from './event-log.ts';
import type { Feed } from './feed.ts';
import { eventFrame, type Standing } from './frames.ts';

/** The list that a page log follows. */
export interface PagedList {
  /** Returns the page as a list call would answer it now. */
  page: () => Promise<Page>;
  /** Index of the page's first object in the list; undefined where events carry no index. */
  offset: number | undefined;
  bytesOf: (entry: Entry) => Buffer;
  /** Other stores that decide what is in the list. */
  others: readonly Store[];
}

/** An object of the page as it was sent to readers. */
interface Shown {
  entry: Entry;
  bytes: Buffer;
}

/** The page is made again this long after a change, in milliseconds. */
const SETTLE_MS = 50;

/** It is made again so rarely that it takes at most one part in this many of the time. */
const SHARE = 20;

function keyOf({ namespace, name, uid }: Entry): string {
  return `${namespace}/${name}/${uid}`;
}

/**
 * The events of one page, or of a list whose filters look into other resources: the page is made
 * again after changes, and the differences become events.
 */
export class PageLog extends EventLog {
  readonly #list: PagedList;
  readonly #stops: (() => void)[];
  #shown = new Map<string, Shown>();
  #total = 0;
  /** The feed's place when the page was last made. */
  #place: number;
  #timer: NodeJS.Timeout | undefined;
  #cost = 0;
  /** Whether something has changed since the page was last made. */
  #dirty = true;
  #filled = false;
  #updating: Promise<void> | undefined;
  #initial: InitialObjects | undefined;

  constructor(feed: Feed, list: PagedList) {
    super(feed, feed.place);
    this.#place = feed.place;
    this.#list = list;

    const changed = () => this.#schedule();

    const otherChanged = () => {
      // A new place in the feed: readers that have read up to the last one lack this change.
      if (!this.#dirty) {
        feed.advance();
      }

      changed();
    };

    this.#stops = [
      feed.onSlot(changed),
      ...list.others.map((store) => store.onChange(otherChanged)),
    ];
  }

  override get place(): number {
    return this.#dirty || this.#updating ? this.#place : this.feed.place;
  }

  get totalItems(): number | undefined {
    return this.#list.offset === undefined ? undefined : this.#total;
  }

  #standing(index?: number): Standing | undefined {
    const { offset } = this.#list;
    if (offset === undefined) {
      return undefined;
    }

    return { ...(index !== undefined && { index: offset + index }), totalItems: this.#total };
  }

  #schedule(): void {
    this.#dirty = true;

    // Without readers, the next one to join has the page made again.
    if (this.#timer || this.readers.size === 0) {
      return;
    }

    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        // A page that cannot be made now is made again after the next change.
        this.settle().catch(() => {});
      },
      Math.max(SETTLE_MS, this.#cost * SHARE),
    );

    this.#timer.unref();
  }

  override join(reader: LogReader): void {
    super.join(reader);
    if (this.#dirty) {
      this.#schedule();
    }
  }

  override settle(): Promise<void> {
    this.#updating ??= this.#update().finally(() => {
      this.#updating = undefined;
    });
    return this.#updating;
  }

  async #update(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false;

      const { place } = this.feed;
      const start = performance.now();

      const { entries, total } = await this.#list.page().catch((error) => {
        this.#dirty = true;
        throw error;
      });

      this.#cost = performance.now() - start;
      this.#appendDifferences(entries, total, place);
      this.#place = place;
    }
  }

  /**
   * Appends events for what has left the page, then for what is new or changed, in the page's
   * order: a reader that applies them in turn has the new page.
   */
  #appendDifferences(entries: readonly Entry[], total: number, place: number): void {
    const { bytesOf } = this.#list;
    const before = this.#shown;
    const totalBefore = this.#total;

    this.#initial = undefined;
    this.#total = total;
    this.#shown = new Map(entries.map((entry) => [keyOf(entry), { entry, bytes: bytesOf(entry) }]));

    // The first time there is nothing to compare with.
    if (!this.#filled) {
      this.#filled = true;
      return;
    }

    const events: (() => Buffer)[] = [];

    const add = (type: 'ADDED' | 'MODIFIED' | 'DELETED', bytes: Buffer, index?: number) => {
      const standing = this.#standing(index);
      const number = events.length;
      events.push(() => {
        // A reader has all of this place only after the last event.
        const position = number === events.length - 1 ? this.feed.position(place) : undefined;
        return eventFrame(type, bytes, standing, position);
      });
    };

    for (const [key, { bytes }] of before) {
      if (!this.#shown.has(key)) {
        add('DELETED', bytes);
      }
    }

    const ordered = this.#list.offset !== undefined;

    // The order of the remaining objects after a reader has applied the events so far.
    const order = ordered ? [...before.keys()].filter((key) => this.#shown.has(key)) : [];
    [...this.#shown].forEach(([key, { bytes }], index) => {
      const known = before.get(key);
      const moved = ordered && order[index] !== key;

      if (!known) {
        add('ADDED', bytes, index);
      } else if (moved || known.bytes !== bytes) {
        add('MODIFIED', bytes, index);
      } else {
        return;
      }

      if (!moved) {
        return;
      }

      const at = order.indexOf(key);
      if (at >= 0) {
        order.splice(at, 1);
      }

      order.splice(index, 0, key);
    });

    events.forEach((make, number) => {
      let frame: Buffer | undefined;
      this.append({ place, last: number === events.length - 1, frame: () => (frame ??= make()) });
    });

    if (events.length === 0 && total !== totalBefore && ordered) {
      for (const reader of this.readers) {
        reader.requestBookmark();
      }
    }
  }

  async initialObjects(): Promise<InitialObjects> {
    await this.settle();

    if (this.#initial) {
      return this.#initial;
    }

    const objects = [...this.#shown.values()].map(({ bytes }) => bytes);
    this.#initial = {
      length: objects.length,
      // The reader stays below `length`.
      bytes: (index) => objects[index]!,
      standing: (index) => this.#standing(index),
      next: this.end,
    };

    return this.#initial;
  }

  override close(): void {
    clearTimeout(this.#timer);

    for (const stop of this.#stops) {
      stop();
    }

    super.close();
  }
}
