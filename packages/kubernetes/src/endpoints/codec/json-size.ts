import { maxNesting } from '@ks-apiserver/apimachinery/json/json';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { tooDeep } from './json-faults.ts';

/** Most fields and list items of a body: each costs time and memory to check and to store. */
export const MAX_ENTRIES = 100_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** 413: a body with more fields and items than MAX_ENTRIES. */
export function tooManyEntries(): StatusError {
  const message = `Request entity too large: limit is ${MAX_ENTRIES} fields and items of lists`;
  return new StatusError(413, 'RequestEntityTooLarge', message);
}

/**
 * Counts the fields of a JSON text, repeated ones included, by their colons without parsing it.
 * Throws a StatusError 413 for more fields and items than MAX_ENTRIES, and a JsonError for a text
 * that is nested too deeply.
 */
export function countFields(body: Buffer): number {
  let colons = 0;
  let commas = 0;
  let depth = 0;

  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) {
      do {
        at = body.indexOf(QUOTE, at + 1);
        if (at < 0) {
          return colons;
        }
      } while (isEscaped(body, at));
    } else if (byte === COMMA) {
      commas++;
    } else if (byte === COLON) {
      colons++;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > maxNesting + 1) {
        throw tooDeep();
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    }
  }

  if (Math.max(colons, commas) > MAX_ENTRIES) {
    throw tooManyEntries();
  }

  return colons;
}

function isEscaped(body: Buffer, at: number): boolean {
  let slashes = 0;
  while (body[at - 1 - slashes] === BACKSLASH) {
    slashes++;
  }

  return slashes % 2 === 1;
}
