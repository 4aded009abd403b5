import type { Series } from '../data/series.ts';

/** Orders numbers, NaN last. */
function compare(a: number, b: number, factor: 1 | -1): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }

  // Infinite numbers have no difference.
  return a === b ? 0 : factor * (a < b ? -1 : 1);
}

/** Orders the series of an instant query by their values; a range query has no order. */
export function sorted(series: readonly Series[], order: 'sort' | 'sort_desc'): Series[] {
  const factor = order === 'sort' ? 1 : -1;

  return [...series].sort((a, b) => compare(a.values[0] ?? 0, b.values[0] ?? 0, factor));
}
