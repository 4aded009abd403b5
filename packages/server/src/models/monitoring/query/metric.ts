import type { InstantSeries, LabelSet, Point, QueryResult } from '@ks-apiserver/promql/query-api';
import { withoutExponent } from './decimal.ts';

/** One row of an instant query; empty where a ranked metric lacks the resource. */
export interface VectorRow {
  metric?: LabelSet;
  value?: Point;
}

/** One row of a range query. */
export interface MatrixRow {
  metric?: LabelSet;
  values: readonly Point[];
}

/** Data of a metric; empty when its query failed, without `result` when no series was found. */
export type MetricData =
  | { resultType?: undefined }
  | { resultType: 'vector'; result?: readonly VectorRow[] }
  | { resultType: 'matrix'; result?: readonly MatrixRow[] };

/** A metric of an answer: data, or the error of its query. */
export interface Metric {
  metric_name?: string;
  data: MetricData;
  error?: string;
}

/** A list of metrics; the fields of a page are there when the list is ranked. */
export interface MetricList {
  results: readonly Metric[] | null;
  page?: number;
  total_page?: number;
  total_item?: number;
}

function hasLabels(metric: LabelSet): boolean {
  for (const _ in metric) {
    return true;
  }

  return false;
}

function labelled(metric: LabelSet): { metric?: LabelSet } {
  return hasLabels(metric) ? { metric } : {};
}

/** Returns a row of an instant query; most need no change, and lists have thousands of them. */
function instantRow(series: InstantSeries): VectorRow {
  const { metric, value } = series;
  return hasLabels(metric) && !value[1].includes('e')
    ? series
    : { ...labelled(metric), value: plain(value) };
}

/** Writes the value of a point as 3.0 does: without an exponent. */
function plain(point: Point): Point {
  const [time, text] = point;
  return text.includes('e') ? [time, withoutExponent(text)] : point;
}

/**
 * Returns what clients of KubeSphere read: empty lists and label sets are left out. As in 3.0 the
 * type is the one that was asked for, and an instant query shows no scalars, texts and ranges.
 */
export function dataOf(result: QueryResult, asked: 'vector' | 'matrix'): MetricData {
  if (asked === 'matrix') {
    const series = result.resultType === 'matrix' ? result.result : [];
    const rows = series.map(({ metric, values }) => ({
      ...labelled(metric),
      values: values.map(plain),
    }));

    return { resultType: 'matrix', ...(rows.length > 0 && { result: rows }) };
  }

  const series = result.resultType === 'vector' ? result.result : [];
  const rows = series.map(instantRow);

  return { resultType: 'vector', ...(rows.length > 0 && { result: rows }) };
}
