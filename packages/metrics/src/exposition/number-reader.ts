import { CODE, isBlank, isDigit } from './characters.ts';

/** Up to this many digits make an integer that a double holds exactly. */
const EXACT_DIGITS = 15;

/** Longest text of a number. */
const MAX_LENGTH = 400;

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

const SPECIAL = new Map([
  ['nan', Number.NaN],
  ['+nan', Number.NaN],
  ['-nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

/** Returns the number that a text means, `undefined` when it is none. */
export function parseNumber(text: string): number | undefined {
  if (text.length > MAX_LENGTH) {
    return undefined;
  }

  return DECIMAL.test(text) ? Number(text) : SPECIAL.get(text.toLowerCase());
}

/** Reads numbers inside a text; most of them without making a text of their own. */
export class NumberReader {
  /** The offset behind the number that was read last; -1 when there was none. */
  end = -1;

  /** Reads the number that begins at `at`; where there is none, it sets `end` to -1. */
  read(text: string, at: number): number {
    const isNegative = text.charCodeAt(at) === CODE.minus;
    const start = isNegative ? at + 1 : at;
    let mantissa = 0;
    let point = -1;
    let end = start;
    let code = text.charCodeAt(end);

    for (; isDigit(code) || (code === CODE.dot && point < 0); code = text.charCodeAt(end)) {
      if (code === CODE.dot) {
        point = end;
      } else {
        mantissa = mantissa * 10 + (code - CODE.zero);
      }

      end += 1;
    }

    const digits = end - start - (point < 0 ? 0 : 1);
    if (digits === 0 || digits > EXACT_DIGITS || !isEnd(code)) {
      return this.#readSlowly(text, at);
    }

    this.end = end;

    // Both are exact, so that the quotient is the double next to the decimal number.
    const value = point < 0 ? mantissa : mantissa / (POWERS[end - point - 1] ?? 1);
    return isNegative ? -value : value;
  }

  #readSlowly(text: string, at: number): number {
    let end = at;

    while (!isEnd(text.charCodeAt(end)) && end - at <= MAX_LENGTH) {
      end += 1;
    }

    const value = parseNumber(text.slice(at, end));
    this.end = value === undefined ? -1 : end;

    return value ?? Number.NaN;
  }
}

/** Whether a number ends before a character; also true for NaN, the end of the text. */
function isEnd(code: number): boolean {
  return (
    isBlank(code) || code === CODE.newline || code === CODE.carriageReturn || Number.isNaN(code)
  );
}
