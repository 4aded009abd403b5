import type { Change } from '@ks-apiserver/client/informer/store';
import type { Feed } from './feed.ts';
import type { Standing } from './frames.ts';
import type { Reader } from './reader.ts';

/** One event of a view. */
export interface ViewEvent {
  /** Place in the feed; a reader who has this event has everything up to there, if `last`. */
  readonly place: number;
  /** False for an event after which others of the same place follow. */
  readonly last: boolean;
  /** The line of JSON, made when the first reader needs it. */
  frame(): Buffer;
}

/** What a new reader gets first: the objects that are there before the watch. */
export interface Snapshot {
  readonly length: number;
  bytes(index: number): Buffer;
  standing(index: number): Standing | undefined;
  /** The event of the log with which to go on. */
  readonly next: number;
}

/** Readers that are served before other work gets its turn. */
const SLICE = 250;

/**
 * All readers of one query, and its log of events: they are found and written down once, however
 * many read them.
 */
export abstract class View {
  readonly feed: Feed;
  readonly readers = new Set<Reader>();
  /** When the last reader left, in milliseconds since 1970. */
  idleSince = Date.now();
  protected log: ViewEvent[] = [];
  #first = 0;
  #since: number;
  #flushing = false;

  /** `since`: the place after which the log will have everything. */
  constructor(feed: Feed, since: number) {
    this.feed = feed;
    this.#since = since;
  }

  /**
   * The objects of the list now, and the event that comes after them; some of what follows may be
   * in them already.
   */
  abstract snapshot(): Promise<Snapshot>;

  /** Takes a reader in. */
  join(reader: Reader): void {
    this.readers.add(reader);
  }

  leave(reader: Reader): void {
    this.readers.delete(reader);
    if (this.readers.size === 0) {
      this.idleSince = Date.now();
    }
  }

  /** Brings the log up to what has happened. */
  async settle(): Promise<void> {}

  /** How many objects the whole list has, where events tell it. */
  abstract get totalItems(): number | undefined;

  /** The place up to which the log has everything. */
  get place(): number {
    return this.feed.place;
  }

  close(): void {
    this.log = [];
  }

  /** Number of the earliest event that is still kept. */
  get first(): number {
    return this.#first;
  }

  /** Number of the event that comes next. */
  get end(): number {
    return this.#first + this.log.length;
  }

  event(number: number): ViewEvent {
    return this.log[number - this.#first]!;
  }

  /** The first event after a place; undefined where events after it are missing. */
  after(place: number): number | undefined {
    if (place < Math.max(this.#since, this.feed.floor)) {
      return undefined;
    }

    let low = 0;
    let high = this.log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.log[middle]!.place <= place) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    return this.#first + low;
  }

  /** Forgets events that have fallen out of the feed's window. */
  prune(): void {
    let dropped = 0;
    while (dropped < this.log.length && this.log[dropped]!.place <= this.feed.floor) {
      dropped += 1;
    }

    if (dropped === 0) {
      return;
    }

    this.log = this.log.slice(dropped);
    this.#first += dropped;
  }

  protected append(event: ViewEvent): void {
    this.log.push(event);

    // Now and then, so that it costs nothing an event.
    if (this.log.length % 256 === 0) {
      this.prune();
    }
    if (this.#flushing || this.readers.size === 0) {
      return;
    }

    this.#flushing = true;
    setImmediate(() => this.#flush([...this.readers], 0));
  }

  #flush(readers: readonly Reader[], from: number): void {
    this.#flushing = false;

    for (const reader of readers.slice(from, from + SLICE)) {
      reader.pump();
    }

    if (from + SLICE < readers.length) {
      setImmediate(() => this.#flush(readers, from + SLICE));
    }
  }
}

/**
 * The type of an event for a reader to whom an object is shown or not, before and after a change.
 */
export function outcome(before: boolean, after: boolean): Change['type'] | undefined {
  if (after) {
    return before ? 'MODIFIED' : 'ADDED';
  }
  return before ? 'DELETED' : undefined;
}
