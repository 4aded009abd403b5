import { expired, type StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { bookmarkFrame, errorFrame, eventPieces } from './frames.ts';
import type { Sink } from './sink.ts';
import type { Snapshot, View } from './view.ts';

/** Bytes that one reader gets before others have their turn. */
const BATCH_BYTES = 256 * 1024;

/** How long a reader that has been told to go may take for its last frames, in milliseconds. */
const LAST_MS = 10_000;

/** What a reader may ask for, and what ends it. */
export interface ReaderOptions {
  /** The objects that are there already come first; else events begin with this one of the view. */
  from: Snapshot | number;
  bookmarks: boolean;
  /** The watch ends at this time, in milliseconds since 1970. */
  endsAt: number;
  /** Why the reader may not go on; undefined while it may. Asked now and then. */
  check: () => StatusError | undefined;
  stale: () => string | undefined;
}

/** One reader of a view: a place in its log, and no queue of its own. */
export class Reader {
  readonly options: ReaderOptions;
  readonly #view: View;
  readonly #sink: Sink;
  #initial: { snapshot: Snapshot; index: number; until: number } | undefined;
  #next: number;
  #ended = false;
  #marking = false;
  #stale = false;
  /**
   * When something was last written, and since when nothing is taken, in milliseconds since 1970.
   */
  #wroteAt = Date.now();
  #blockedSince = 0;
  #beatAt = Date.now();

  constructor(view: View, sink: Sink, options: ReaderOptions) {
    this.#view = view;
    this.#sink = sink;
    this.options = options;

    const { from } = options;
    this.#next = typeof from === 'number' ? from : from.next;

    if (typeof from !== 'number') {
      this.#initial = { snapshot: from, index: 0, until: view.end };
    }

    view.join(this);
    sink.onDrain(() => this.pump());
    sink.onClose(() => this.#leave());
  }

  /** Writes what the reader takes. */
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

      // Also before it has all of the first objects: it could not go on after them.
      if (this.#next < this.#view.first) {
        this.#expire();
      } else if (initial && initial.index < initial.snapshot.length) {
        const { snapshot, index } = initial;
        initial.index += 1;
        more = write(eventPieces('ADDED', snapshot.bytes(index), snapshot.standing(index)));
      } else if (initial && this.#next >= initial.until) {
        this.#initial = undefined;
        more = this.options.bookmarks ? write([this.#bookmark(true)], this.#position()) : true;
      } else if (this.#next < this.#view.end) {
        const event = this.#view.event(this.#next);

        this.#next += 1;

        const position =
          event.last && !this.#initial ? this.#view.feed.position(event.place) : undefined;
        more = write([event.frame()], position);
      } else {
        if (this.#marking) {
          this.#marking = false;
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

    // More is there, and this reader is quick: after the others.
    if (!more && !this.#sink.blocked) {
      setImmediate(() => this.pump());
    }
  }

  /** Who has read all events of the view has everything of the feed. */
  #position(): string {
    const { feed } = this.#view;
    return feed.position(
      this.#next >= this.#view.end ? this.#view.place : this.#view.event(this.#next).place - 1,
    );
  }

  #bookmark(initialEventsEnd: boolean): Buffer {
    const stale = this.options.stale();
    this.#stale = stale !== undefined;
    const { feed, totalItems } = this.#view;
    return bookmarkFrame(feed.row, this.#position(), { initialEventsEnd, stale, totalItems });
  }

  /** Sends a bookmark after what is still to be read. */
  remark(): void {
    this.#marking = true;
    this.pump();
  }

  #expire(): void {
    this.fail(
      expired('too old resource version: what this reader has not taken yet is not kept any more'),
    );
  }

  /** Ends the stream with an error as its last event. */
  fail(error: StatusError): void {
    if (this.#ended) {
      return;
    }

    // An empty id makes who comes back begin anew (HTML Living Standard, "dispatch the event").
    this.#sink.write([errorFrame(error)], '');
    this.end();
  }

  /** Ends the stream like one whose time is up. */
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
    this.#view.leave(this);
  }

  /** What is due: the end, a bookmark, a heartbeat. */
  tick(now: number, every: { heartbeatMs: number; bookmarkMs: number; stalledMs: number }): void {
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

      if (this.#next < this.#view.first) {
        this.#expire();
      } else if (now - this.#blockedSince > every.stalledMs) {
        this.#sink.destroy();
      }

      return;
    }

    this.#blockedSince = 0;

    const stale = this.options.stale() !== undefined;
    if (now - this.#wroteAt >= every.bookmarkMs || stale !== this.#stale) {
      this.remark();
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
