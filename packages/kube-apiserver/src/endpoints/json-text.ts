import { JsonError, Scanner } from './json-scanner.ts';

/** A parsed body, and the fields that it has more than once, as paths in the order of the text. */
export interface ParsedText {
  value: unknown;
  /** Every field's path in the order of the text; only where some are repeated. */
  fields?: readonly string[];
  /** Those of the fields that were there before. */
  repeated?: ReadonlySet<string>;
  /** How the repetition of a field is told where it is a warning. */
  tell?: (path: string) => string;
}

function countKeys(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) count += countKeys(item);
  return count;
}

/** How often a quote stands before a colon: keys, and texts that hold or begin with such. */
function countQuotedColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf('":'); at >= 0; at = text.indexOf('":', at + 2)) count++;
  return count;
}

const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Where a string of valid JSON ends that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
  return text.length;
}

/** Keys of valid JSON: strings with a colon behind them. */
function countTextKeys(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    at = endOfString(text, at);
    let next = at + 1;
    while (text.charCodeAt(next) <= 0x20) next++;
    if (text.charCodeAt(next) === COLON) count++;
  }
  return count;
}

/** Parses JSON as Go does: a repeated field is merged into what was there; throws an error in Go's words. */
export function parseJson(body: Buffer): ParsedText {
  const text = body.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Read byte by byte, as Go shows them.
    new Scanner(body.toString('latin1')).parse();
    throw new JsonError((error as Error).message);
  }
  const keys = countKeys(value);
  // Where no key has a space behind it there are at least as many of these as keys.
  const isUnique = !/"[ \t\r\n]+:/.test(text) && countQuotedColons(text) === keys;
  if (isUnique || countTextKeys(text) === keys) return { value };
  const scanner = new Scanner(text);
  return {
    value: scanner.parse(),
    fields: scanner.fields,
    repeated: scanner.repeated,
    tell: (path) => `duplicate field ${JSON.stringify(path)}`,
  };
}
