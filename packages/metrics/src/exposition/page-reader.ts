import type { Labels } from '../labels/labels.ts';
import type { SampleBatch } from '../samples/sample-batch.ts';
import { CODE, endOfName, isBlank, skipBlanks } from './characters.ts';
import { type Description, END_LINE, parseComment } from './comment-syntax.ts';
import { ExpositionError, SyntaxProblem } from './exposition-error.ts';
import { NumberReader } from './number-reader.ts';
import { parseSeries } from './series-syntax.ts';

/** The reference of a series whose samples are not kept. */
export const NOT_KEPT = -1;

/** Longest line of a page, in bytes. */
const MAX_LINE = 64 * 1024;

/** What a reader needs to know about the series of a page. */
export interface PageReaderOptions {
  /** Whether samples of a metric are kept; the lines of others are skipped, not checked. */
  wants: (metric: string) => boolean;
  /** Returns the reference of a series, or NOT_KEPT. */
  resolve: (labels: Labels) => number;
  /** Called with each comment that was not on the page before. */
  describe?: (description: Description) => void;
}

/** A line's text without its value, as it was on the last page. */
interface Line {
  readonly text: string;
  readonly isComment: boolean;
  ref: number;
  /** The last page that had it. */
  page: number;
  /** Where it was on that page. */
  position: number;
}

/**
 * Reads the pages that one target shows from time to time, in Prometheus' text format or
 * OpenMetrics. It remembers the lines of the last page: where the next page names the same series
 * in the same order, a line costs a comparison and its number. Timestamps and exemplars are ignored.
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

  constructor(options: PageReaderOptions) {
    this.#options = options;
  }

  /**
   * Reads a page, its bytes given as characters: adds its samples to a batch, and the ends of the
   * series that the page before had. Throws an ExpositionError; the batch is of no use then, and
   * `end` is to be called.
   */
  read(page: string, batch: SampleBatch): void {
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

  /** Marks the end of all series of the last page that could be read, and forgets all pages. */
  end(batch: SampleBatch): void {
    for (const { ref } of this.#previous) {
      if (ref !== NOT_KEPT) {
        batch.end(ref);
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
        line.ref = this.#options.resolve(parseSeries(line.text, 0).labels);
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
    const { labels, end } = parseSeries(page, at);
    const text = page.slice(at, end);

    return this.#lines.get(text) ?? this.#add(text, this.#options.resolve(labels), 'series');
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
    };

    this.#lines.set(line.text, line);

    return line;
  }

  /** Reads the value behind a series; returns the offset of the next line, -1 if there is none. */
  #readValue(page: string, at: number, { ref }: Line): number {
    const numbers = this.#numbers;
    const start = skipBlanks(page, at);
    if (start === at && page.charCodeAt(at - 1) !== CODE.closeBrace) {
      return -1;
    }

    const value = numbers.read(page, start);
    let { end } = numbers;
    if (end >= 0 && page.charCodeAt(end) !== CODE.newline) {
      end = this.#endOfSample(page, end);
    }
    if (end < 0) {
      return -1;
    }

    if (ref !== NOT_KEPT) {
      this.#batch?.add(ref, value);
    }

    return end + 1;
  }

  /** Returns the offset of the end of a line behind its value; -1 if anything else is there. */
  #endOfSample(page: string, at: number): number {
    let end = skipBlanks(page, at);

    if (!isLineEnd(page, end) && page.charCodeAt(end) !== CODE.hash) {
      this.#numbers.read(page, end);
      end = this.#numbers.end < 0 ? end : skipBlanks(page, this.#numbers.end);
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
      if (line.page !== this.#page && this.#lines.delete(line.text) && line.ref !== NOT_KEPT) {
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
