import type { Entry } from '@ks-apiserver/client/informer/entry';
import type { Store } from '@ks-apiserver/client/informer/store';
import type { Page } from '../resources/list/list.ts';
import type { Feed } from './feed.ts';
import { eventFrame, type Standing } from './frames.ts';
import type { Reader } from './reader.ts';
import { type Snapshot, View } from './view.ts';

/** What a page view shows. */
export interface PagedList {
  /** The page as a list answers it now. */
  page: () => Promise<Page>;
  /** Place of the page's first object in the list; undefined where events tell no places. */
  offset: number | undefined;
  bytesOf: (entry: Entry) => Buffer;
  /** Other stores on which it depends what is in the list. */
  others: readonly Store[];
}

/** An object of the page as its readers have it. */
interface Shown {
  entry: Entry;
  bytes: Buffer;
}

/**
 * The page is looked at again this long after a change, in milliseconds, and so rarely that it
 * takes a twentieth of the time.
 */
const SETTLE_MS = 50;
const SHARE = 20;

function keyOf({ namespace, name, uid }: Entry): string {
  return `${namespace}/${name}/${uid}`;
}

/**
 * One page, or a list whose filters look into other resources: made again after changes, what
 * differs is told.
 */
export class PageView extends View {
  readonly #list: PagedList;
  readonly #stops: (() => void)[];
  #shown = new Map<string, Shown>();
  #total = 0;
  /** The feed's place when the page was last looked at. */
  #place: number;
  #timer: NodeJS.Timeout | undefined;
  #cost = 0;
  /** Something has changed since the page was last looked at. */
  #dirty = true;
  #filled = false;
  #updating: Promise<void> | undefined;
  #snapshot: Snapshot | undefined;

  constructor(feed: Feed, list: PagedList) {
    super(feed, feed.place);
    this.#place = feed.place;
    this.#list = list;

    const changed = () => this.#schedule();

    const otherChanged = () => {
      // A place of its own: who has read up to here has not read this.
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

    // Without readers the next one has it looked at.
    if (this.#timer || this.readers.size === 0) {
      return;
    }

    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        // A page that cannot be made now is made after the next change.
        this.settle().catch(() => {});
      },
      Math.max(SETTLE_MS, this.#cost * SHARE),
    );

    this.#timer.unref();
  }

  override join(reader: Reader): void {
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
      this.#tell(entries, total, place);
      this.#place = place;
    }
  }

  /**
   * Tells what has left the page, then what has come or changed in the page's order: who applies it
   * so has the page.
   */
  #tell(entries: readonly Entry[], total: number, place: number): void {
    const { bytesOf } = this.#list;
    const before = this.#shown;
    const totalBefore = this.#total;

    this.#snapshot = undefined;
    this.#total = total;
    this.#shown = new Map(entries.map((entry) => [keyOf(entry), { entry, bytes: bytesOf(entry) }]));

    // Nobody has read anything yet.
    if (!this.#filled) {
      this.#filled = true;
      return;
    }

    const events: (() => Buffer)[] = [];

    const tell = (type: 'ADDED' | 'MODIFIED' | 'DELETED', bytes: Buffer, index?: number) => {
      const standing = this.#standing(index);
      const number = events.length;
      events.push(() => {
        // Only after the last one a reader has all of the place.
        const position = number === events.length - 1 ? this.feed.position(place) : undefined;
        return eventFrame(type, bytes, standing, position);
      });
    };

    for (const [key, { bytes }] of before) {
      if (!this.#shown.has(key)) {
        tell('DELETED', bytes);
      }
    }

    const ordered = this.#list.offset !== undefined;

    // The order in which the rest stands for who has applied what was told so far.
    const order = ordered ? [...before.keys()].filter((key) => this.#shown.has(key)) : [];
    [...this.#shown].forEach(([key, { bytes }], index) => {
      const known = before.get(key);
      const moved = ordered && order[index] !== key;

      if (!known) {
        tell('ADDED', bytes, index);
      } else if (moved || known.bytes !== bytes) {
        tell('MODIFIED', bytes, index);
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
        reader.remark();
      }
    }
  }

  async snapshot(): Promise<Snapshot> {
    await this.settle();

    if (this.#snapshot) {
      return this.#snapshot;
    }

    const objects = [...this.#shown.values()].map(({ bytes }) => bytes);
    this.#snapshot = {
      length: objects.length,
      bytes: (index) => objects[index]!,
      standing: (index) => this.#standing(index),
      next: this.end,
    };

    return this.#snapshot;
  }

  override close(): void {
    clearTimeout(this.#timer);

    for (const stop of this.#stops) {
      stop();
    }

    super.close();
  }
}
