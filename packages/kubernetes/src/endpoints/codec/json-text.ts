import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import type { KnownField } from '@ks-apiserver/apimachinery/schema/prune';
import { checkJson, JsonError } from '../../json/json-faults.ts';
import { countFields } from '../../json/json-size.ts';
import { readMerged, reportFields } from './repeated-fields.ts';
import { pathText, StrictErrors } from './strict-errors.ts';

/** A parsed body. */
export interface ParsedText {
  value: unknown;
  /**
   * Set where fields are repeated: the messages about these and about unknown fields, in the order
   * of the text.
   */
  strictErrors?: (schema: KnownField) => string[];
}

/** Counts the fields of a value and of everything in it. */
function countKeys(value: unknown): number {
  if (value === null || typeof value !== 'object') {
    return 0;
  }

  let count = 0;

  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item === 'object') {
        count += countKeys(item);
      }
    }

    return count;
  }

  for (const key of Object.keys(value)) {
    count++;

    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object') {
      count += countKeys(item);
    }
  }

  return count;
}

/** The value of a text, and whether an object in it has a field twice. */
function parseRepeatable(body: Buffer): { text: string; value: unknown; isRepeated: boolean } {
  const fields = countFields(body);
  const text = body.toString('utf8');

  try {
    const value: unknown = JSON.parse(text);
    return { text, value, isRepeated: countKeys(value) !== fields };
  } catch (error) {
    checkJson(body);
    throw new JsonError(messageOf(error));
  }
}

/**
 * Parses JSON as Go does: a repeated field is merged into what was there; throws a JsonError in
 * Go's words, and a StatusError 413.
 */
export function parseJson(body: Buffer): ParsedText {
  const { text, value, isRepeated } = parseRepeatable(body);
  if (!isRepeated) {
    return { value };
  }

  return {
    value: readMerged(text),
    strictErrors: (schema) => {
      const errors = new StrictErrors();
      reportFields(
        text,
        schema,
        errors,
        (path) => `duplicate field ${JSON.stringify(pathText(path))}`,
      );

      return errors.list();
    },
  };
}

/**
 * Returns a function from a position in a text to its line, counted from 1; each position must be
 * after the one before.
 */
export function lineCounter(text: string): (at: number) => number {
  let line = 1;
  let newline = text.indexOf('\n');

  return (at) => {
    while (newline >= 0 && newline < at) {
      line++;
      newline = text.indexOf('\n', newline + 1);
    }

    return line;
  };
}

/**
 * Parses a body of type YAML that is JSON, which is much faster than parsing YAML: the last one of
 * repeated fields counts, and they are reported as for YAML. Throws a JsonError, also for YAML that
 * is not JSON.
 */
export function parseJsonAsYaml(body: Buffer): ParsedText {
  const { text, value, isRepeated } = parseRepeatable(body);
  if (!isRepeated) {
    return { value };
  }

  return {
    value,
    strictErrors: (schema) => {
      const errors = new StrictErrors();
      const lineOf = lineCounter(text);

      reportFields(text, schema, errors, (path, at) => {
        return `line ${lineOf(at)}: key ${JSON.stringify(pathText(path.slice(-1)))} already set in map`;
      });

      return errors.list();
    },
  };
}
