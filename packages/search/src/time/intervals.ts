import { SearchError } from '../query/search-backend.ts';

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** 1970 began on a Thursday; weeks begin on Monday. */
const FIRST_MONDAY = 4 * 86_400_000;
const WEEK = 7 * 86_400_000;

/** Months of an interval by the calendar. */
const MONTHS: Readonly<Record<string, number>> = { '1M': 1, '1q': 3, '1y': 12 };

/** Most intervals of a histogram, as Elasticsearch has it. */
export const MAX_BUCKETS = 65_536;

/** Intervals into which times are divided, in UTC. */
export interface Intervals {
  /** Returns the beginning of the interval that a time is in, in milliseconds since 1970. */
  startOf(time: number): number;
  /** Returns the beginning of the interval after the one that begins at a time. */
  next(start: number): number;
  /** Every interval begins at a multiple of this, in milliseconds. */
  readonly unit: number;
}

function fixed(length: number, origin = 0): Intervals {
  const unit = origin === 0 ? length : UNITS.d;

  return {
    startOf: (time) => Math.floor((time - origin) / length) * length + origin,
    next: (start) => start + length,
    unit: unit ?? length,
  };
}

function byMonths(months: number): Intervals {
  const begin = (time: number, after: number) => {
    const date = new Date(time);
    const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
    const first = Math.floor(month / months) * months + after;

    return Date.UTC(Math.floor(first / 12), first % 12);
  };

  return {
    startOf: (time) => begin(time, 0),
    next: (start) => begin(start, months),
    unit: 86_400_000,
  };
}

/**
 * Reads an interval such as `15m`, `1h`, `7d`, `1w` or `1M`: those by the calendar only one at a
 * time. Throws a SearchError for anything else.
 */
export function parseInterval(text: string): Intervals {
  const months = MONTHS[text];
  if (months !== undefined) {
    return byMonths(months);
  }
  if (text === '1w') {
    return fixed(WEEK, FIRST_MONDAY);
  }

  const [, count, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const length = Number(count) * (UNITS[unit] ?? 0);
  if (!(length > 0)) {
    throw new SearchError('refused', `failed to parse the interval [${text.slice(0, 64)}]`);
  }

  return fixed(length);
}
