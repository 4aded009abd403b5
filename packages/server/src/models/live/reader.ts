import { expired, type StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { EventLog, InitialObjects, LogReader, ReaderPeriods } from './event-log.ts';
import { bookmarkFrame, errorFrame, eventPieces } from './frames.ts';
import type { Sink } from './sink.ts';

/** Bytes that one reader gets before the others get a turn. */
const BATCH_BYTES = 256 * 1024;

/** How long the client may take to receive the last frames, in milliseconds. */
const LAST_MS = 10_000;

/** What a reader sends, and when it ends. */
export interface ReaderOptions {
  /** The objects to send first, or the number of the event to begin with. */
  from: InitialObjects | number;
  bookmarks: boolean;
  /** The watch ends at this time, in milliseconds since 1970. */
  endsAt: number;
  /** Returns why the caller may no longer read; undefined while they may. Called at each tick. */
  check: () => StatusError | undefined;
  /** Returns which copies are out of date, and for how long; undefined if none is. */
  stale: () => string | undefined;
}

/** One client's place in an event log; it has no queue of its own. */
export class Reader implements LogReader {
  readonly options: ReaderOptions;
  readonly #log: EventLog;
  readonly #sink: Sink;
  #initial: { objects: InitialObjects; index: number; until: number } | undefined;
  #next: number;
  #ended = false;
  #bookmarkDue = false;
  #stale = false;
  /** Time of the last write, in milliseconds since 1970. */
  #wroteAt = Date.now();
  /** Time since which the client has taken nothing; 0 while it takes what is written. */
  #blockedSince = 0;
  /** Time of the last heartbeat. */
  #beatAt = Date.now();

  constructor(log: EventLog, sink: Sink, options: ReaderOptions) {
    this.#log = log;
    this.#sink = sink;
    this.options = options;

    const { from } = options;
    this.#next = typeof from === 'number' ? from : from.next;

    if (typeof from !== 'number') {
      this.#initial = { objects: from, index: 0, until: log.end };
    }

    log.join(this);
    sink.onDrain(() => this.pump());
    sink.onClose(() => this.#leave());
  }

  pump(): void {
    if (this.#ended || this.#sink.blocked) {
      return;
    }

    this.#sink.cork();

    try {
      this.#writeBatch();
    } finally {
      this.#sink.uncork();
    }
  }

  #writeBatch(): void {
    let size = 0;

    const write = (frame: readonly Buffer[], position?: string): boolean => {
      for (const piece of frame) {
        size += piece.length;
      }
      return this.#sink.write(frame, position) && size < BATCH_BYTES;
    };

    let more = true;
    while (more && !this.#ended) {
      const initial = this.#initial;

      // Checked even while the first objects are sent: the events after them would be missing.
      if (this.#next < this.#log.first) {
        this.#expire();
      } else if (initial && initial.index < initial.objects.length) {
        const { objects, index } = initial;
        initial.index += 1;
        more = write(eventPieces('ADDED', objects.bytes(index), objects.standing(index)));
      } else if (initial && this.#next >= initial.until) {
        this.#initial = undefined;
        more = this.options.bookmarks ? write([this.#bookmark(true)], this.#position()) : true;
      } else if (this.#next < this.#log.end) {
        const event = this.#log.event(this.#next);

        this.#next += 1;

        const position =
          event.last && !this.#initial ? this.#log.feed.position(event.place) : undefined;
        more = write([event.frame()], position);
      } else {
        if (this.#bookmarkDue) {
          this.#bookmarkDue = false;
          if (this.options.bookmarks) {
            write([this.#bookmark(false)], this.#position());
          }
        }

        break;
      }
    }

    if (size > 0) {
      this.#wroteAt = Date.now();
    }

    // There is more and the client is fast enough: continue after the other readers.
    if (!more && !this.#sink.blocked) {
      setImmediate(() => this.pump());
    }
  }

  /** Returns the position to resume from: the log's own place once all its events are read. */
  #position(): string {
    const { feed } = this.#log;
    return feed.position(
      this.#next >= this.#log.end ? this.#log.place : this.#log.event(this.#next).place - 1,
    );
  }

  #bookmark(initialEventsEnd: boolean): Buffer {
    const stale = this.options.stale();
    this.#stale = stale !== undefined;
    const { feed, totalItems } = this.#log;
    return bookmarkFrame(feed.definition, this.#position(), {
      initialEventsEnd,
      stale,
      totalItems,
    });
  }

  requestBookmark(): void {
    this.#bookmarkDue = true;
    this.pump();
  }

  #expire(): void {
    this.fail(
      expired('too old resource version: the events that this reader missed are no longer kept'),
    );
  }

  /** Ends the stream with an error as its last event. */
  fail(error: StatusError): void {
    if (this.#ended) {
      return;
    }

    // An empty id makes a client that reconnects start over (HTML Living Standard, "dispatch the
    // event").
    this.#sink.write([errorFrame(error)], '');
    this.end();
  }

  end(): void {
    if (this.#ended) {
      return;
    }

    this.#ended = true;
    this.#sink.end();
    setTimeout(() => this.#sink.destroy(), LAST_MS).unref();
  }

  #leave(): void {
    this.#ended = true;
    this.#initial = undefined;
    this.#log.leave(this);
  }

  tick(now: number, every: ReaderPeriods): void {
    if (this.#ended) {
      return;
    }

    const error = this.options.check();
    if (error) {
      this.fail(error);
    } else if (now >= this.options.endsAt) {
      this.end();
    }

    if (this.#ended) {
      return;
    }

    if (this.#sink.blocked) {
      this.#blockedSince ||= now;

      if (this.#next < this.#log.first) {
        this.#expire();
      } else if (now - this.#blockedSince > every.stalledMs) {
        this.#sink.destroy();
      }

      return;
    }

    this.#blockedSince = 0;

    const stale = this.options.stale() !== undefined;
    if (now - this.#wroteAt >= every.bookmarkMs || stale !== this.#stale) {
      this.requestBookmark();
    }
    if (now - this.#beatAt < every.heartbeatMs) {
      return;
    }

    this.#beatAt = now;

    if (!this.#sink.heartbeat()) {
      this.#sink.destroy();
    }
  }
}
