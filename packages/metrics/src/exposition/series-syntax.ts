import { isUtf8 } from 'node:buffer';
import { type Labels, makeLabels, NAME_LABEL } from '../labels/labels.ts';
import { CODE, endOfName, skipBlanks } from './characters.ts';
import { SyntaxProblem } from './exposition-error.ts';

/** The part of a line that names a series. */
export interface SeriesSyntax {
  readonly labels: Labels;
  /** Names of labels that are given an empty value, which means that there is no such label. */
  readonly empty: readonly string[];
  /** Offset behind the part. */
  readonly end: number;
}

/** Most labels of a series. */
const MAX_LABELS = 128;

/** Returns the text that bytes of UTF-8, given as characters, mean. */
export function decodeText(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');

  if (!isUtf8(bytes)) {
    throw new SyntaxProblem('text is not UTF-8');
  }

  return bytes.toString();
}

/** Returns the text of a label's value or a help text without its escapes. */
export function unescapeText(text: string): string {
  return text.includes('\\')
    ? text.replace(/\\([\\n"])/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
    : text;
}

/** Returns the offset of the quote that ends a value which begins at `at`. */
function endOfValue(text: string, at: number): number {
  for (let end = at; end < text.length; end += 1) {
    const code = text.charCodeAt(end);

    if (code === CODE.quote) {
      return end;
    }
    if (code === CODE.newline) {
      break;
    }
    if (code === CODE.backslash) {
      end += 1;
    }
  }

  throw new SyntaxProblem("a label's value has no closing quote");
}

/** Reads one `name="value"`; returns the offset behind it. */
function readLabel(text: string, at: number, into: [string, string][]): number {
  const nameEnd = endOfName(text, at, 'label');
  if (nameEnd === at) {
    throw new SyntaxProblem("a label's name is expected");
  }

  const equals = skipBlanks(text, nameEnd);
  const quote = skipBlanks(text, equals + 1);
  if (text.charCodeAt(equals) !== CODE.equals || text.charCodeAt(quote) !== CODE.quote) {
    throw new SyntaxProblem("a label's name must be followed by = and a quoted value");
  }

  const end = endOfValue(text, quote + 1);
  const name = text.slice(at, nameEnd);
  const isTaken = into.some(([taken]) => taken === name);
  if (isTaken || into.length >= MAX_LABELS) {
    throw new SyntaxProblem(isTaken ? 'a label is given twice' : 'a series has too many labels');
  }

  into.push([name, unescapeText(decodeText(text.slice(quote + 1, end)))]);

  return end + 1;
}

/** Reads labels in braces from behind the opening brace; returns the offset behind the closing. */
function readLabels(text: string, at: number, into: [string, string][]): number {
  let end = skipBlanks(text, at);

  while (text.charCodeAt(end) !== CODE.closeBrace) {
    end = skipBlanks(text, readLabel(text, end, into));

    if (text.charCodeAt(end) === CODE.comma) {
      end = skipBlanks(text, end + 1);
    } else if (text.charCodeAt(end) !== CODE.closeBrace) {
      throw new SyntaxProblem('a comma or a closing brace is expected behind a label');
    }
  }

  return end + 1;
}

/**
 * Reads the series that a line of a page begins with, such as `up{job="a"}`; the page's
 * bytes are given as characters. Throws a SyntaxProblem.
 */
export function parseSeries(text: string, at: number): SeriesSyntax {
  const nameEnd = endOfName(text, at, 'metric');
  if (nameEnd === at) {
    throw new SyntaxProblem("a metric's name is expected");
  }

  const pairs: [string, string][] = [[NAME_LABEL, text.slice(at, nameEnd)]];
  const brace = skipBlanks(text, nameEnd);
  const end =
    text.charCodeAt(brace) === CODE.openBrace ? readLabels(text, brace + 1, pairs) : nameEnd;

  const empty = pairs.filter(([, value]) => value === '').map(([name]) => name);

  return { labels: makeLabels(pairs), empty, end };
}
