import type { Change } from '@ks-apiserver/client/informer/informer-store';
import type { Feed } from './feed.ts';
import type { Standing } from './frames.ts';

/** One event of a log. */
export interface LogEvent {
  /** Place in the feed: a reader of this event has everything up to there, if `last`. */
  readonly place: number;
  /** False for an event that others of the same place follow. */
  readonly last: boolean;
  /** The line of JSON, made when the first reader needs it. */
  frame(): Buffer;
}

/** The objects that a new reader gets first: those that existed before its watch. */
export interface InitialObjects {
  readonly length: number;
  bytes(index: number): Buffer;
  standing(index: number): Standing | undefined;
  /** Number of the event that the reader continues with. */
  readonly next: number;
}

/** Times in milliseconds after which a reader has something to do. */
export interface ReaderPeriods {
  heartbeatMs: number;
  bookmarkMs: number;
  stalledMs: number;
}

/** What a log and the list of logs need of a reader. */
export interface LogReader {
  /** Writes as many events as the connection takes. */
  pump(): void;
  /** Sends a bookmark after the events that are still to be read. */
  requestBookmark(): void;
  /** Does what is due: ends, sends a bookmark or a heartbeat. */
  tick(now: number, periods: ReaderPeriods): void;
  /** Ends the stream normally, as at its time limit. */
  end(): void;
}

/** Number of readers that are served before other requests get a turn. */
const READERS_PER_TURN = 250;

/**
 * The numbered events of one distinct live list, and its readers. Each event is found and
 * serialised once, however many readers there are.
 */
export abstract class EventLog {
  readonly feed: Feed;
  readonly readers = new Set<LogReader>();
  /** When the last reader left, in milliseconds since 1970. */
  idleSince = Date.now();
  protected events: LogEvent[] = [];
  #first = 0;
  #since: number;
  #flushing = false;

  /** `since`: the place in the feed after which the log will hold every event. */
  constructor(feed: Feed, since: number) {
    this.feed = feed;
    this.#since = since;
  }

  /**
   * Returns the objects of the list now, and the event to continue with. Changes that the objects
   * already contain may come again as events.
   */
  abstract initialObjects(): Promise<InitialObjects>;

  join(reader: LogReader): void {
    this.readers.add(reader);
  }

  leave(reader: LogReader): void {
    this.readers.delete(reader);
    if (this.readers.size === 0) {
      this.idleSince = Date.now();
    }
  }

  /** Waits until the log holds the events of all changes so far. */
  async settle(): Promise<void> {}

  /** Number of objects in the whole list; undefined where events do not carry it. */
  abstract get totalItems(): number | undefined;

  /** The place in the feed up to which the log holds every event. */
  get place(): number {
    return this.feed.place;
  }

  close(): void {
    this.events = [];
  }

  /** Number of the earliest event in the log. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next event will have. */
  get end(): number {
    return this.#first + this.events.length;
  }

  /** Returns an event from `first` up to, but not including, `end`. */
  event(number: number): LogEvent {
    // Callers compare the number with `first` and `end` before.
    return this.events[number - this.#first]!;
  }

  /** Returns the number of the first event after a place; undefined if some are no longer kept. */
  after(place: number): number | undefined {
    if (place < Math.max(this.#since, this.feed.floor)) {
      return undefined;
    }

    let low = 0;
    let high = this.events.length;

    while (low < high) {
      const middle = (low + high) >>> 1;
      // `middle` is below `high`, which is at most the length.
      if (this.events[middle]!.place <= place) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    return this.#first + low;
  }

  /** Drops events that are older than what the feed keeps. */
  prune(): void {
    const { floor } = this.feed;
    const kept = this.events.findIndex(({ place }) => place > floor);
    const dropped = kept < 0 ? this.events.length : kept;
    if (dropped === 0) {
      return;
    }

    this.events = this.events.slice(dropped);
    this.#first += dropped;
  }

  protected append(event: LogEvent): void {
    this.events.push(event);

    // Rarely, so that the cost per event is negligible.
    if (this.events.length % 256 === 0) {
      this.prune();
    }
    if (this.#flushing || this.readers.size === 0) {
      return;
    }

    this.#flushing = true;
    setImmediate(() => this.#flush([...this.readers], 0));
  }

  #flush(readers: readonly LogReader[], from: number): void {
    this.#flushing = false;

    for (const reader of readers.slice(from, from + READERS_PER_TURN)) {
      reader.pump();
    }

    if (from + READERS_PER_TURN < readers.length) {
      setImmediate(() => this.#flush(readers, from + READERS_PER_TURN));
    }
  }
}

/**
 * Returns the type of event for a list that contained an object before a change or not, and
 * contains it after the change or not; undefined for no event.
 */
export function eventTypeOf(before: boolean, after: boolean): Change['type'] | undefined {
  if (after) {
    return before ? 'MODIFIED' : 'ADDED';
  }
  return before ? 'DELETED' : undefined;
}
