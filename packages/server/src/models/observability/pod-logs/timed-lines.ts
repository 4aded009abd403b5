/** A line of a container's log, or a piece of a very long one. */
export interface TimedLine {
  /** When it was written, as the kubelet shows it (RFC 3339 with up to nine digits). */
  readonly time: string;
  readonly text: string;
}

/** Longer lines are kept in several pieces, in bytes. */
const MAX_LINE_BYTES = 256 * 1024;

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?/;

const LINE_FEED = 0x0a;
const NOTHING = Buffer.alloc(0);

/** Reads lines from the chunks of a log that was asked for with `timestamps=true`. */
export class TimedLines {
  #rest: Buffer = NOTHING;
  #time = '';
  /** Whether the rest continues a line of which a piece has been returned. */
  #isContinuation = false;

  /** Returns the lines that a chunk completes. */
  add(chunk: Uint8Array): TimedLine[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const lines: TimedLine[] = [];
    let start = 0;

    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      this.#take(bytes.subarray(start, end), lines);
      this.#isContinuation = false;
      start = end + 1;
    }

    this.#rest = bytes.subarray(start);

    if (this.#rest.byteLength > MAX_LINE_BYTES) {
      this.#take(this.#rest, lines);
      this.#isContinuation = true;
      this.#rest = NOTHING;
    }

    return lines;
  }

  /** Returns the last line of a log that has ended without a line feed. */
  end(): TimedLine[] {
    const lines: TimedLine[] = [];

    if (this.#rest.byteLength > 0) {
      this.#take(this.#rest, lines);
      this.#rest = NOTHING;
    }

    return lines;
  }

  #take(bytes: Buffer, lines: TimedLine[]): void {
    const text = bytes.toString();
    const [prefix, time] = (!this.#isContinuation && TIMED.exec(text)) || ['', undefined];

    this.#time = time ?? this.#time;

    // Text before the first time is no line of the log, but a message of what shows it.
    if (this.#time !== '') {
      lines.push({ time: this.#time, text: text.slice(prefix.length) });
    }
  }
}
