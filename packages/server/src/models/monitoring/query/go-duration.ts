import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';

const SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

/** A number, and the letters behind it. */
const PART = /^(\d+(?:\.\d*)?|\.\d+)([^\d.]*)/;

/** Longest duration of Go, in seconds. */
const MAX_SECONDS = 2 ** 63 / 1e9;

/**
 * Returns the seconds of a duration as Go's time.ParseDuration reads it, such as `1m30s`. Throws
 * BadRequest with Go's message.
 */
export function parseGoDuration(text: string): number {
  const shown = JSON.stringify(text);
  const invalid = badRequest(`time: invalid duration ${shown}`);

  const sign = text.startsWith('-') ? -1 : 1;
  let rest = text.replace(/^[+-]/, '');
  let seconds = 0;

  if (rest === '0') {
    return 0;
  }
  if (rest === '') {
    throw invalid;
  }

  while (rest !== '') {
    const [part, number = '', unit = ''] = PART.exec(rest) ?? [];
    if (part === undefined) {
      throw invalid;
    }
    if (unit === '') {
      throw badRequest(`time: missing unit in duration ${shown}`);
    }

    const factor = SECONDS[unit];
    if (factor === undefined) {
      throw badRequest(`time: unknown unit ${JSON.stringify(unit)} in duration ${shown}`);
    }

    seconds += Number(number) * factor;
    rest = rest.slice(part.length);
  }

  if (seconds > MAX_SECONDS) {
    throw invalid;
  }

  return sign * seconds;
}
