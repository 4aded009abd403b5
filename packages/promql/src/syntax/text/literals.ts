const seconds: Readonly<Record<string, number>> = {
  y: 365 * 86_400,
  w: 7 * 86_400,
  d: 86_400,
  h: 3_600,
  m: 60,
  s: 1,
  ms: 0.001,
};

/** What Prometheus can hold in a duration, in seconds: 2^63 nanoseconds. */
const MAX_DURATION = 2 ** 63 / 1e9;

/** Returns the seconds of a duration such as `1h30m`; undefined for other texts. */
function durationSeconds(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[ywdhms]))+$/.test(text)) {
    return undefined;
  }

  let milliseconds = 0;
  for (const [, count, unit = ''] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) {
    milliseconds += Number(count) * Math.round((seconds[unit] ?? 0) * 1000);
  }

  return milliseconds / 1000;
}

/** Reads an unsigned number: decimal, hexadecimal, octal, `Inf`, `NaN`, or a duration's seconds. */
export function parseNumber(text: string): number {
  const digits = text.replaceAll('_', '');

  if (/^inf$/i.test(digits)) {
    return Number.POSITIVE_INFINITY;
  }

  if (/^0[0-7]+$/.test(digits)) {
    return Number.parseInt(digits, 8);
  }

  return durationSeconds(digits) ?? Number(digits);
}

/** Reads a duration in milliseconds; returns an error text for one that Prometheus refuses. */
export function parseDuration(text: string): number | string {
  const value = parseNumber(text);

  if (Number.isNaN(value) || value > MAX_DURATION) {
    return 'duration out of range';
  }

  return value >= 0.0005 ? Math.round(value * 1000) : 'duration must be greater than 0';
}

/** Writes a number so that it is read again as the same number. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) {
    return 'NaN';
  }

  if (Object.is(value, -0)) {
    return '-0';
  }

  return String(value).replace('Infinity', 'Inf');
}

/** Writes a duration of milliseconds in days and smaller units: `1d12h`. */
export function formatDuration(milliseconds: number): string {
  let text = '';
  let rest = milliseconds;

  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = Math.round((seconds[unit] ?? 0) * 1000);
    const count = Math.floor(rest / size);

    rest -= count * size;
    text += count > 0 ? `${count}${unit}` : '';
  }

  return text;
}
