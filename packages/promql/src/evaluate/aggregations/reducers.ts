import type { AggregationOperator } from '../../syntax/expression.ts';
import type { Column } from '../data/series.ts';
import { keepsInfinity } from '../functions/over-time.ts';

/** What an aggregation knows of a group at each step. */
export interface Group extends Column {
  readonly counts: Uint32Array;
  /** Empty for aggregations without a mean. */
  readonly means: Float64Array;
}

/** Aggregations that read each value once. */
export type ReducingOperator = Exclude<
  AggregationOperator,
  'bottomk' | 'count_values' | 'quantile' | 'topk'
>;

/** Adds a value to a group at a step at which the group has `count` values already. */
type Add = (group: Group, step: number, value: number, count: number) => void;

interface Reducer {
  readonly add: Add;
  /** Returns the result at a step. */
  readonly finish?: (group: Group, step: number) => number;
}

const addMean: Add = ({ means }, step, value, count) => {
  const mean = means[step] ?? 0;

  if (count === 0) {
    means[step] = value;
  } else if (!keepsInfinity(mean, value)) {
    // Both are divided first, so that large numbers do not become infinite.
    means[step] = mean + (value / (count + 1) - mean / (count + 1));
  }
};

const addSquare: Add = ({ means, values }, step, value, count) => {
  if (count === 0) {
    means[step] = value;
    return;
  }

  const difference = value - (means[step] ?? 0);
  const mean = (means[step] ?? 0) + difference / (count + 1);

  means[step] = mean;
  values[step] = (values[step] ?? 0) + difference * (value - mean);
};

const variance = ({ values, counts }: Group, step: number): number =>
  (values[step] ?? 0) / (counts[step] ?? 0);

const nothing: Add = () => undefined;

const reducers: Readonly<Record<ReducingOperator, Reducer>> = {
  avg: { add: addMean, finish: ({ means }, step) => means[step] ?? 0 },
  count: { add: nothing, finish: ({ counts }, step) => counts[step] ?? 0 },
  group: { add: nothing, finish: () => 1 },
  max: {
    add: ({ values }, step, value, count) => {
      const most = values[step] ?? 0;
      if (count === 0 || most < value || Number.isNaN(most)) {
        values[step] = value;
      }
    },
  },
  min: {
    add: ({ values }, step, value, count) => {
      const least = values[step] ?? 0;
      if (count === 0 || least > value || Number.isNaN(least)) {
        values[step] = value;
      }
    },
  },
  stddev: { add: addSquare, finish: (group, step) => Math.sqrt(variance(group, step)) },
  stdvar: { add: addSquare, finish: variance },
  sum: {
    add: ({ values }, step, value, count) => {
      values[step] = count === 0 ? value : (values[step] ?? 0) + value;
    },
  },
};

const withMean: ReadonlySet<ReducingOperator> = new Set(['avg', 'stddev', 'stdvar']);

/** Returns a group that has no values yet, in a column. */
export function newGroup(operator: ReducingOperator, column: Column): Group {
  const steps = column.values.length;

  return {
    ...column,
    counts: new Uint32Array(steps),
    means: new Float64Array(withMean.has(operator) ? steps : 0),
  };
}

/** Adds the values of a series to its group. */
export function addSeries(operator: ReducingOperator, group: Group, series: Column): void {
  const { add } = reducers[operator];
  const { counts } = group;

  for (let step = 0; step < counts.length; step += 1) {
    if (series.present[step] === 1) {
      const count = counts[step] ?? 0;

      add(group, step, series.values[step] ?? 0, count);
      counts[step] = count + 1;
    }
  }
}

/** Computes the results of a group in place. */
export function finishGroup(operator: ReducingOperator, group: Group): void {
  const { finish } = reducers[operator];
  const { counts, present, values } = group;

  for (let step = 0; step < counts.length; step += 1) {
    if ((counts[step] ?? 0) > 0) {
      present[step] = 1;
      values[step] = finish ? finish(group, step) : (values[step] ?? 0);
    }
  }
}
