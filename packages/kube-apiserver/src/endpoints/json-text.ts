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

const KEYS = /"(?:[^"\\]|\\.)*"(\s*:)?/g;

function countKeys(value: unknown): number {
  if (value === null || typeof value !== 'object') return 0;
  let count = Array.isArray(value) ? 0 : Object.keys(value).length;
  for (const item of Object.values(value)) count += countKeys(item);
  return count;
}

function countTextKeys(text: string): number {
  let count = 0;
  for (const match of text.matchAll(KEYS)) if (match[1] !== undefined) count++;
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
  if (countTextKeys(text) === countKeys(value)) return { value };
  const scanner = new Scanner(text);
  return {
    value: scanner.parse(),
    fields: scanner.fields,
    repeated: scanner.repeated,
    tell: (path) => `duplicate field ${JSON.stringify(path)}`,
  };
}
