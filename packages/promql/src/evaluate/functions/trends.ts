import { QueryError } from '../../query-api.ts';
import type { RangeFunction, Window } from '../windows.ts';
import { KahanSum } from './kahan.ts';

/** A line: its slope per second, and its value at the time that was asked for. */
interface Line {
  readonly slope: number;
  readonly intercept: number;
}

function isConstant({ values, from, to }: Window): boolean {
  for (let index = from + 1; index < to; index += 1) {
    if (values[index] !== values[from]) {
      return false;
    }
  }

  return true;
}

/** Returns the line with the least squares of distances, and its value at a time. */
function regression(window: Window, time: number): Line {
  const { times, values, from, to } = window;

  if (isConstant(window)) {
    const value = values[from] ?? 0;
    return Number.isFinite(value)
      ? { slope: 0, intercept: value }
      : { slope: Number.NaN, intercept: Number.NaN };
  }

  const x = new KahanSum();
  const y = new KahanSum();
  const products = new KahanSum();
  const squares = new KahanSum();

  for (let index = from; index < to; index += 1) {
    const seconds = ((times[index] ?? 0) - time) / 1000;
    const value = values[index] ?? 0;

    x.add(seconds);
    y.add(value);
    products.add(seconds * value);
    squares.add(seconds * seconds);
  }

  const count = to - from;
  const covariance = products.total - (x.total * y.total) / count;
  const variance = squares.total - (x.total * x.total) / count;
  const slope = covariance / variance;

  return { slope, intercept: y.total / count - (slope * x.total) / count };
}

function checkFactor(kind: 'smoothing' | 'trend', sign: 'sf' | 'tf', factor: number): void {
  if (factor <= 0 || factor >= 1) {
    const expected = `Expected: 0 < ${sign} < 1, got: ${factor.toFixed(6)}`;
    throw new QueryError('execution', `invalid ${kind} factor. ${expected}`);
  }
}

/** Smooths values and their trend exponentially (Holt and Winters); returns the last one. */
function smoothed(
  { values, from, to, step }: Window,
  [smoothing, trends]: readonly Float64Array[],
): number {
  const factor = smoothing?.[step] ?? Number.NaN;
  const trendFactor = trends?.[step] ?? Number.NaN;

  checkFactor('smoothing', 'sf', factor);
  checkFactor('trend', 'tf', trendFactor);

  if (to - from < 2) {
    return Number.NaN;
  }

  let previous = 0;
  let current = values[from] ?? 0;
  let trend = (values[from + 1] ?? 0) - current;

  for (let index = from + 1; index < to; index += 1) {
    if (index > from + 1) {
      trend = trendFactor * (current - previous) + (1 - trendFactor) * trend;
    }

    const next = factor * (values[index] ?? 0) + (1 - factor) * (current + trend);

    previous = current;
    current = next;
  }

  return current;
}

/** Functions that fit a curve to at least two samples. */
export const trends: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  [
    'deriv',
    { minimum: 2, compute: (window) => regression(window, window.times[window.from] ?? 0).slope },
  ],
  ['holt_winters', { minimum: 2, compute: smoothed }],
  [
    'predict_linear',
    {
      minimum: 2,
      compute: (window, [seconds]) => {
        const { slope, intercept } = regression(window, window.time);
        return slope * (seconds?.[window.step] ?? Number.NaN) + intercept;
      },
    },
  ],
]);
