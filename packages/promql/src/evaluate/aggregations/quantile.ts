import type { Budget } from '../budget.ts';
import { quantileOf } from '../data/quantiles.ts';
import { groupSeries, type Series } from '../data/series.ts';
import { type Grouping, groupsOf } from './grouping.ts';

/** Computes a quantile of the values of each group at each step. */
export async function quantileOfGroups(
  { series, quantiles }: { series: readonly Series[]; quantiles: Float64Array },
  grouping: Grouping,
  budget: Budget,
): Promise<Series[]> {
  const { keyOf, labelsOf } = groupsOf(grouping);
  const results: Series[] = [];

  for (const group of groupSeries(series, keyOf).values()) {
    const column = budget.column(quantiles.length);
    const [first] = group;

    for (const [step, quantile] of quantiles.entries()) {
      const present = group.filter((one) => one.present[step] === 1);
      const values = Float64Array.from(present, (one) => one.values[step] ?? 0);

      if (values.length > 0) {
        column.values[step] = quantileOf(quantile, values);
        column.present[step] = 1;
      }

      await budget.pause();
    }

    if (first) {
      results.push({ labels: labelsOf(first.labels), ...column });
    }
  }

  return results;
}
