import {
  type LabelSet,
  type Point,
  QueryError,
  type QueryResult,
  type RangeSeries,
} from '@ks-apiserver/promql/query-api';

/** One series of an instant query with its number. */
export interface Sample {
  readonly labels: LabelSet;
  readonly value: number;
}

const unusable = (why: string) => new QueryError('bad_response', why);

/** Returns the series of a result. What comes from elsewhere may have any form. */
function rowsOf(result: QueryResult, type: 'vector' | 'matrix'): readonly unknown[] {
  const { resultType, result: rows } = (result ?? {}) as Partial<QueryResult>;
  if (resultType !== type || !Array.isArray(rows)) {
    throw unusable(`the answer is no ${type}`);
  }

  return rows;
}

/** Returns the labels of a series that are texts, in the order of their names. */
function labelsOf(row: unknown): LabelSet {
  const metric = (row as { metric?: unknown } | null)?.metric;
  if (typeof metric !== 'object' || metric === null) {
    throw unusable('a series has no labels');
  }

  const texts = Object.entries(metric).filter(([, value]) => typeof value === 'string');

  return Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isPoint = (point: unknown): point is Point =>
  Array.isArray(point) && typeof point[0] === 'number' && typeof point[1] === 'string';

/**
 * Returns the samples of an instant query that are finite numbers: rates over nothing are none.
 * Throws a QueryError for another form.
 */
export function samplesOf(result: QueryResult): Sample[] {
  return rowsOf(result, 'vector').flatMap((row) => {
    const { value: point } = (row ?? {}) as { value?: unknown };
    if (!isPoint(point)) {
      throw unusable('a series has no value');
    }

    const value = Number(point[1]);

    return Number.isFinite(value) ? [{ labels: labelsOf(row), value }] : [];
  });
}

/** Returns the series of a range query. Throws a QueryError for another form. */
export function seriesOf(result: QueryResult): RangeSeries[] {
  return rowsOf(result, 'matrix').map((row) => {
    const { values } = (row ?? {}) as { values?: unknown };
    if (!Array.isArray(values) || !values.every(isPoint)) {
      throw unusable('a series has no values');
    }

    return { metric: labelsOf(row), values };
  });
}

/** Returns what a failed query says to callers: its kind, where Prometheus has one, and why. */
export function failureText({ type, message }: QueryError): string {
  return type === 'unavailable' ? message : `${type}: ${message}`;
}
