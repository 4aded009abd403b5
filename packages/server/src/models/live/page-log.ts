import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { InformerStore } from '@ks-apiserver/client/informer/informer-store';
import type { Page } from '../resources/list/list.ts';
import { EventLog, type InitialObjects, type LogReader } from './event-log.ts';
import type { Feed } from './feed.ts';
import { eventFrame, type Standing } from './frames.ts';
import { pageDifferences } from './page-differences.ts';

/** The list that a page log follows. */
export interface PagedList {
  /** Returns the page as a list call would answer it now. */
  page: () => Promise<Page>;
  /** Index of the page's first object in the list; undefined where events carry no index. */
  offset: number | undefined;
  bytesOf: (entry: Entry) => Buffer;
  /** Other stores that decide what is in the list. */
  others: readonly InformerStore[];
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
  /** The page's objects by their keys, as they were sent to readers. */
  #shown = new Map<string, Buffer>();
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

  /** Replaces what readers are shown, and appends the differences as events. */
  #appendDifferences(entries: readonly Entry[], total: number, place: number): void {
    const { bytesOf } = this.#list;
    const before = this.#shown;
    const totalBefore = this.#total;

    this.#initial = undefined;
    this.#total = total;
    this.#shown = new Map(entries.map((entry) => [keyOf(entry), bytesOf(entry)]));

    // The first time there is nothing to compare with.
    if (!this.#filled) {
      this.#filled = true;
      return;
    }

    const ordered = this.#list.offset !== undefined;
    const differences = pageDifferences(before, this.#shown, { ordered });

    differences.forEach(({ type, bytes, index }, number) => {
      const last = number === differences.length - 1;
      const standing = this.#standing(index);

      // A reader has all of this place only after the last event.
      const position = () => (last ? this.feed.position(place) : undefined);

      let frame: Buffer | undefined;
      const makeFrame = () => (frame ??= eventFrame(type, bytes, standing, position()));
      this.append({ place, last, frame: makeFrame });
    });

    if (differences.length === 0 && total !== totalBefore && ordered) {
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

    const objects = [...this.#shown.values()];
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
