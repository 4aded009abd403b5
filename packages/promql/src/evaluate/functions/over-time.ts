import { quantileOf } from '../data/quantiles.ts';
import type { RangeFunction, Window } from '../windows.ts';
import { KahanSum } from './kahan.ts';

type Compute = RangeFunction['compute'];

function sum({ values, from, to }: Window): number {
  const total = new KahanSum();

  for (let index = from; index < to; index += 1) {
    total.add(values[index] ?? 0);
  }

  return total.finiteTotal;
}

/** Reports whether an infinite mean stays what it is when a value is added. */
export function keepsInfinity(mean: number, value: number): boolean {
  return Math.abs(mean) === Number.POSITIVE_INFINITY && (value === mean || Number.isFinite(value));
}

function average({ values, from, to }: Window): number {
  const mean = new KahanSum();

  for (let index = from; index < to; index += 1) {
    const value = values[index] ?? 0;
    const count = index - from + 1;

    if (!keepsInfinity(mean.rounded, value)) {
      mean.add(value / count - mean.rounded / count);
    }
  }

  return mean.finiteTotal;
}

function maximum({ values, from, to }: Window): number {
  let most = values[from] ?? 0;

  for (let index = from + 1; index < to; index += 1) {
    const value = values[index] ?? 0;
    if (value > most || Number.isNaN(most)) {
      most = value;
    }
  }

  return most;
}

function minimum({ values, from, to }: Window): number {
  let least = values[from] ?? 0;

  for (let index = from + 1; index < to; index += 1) {
    const value = values[index] ?? 0;
    if (value < least || Number.isNaN(least)) {
      least = value;
    }
  }

  return least;
}

function variance({ values, from, to }: Window): number {
  const mean = new KahanSum();
  const squares = new KahanSum();

  for (let index = from; index < to; index += 1) {
    const value = values[index] ?? 0;
    const difference = value - mean.total;

    mean.add(difference / (index - from + 1));
    squares.add(difference * (value - mean.total));
  }

  return squares.total / (to - from);
}

function changes({ values, from, to }: Window): number {
  let count = 0;
  let previous = values[from] ?? 0;

  for (let index = from + 1; index < to; index += 1) {
    const value = values[index] ?? 0;
    if (value !== previous && !(Number.isNaN(value) && Number.isNaN(previous))) {
      count += 1;
    }

    previous = value;
  }

  return count;
}

function resets({ values, from, to }: Window): number {
  let count = 0;

  for (let index = from + 1; index < to; index += 1) {
    count += (values[index] ?? 0) < (values[index - 1] ?? 0) ? 1 : 0;
  }

  return count;
}

const quantile: Compute = ({ values, from, to, step }, [quantiles]) =>
  quantileOf(quantiles?.[step] ?? Number.NaN, values.slice(from, to));

const computes: Readonly<Record<string, Compute>> = {
  absent_over_time: () => 1,
  avg_over_time: average,
  changes,
  count_over_time: ({ from, to }) => to - from,
  last_over_time: ({ values, to }) => values[to - 1] ?? Number.NaN,
  max_over_time: maximum,
  min_over_time: minimum,
  present_over_time: () => 1,
  quantile_over_time: quantile,
  resets,
  stddev_over_time: (window) => Math.sqrt(variance(window)),
  stdvar_over_time: variance,
  sum_over_time: sum,
};

/** Functions that make one number of at least one sample. */
export const overTime: ReadonlyMap<string, RangeFunction> = new Map(
  Object.entries(computes).map(([name, compute]) => [name, { minimum: 1, compute }]),
);
