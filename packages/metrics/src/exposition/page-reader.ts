import type { SampleBatch } from '../samples/sample-batch.ts';
import type { StampedSamples } from '../samples/stamped-samples.ts';
import { CODE, endOfName, isBlank, skipBlanks } from './characters.ts';
import { type Description, END_LINE, parseComment } from './comment-syntax.ts';
import { ExpositionError, SyntaxProblem } from './exposition-error.ts';
import { NumberReader } from './number-reader.ts';
import { parseSeries, type SeriesSyntax } from './series-syntax.ts';

/** The reference of a series whose samples are not kept. */
export const NOT_KEPT = -1;

/** Longest line of a page, in bytes. */
const MAX_LINE = 64 * 1024;

/** What a reader needs to know about the series of a page. */
export interface PageReaderOptions {
  /** Whether samples of a metric are kept; the lines of others are skipped, not checked. */
  wants: (metric: string) => boolean;
  /** Returns the reference of a series, or NOT_KEPT. */
  resolve: (series: SeriesSyntax) => number;
  /** Takes the samples that have a timestamp; without it timestamps are ignored. */
  stamped?: StampedSamples;
  /** Called with each comment that was not on the page before. */
  describe?: (description: Description) => void;
}

/** What a page is written in: in OpenMetrics, timestamps are seconds instead of milliseconds. */
export type PageFormat = 'text' | 'openmetrics';

/** A line's text without its value, as it was on the last page. */
interface Line {
  readonly text: string;
  readonly isComment: boolean;
  ref: number;
  /** The last page that had it. */
  page: number;
  /** Where it was on that page. */
  position: number;
  /** Whether its sample had a timestamp: such a series is not ended where it vanishes. */
  isStamped: boolean;
}

/**
 * Reads the pages that one target shows from time to time, in Prometheus' text format or
 * OpenMetrics. It remembers the lines of the last page: where the next page names the same series
 * in the same order, a line costs a comparison and its number. Exemplars are ignored.
 */
export class PageReader {
  readonly #options: PageReaderOptions;
  readonly #numbers = new NumberReader();
  readonly #lines = new Map<string, Line>();
  #previous: Line[] = [];
  #current: Line[] = [];
  /** Index in `#previous` of the line that is expected next. */
  #expected = 0;
  #page = 0;
  /** The metric whose lines are being skipped. */
  #unwanted = '';
  #batch: SampleBatch | undefined;
  /** Milliseconds of the unit of the page's timestamps. */
  #unit = 1;
  /** Timestamp of the sample that is being read, in milliseconds; NaN where it has none. */
  #stamp = Number.NaN;
  #added = 0;

  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads a page, its bytes given as characters: adds its samples to a batch, and the ends of the
   * series that the page before had. Throws an ExpositionError; the batch is of no use then, and
   * `end` is to be called.
   */
  read(page: string, batch: SampleBatch, format: PageFormat = 'text'): void {
    this.#unit = format === 'openmetrics' ? 1000 : 1;
    this.#added = 0;
    this.#page += 1;
    this.#expected = 0;
    this.#unwanted = '';
    this.#batch = batch;

    let at = 0;

    try {
      while (at < page.length) {
        at = this.#readExpected(page, at);
      }
    } catch (error) {
      throw error instanceof SyntaxProblem
        ? new ExpositionError(lineNumber(page, at), error.message)
        : error;
    }

    this.#endVanished(batch);
    this.#turn();
  }

  /** How many lines the last page had that could be read. */
  get size(): number {
    return this.#previous.length;
  }

  /** How many series the last page had that were not on the page before. */
  get added(): number {
    return this.#added;
  }

  /** Marks the end of all series of the last page that could be read, and forgets all pages. */
  end(batch: SampleBatch): void {
    for (const line of this.#previous) {
      if (mustEnd(line)) {
        batch.end(line.ref);
      }
    }

    this.#lines.clear();
    this.#previous = [];
    this.#current = [];
  }

  /** Asks for all references again: those that were known are not valid any more. */
  resolveAgain(): void {
    for (const line of this.#lines.values()) {
      if (!line.isComment) {
        line.ref = this.#options.resolve(parseSeries(line.text, 0));
      }
    }
  }

  /** Reads the line at `at`; returns the offset of the next. */
  #readExpected(page: string, at: number): number {
    const line = this.#previous[this.#expected];

    if (line && page.startsWith(line.text, at)) {
      const end = at + line.text.length;
      const next = line.isComment ? endOfComment(page, end) : this.#readValue(page, end, line);
      if (next > 0) {
        this.#keep(line);
        return next;
      }
    }

    return this.#readOther(page, at);
  }

  /** Reads a line that is not the expected one. */
  #readOther(page: string, at: number): number {
    if (this.#unwanted !== '' && page.startsWith(this.#unwanted, at)) {
      const code = page.charCodeAt(at + this.#unwanted.length);
      if (code === CODE.openBrace || isBlank(code)) {
        return endOfLine(page, at) + 1;
      }
    }

    const start = skipBlanks(page, at);

    switch (page.charCodeAt(start)) {
      case CODE.newline:
        return start + 1;
      case CODE.carriageReturn:
        return endOfComment(page, start);
      case CODE.hash:
        return this.#readComment(page, start);
      default:
        return start < page.length ? this.#readSample(page, start) : start;
    }
  }

  #readSample(page: string, at: number): number {
    const name = page.slice(at, endOfName(page, at, 'metric'));

    if (name !== '' && !this.#options.wants(name)) {
      this.#unwanted = name;
      return endOfLine(page, at) + 1;
    }

    const lineEnd = endOfLine(page, at);
    const known = this.#lines.get(page.slice(at, endOfSeries(page, at, lineEnd)));
    const line = known ?? this.#addSeries(page, at);
    const next = this.#readValue(page, at + line.text.length, line);
    if (next < 0) {
      throw new SyntaxProblem('a number is expected, and then nothing but a timestamp');
    }

    this.#expect(line);

    return next;
  }

  #addSeries(page: string, at: number): Line {
    const series = parseSeries(page, at);
    const text = page.slice(at, series.end);
    const known = this.#lines.get(text);
    if (known) {
      return known;
    }

    this.#added += 1;

    return this.#add(text, this.#options.resolve(series), 'series');
  }

  #readComment(page: string, at: number): number {
    const end = endOfLine(page, at);
    const text = page.slice(at, end);
    if (text.trimEnd() === END_LINE) {
      return page.length;
    }

    const known = this.#lines.get(text);
    const description = known ? undefined : parseComment(text);
    if (known) {
      this.#expect(known);
    } else if (description && this.#options.wants(description.metric)) {
      this.#options.describe?.(description);
      this.#expect(this.#add(text, NOT_KEPT, 'comment'));
    }

    return end + 1;
  }

  #add(text: string, ref: number, kind: 'series' | 'comment'): Line {
    const isComment = kind === 'comment';

    const line = {
      // A part of the page's text would keep the whole page in memory.
      text: Buffer.from(text, 'latin1').toString('latin1'),
      isComment,
      ref,
      page: 0,
      position: -1,
      isStamped: false,
    };

    this.#lines.set(line.text, line);

    return line;
  }

  /** Reads the value behind a series; returns the offset of the next line, -1 if there is none. */
  #readValue(page: string, at: number, line: Line): number {
    const numbers = this.#numbers;
    const start = skipBlanks(page, at);
    if (start === at && page.charCodeAt(at - 1) !== CODE.closeBrace) {
      return -1;
    }

    const value = numbers.read(page, start);
    let { end } = numbers;
    this.#stamp = Number.NaN;

    if (end >= 0 && page.charCodeAt(end) !== CODE.newline) {
      end = this.#endOfSample(page, end);
    }
    if (end < 0) {
      return -1;
    }

    if (line.ref !== NOT_KEPT) {
      this.#take(line, value);
    }

    return end + 1;
  }

  #take(line: Line, value: number): void {
    const { stamped } = this.#options;

    line.isStamped = stamped !== undefined && !Number.isNaN(this.#stamp);

    if (line.isStamped) {
      stamped?.add(this.#stamp, line.ref, value);
    } else {
      this.#batch?.add(line.ref, value);
    }
  }

  /**
   * Reads what is behind a value, a timestamp or nothing. Returns the offset of the end of the line;
   * -1 if anything else is there.
   */
  #endOfSample(page: string, at: number): number {
    let end = skipBlanks(page, at);

    if (!isLineEnd(page, end) && page.charCodeAt(end) !== CODE.hash) {
      const stamp = Math.round(this.#numbers.read(page, end) * this.#unit);

      if (this.#numbers.end >= 0) {
        this.#stamp = stamp;
        end = skipBlanks(page, this.#numbers.end);
      }
    }

    if (page.charCodeAt(end) === CODE.hash) {
      return endOfLine(page, end);
    }

    return isLineEnd(page, end) ? endOfLine(page, end) : -1;
  }

  #keep(line: Line): void {
    line.page = this.#page;
    this.#current.push(line);
    this.#expected += 1;
  }

  /** Keeps a line that was not expected; those that followed it on the last page are expected. */
  #expect(line: Line): void {
    this.#expected = line.position < 0 ? this.#expected : line.position + 1;
    line.page = this.#page;
    this.#current.push(line);
  }

  #endVanished(batch: SampleBatch): void {
    for (const line of this.#previous) {
      if (line.page !== this.#page && this.#lines.delete(line.text) && mustEnd(line)) {
        batch.end(line.ref);
      }
    }
  }

  /** Makes the current page the previous one. */
  #turn(): void {
    const emptied = this.#previous;

    this.#previous = this.#current;
    emptied.length = 0;
    this.#current = emptied;

    for (let position = 0; position < this.#previous.length; position++) {
      const line = this.#previous[position];
      if (line) {
        line.position = position;
      }
    }
  }
}

/** Whether a line names a series that ends where the next page does not have it. */
function mustEnd({ ref, isStamped }: Line): boolean {
  return ref !== NOT_KEPT && !isStamped;
}

function isLineEnd(page: string, at: number): boolean {
  const code = page.charCodeAt(at);
  return code === CODE.newline || code === CODE.carriageReturn || at >= page.length;
}

/** Returns the offset of the end of the line at `at`; throws when the line is too long. */
function endOfLine(page: string, at: number): number {
  const newline = page.indexOf('\n', at);
  const end = newline < 0 ? page.length : newline;
  if (end - at > MAX_LINE) {
    throw new SyntaxProblem(`longer than ${MAX_LINE} bytes`);
  }

  return end;
}

/** Returns the offset behind the end of a line that must end at `at`; -1 if it goes on. */
function endOfComment(page: string, at: number): number {
  return isLineEnd(page, at) ? endOfLine(page, at) + 1 : -1;
}

/** Returns where a series that was read before would end: behind its last brace, or its name. */
function endOfSeries(page: string, at: number, lineEnd: number): number {
  const brace = page.lastIndexOf('}', lineEnd - 1);
  return brace < at ? endOfName(page, at, 'metric') : brace + 1;
}

function lineNumber(page: string, at: number): number {
  let line = 1;

  for (let newline = page.indexOf('\n'); newline >= 0 && newline < at; line += 1) {
    newline = page.indexOf('\n', newline + 1);
  }

  return line;
}
