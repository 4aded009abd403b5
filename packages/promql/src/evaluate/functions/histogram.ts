import { METRIC_NAME } from '../../matching/matcher.ts';
import type { Budget } from '../budget.ts';
import type { Labels } from '../data/labels.ts';
import { parseFloatStrictly } from '../data/numbers.ts';
import { impossibleQuantile } from '../data/quantiles.ts';
import { type Series, unite } from '../data/series.ts';

/** The series of one histogram's buckets, in the order of their upper bounds. */
interface Histogram {
  readonly labels: Labels;
  readonly buckets: { readonly bound: number; readonly series: Series }[];
}

const boundLabel: ReadonlySet<string> = new Set(['le']);
const droppedLabels: ReadonlySet<string> = new Set(['le', METRIC_NAME]);

/** Groups buckets by their labels without `le`; series without a bound are left out. */
function histogramsOf(series: readonly Series[]): Histogram[] {
  const histograms = new Map<string, Histogram>();

  for (const one of series) {
    const bound = parseFloatStrictly(one.labels.get('le'));
    if (bound === undefined) {
      continue;
    }

    const { key } = one.labels.without(boundLabel);
    let histogram = histograms.get(key);

    if (!histogram) {
      histogram = { labels: one.labels.without(droppedLabels), buckets: [] };
      histograms.set(key, histogram);
    }

    histogram.buckets.push({ bound, series: one });
  }

  for (const { buckets } of histograms.values()) {
    buckets.sort((a, b) => a.bound - b.bound);
  }

  return [...histograms.values()];
}

/** Bounds and cumulative counts of a histogram's buckets at one step. */
class Buckets {
  readonly bounds: number[] = [];
  readonly counts: number[] = [];

  /** Adds a bucket with a bound that is not lower; the counts of equal bounds are added. */
  add(bound: number, count: number): void {
    const last = this.bounds.length - 1;

    if (this.bounds[last] === bound) {
      this.counts[last] = (this.counts[last] ?? 0) + count;
    } else {
      this.bounds.push(bound);
      this.counts.push(count);
    }
  }

  /** Lets no count be lower than the one before. */
  makeMonotonic(): void {
    let most = this.counts[0] ?? 0;

    for (const [index, count] of this.counts.entries()) {
      if (count > most) {
        most = count;
      } else if (count < most) {
        this.counts[index] = most;
      }
    }
  }

  /** Returns the value below which a share of the observations is. */
  quantile(quantile: number): number {
    const impossible = impossibleQuantile(quantile);
    if (impossible !== undefined) {
      return impossible;
    }

    const last = this.bounds.length - 1;

    if (this.bounds[last] !== Number.POSITIVE_INFINITY || last < 1) {
      return Number.NaN;
    }

    this.makeMonotonic();

    const total = this.counts[last] ?? 0;

    return total === 0 ? Number.NaN : this.#interpolate(quantile * total);
  }

  #interpolate(rank: number): number {
    const last = this.bounds.length - 1;
    const found = this.counts.slice(0, last).findIndex((count) => count >= rank);
    const index = found < 0 ? last : found;
    const end = this.bounds[index] ?? 0;

    if (index === last) {
      return this.bounds[last - 1] ?? Number.NaN;
    }

    if (index === 0 && end <= 0) {
      return end;
    }

    const start = index > 0 ? (this.bounds[index - 1] ?? 0) : 0;
    const below = index > 0 ? (this.counts[index - 1] ?? 0) : 0;
    const count = (this.counts[index] ?? 0) - below;

    return start + (end - start) * ((rank - below) / count);
  }
}

/** Computes a quantile for each step of each histogram. */
export async function histogramQuantile(
  quantiles: Float64Array,
  series: readonly Series[],
  budget: Budget,
): Promise<Series[]> {
  const results: Series[] = [];

  for (const { labels, buckets } of histogramsOf(series)) {
    const column = budget.column(quantiles.length);

    for (const [step, quantile] of quantiles.entries()) {
      const now = new Buckets();

      for (const { bound, series: one } of buckets) {
        if (one.present[step] === 1) {
          now.add(bound, one.values[step] ?? 0);
        }
      }

      if (now.bounds.length > 0) {
        column.values[step] = now.quantile(quantile);
        column.present[step] = 1;
      }

      await budget.pause();
    }

    results.push({ labels, ...column });
  }

  return unite(results);
}
