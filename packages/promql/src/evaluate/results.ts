import type { InstantSeries, Point, QueryResult, RangeSeries } from '../query-api.ts';
import type { RangeSelector, Subquery } from '../syntax/expression.ts';
import type { Budget } from './budget.ts';
import { Labels } from './data/labels.ts';
import { formatValue } from './data/numbers.ts';
import type { Series } from './data/series.ts';
import type { Operands } from './evaluation.ts';
import { type Frame, timeAt } from './frame.ts';
import { eachRange, rangeReferences } from './select.ts';

const point = (time: number, value: number): Point => [time / 1000, formatValue(value)];

/** Returns the result of an instant query of type scalar. */
export function scalarResult([value = Number.NaN]: Float64Array, { start }: Frame): QueryResult {
  return { resultType: 'scalar', result: point(start, value) };
}

/** Returns the result of an instant query, in the order of the series. */
export async function vectorResult(
  series: readonly Series[],
  { start }: Frame,
  budget: Budget,
): Promise<QueryResult> {
  const result: InstantSeries[] = [];

  for (const {
    labels,
    values: [value = Number.NaN],
  } of series) {
    result.push({ metric: labels.toSet(), value: point(start, value) });
    await budget.pause();
  }

  return { resultType: 'vector', result };
}

/** Returns the result of a range query, in the order of the series' labels. */
export async function matrixResult(
  series: readonly Series[],
  frame: Frame,
  budget: Budget,
): Promise<QueryResult> {
  const ordered = [...series].sort((a, b) => Labels.compare(a.labels, b.labels));
  const result: RangeSeries[] = [];

  for (const { labels, values, present } of ordered) {
    const points: Point[] = [];

    for (let step = 0; step < frame.steps; step += 1) {
      if (present[step] === 1) {
        points.push(point(timeAt(frame, step), values[step] ?? 0));
      }
    }

    result.push({ metric: labels.toSet(), values: points });
    await budget.pause();
  }

  return { resultType: 'matrix', result };
}

/** Returns the result of an instant query of type range vector: samples with their own times. */
export async function selectedSamples(
  operands: Operands,
  matrix: RangeSelector | Subquery,
  frame: Frame,
): Promise<QueryResult> {
  const { last } = rangeReferences(matrix, frame, operands.evaluation);
  const first = last - matrix.range;
  const result: RangeSeries[] = [];

  await eachRange(operands, matrix, frame, (labels, { times, values }) => {
    const points: Point[] = [];

    for (const [index, time] of times.entries()) {
      if (time >= first && time <= last) {
        points.push(point(time, values[index] ?? 0));
      }
    }

    if (points.length > 0) {
      result.push({ metric: labels.toSet(), values: points });
    }

    return undefined;
  });

  return { resultType: 'matrix', result };
}
