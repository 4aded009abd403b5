import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/**
 * Returns the milliseconds of a duration of one number and one unit, such as `90s`. Throws
 * BadRequest.
 */
export function parseInterval(text: string): number {
  const [, count, unit = ''] = /^(\d{1,15})(ms|[smhdwy])$/.exec(text) ?? [];
  if (count === undefined) {
    throw badRequest(`not a valid duration string: ${JSON.stringify(text)}`);
  }

  return Number(count) * (UNIT_MS[unit] ?? 0);
}

/** Returns a whole number; undefined for any other text. */
export function parseWhole(text: string): number | undefined {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Returns a truth value in one of the forms that Go's strconv.ParseBool reads, else undefined. */
export function parseTruth(text: string): boolean | undefined {
  if (TRUE.has(text)) {
    return true;
  }

  return FALSE.has(text) ? false : undefined;
}
