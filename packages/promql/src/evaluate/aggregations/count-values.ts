import { QueryError } from '../../query-api.ts';
import type { Budget } from '../budget.ts';
import { formatValue } from '../data/numbers.ts';
import { type Series, unite } from '../data/series.ts';
import { type Grouping, groupsOf } from './grouping.ts';

/** Counts how often each value occurs in each group, with the value as a label. */
export async function countValues(
  { series, label }: { series: readonly Series[]; label: string },
  { clause, labels }: Grouping,
  budget: Budget,
): Promise<Series[]> {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) {
    throw new QueryError('execution', `invalid label name ${JSON.stringify(label)}`);
  }

  const names = clause === 'by' ? [...labels, label] : labels;
  const { keyOf, labelsOf } = groupsOf({ clause, labels: names });
  const results = new Map<string, Series>();

  for (const one of series) {
    for (const [step, value] of one.values.entries()) {
      if (one.present[step] !== 1) {
        continue;
      }

      const valued = one.labels.with(label, formatValue(value));
      const key = keyOf(valued);
      let result = results.get(key);

      if (!result) {
        result = { labels: labelsOf(valued), ...budget.column(one.values.length) };
        results.set(key, result);
      }

      result.values[step] = (result.values[step] ?? 0) + 1;
      result.present[step] = 1;

      await budget.pause();
    }
  }

  return unite([...results.values()]);
}
