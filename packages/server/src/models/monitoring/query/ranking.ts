import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { compareText } from '@ks-apiserver/apimachinery/text/compare-text';
import type { Metric, MetricList, VectorRow } from './metric.ts';

/** How the rows of a list of metrics are ordered and cut. */
export interface Ranking {
  /** Name of the metric by whose values rows are ordered. */
  metric: string;
  ascending: boolean;
  /** Page from 1, and its rows. */
  page: number;
  limit: number;
}

const DEFAULT_LIMIT = 5;

function parsePositive(query: URLSearchParams, name: string, fallback: number): number {
  const text = query.get(name) ?? '';
  if (text === '') {
    return fallback;
  }

  const number = /^[+-]?\d+$/.test(text) ? Number(text) : 0;
  if (number <= 0 || !Number.isSafeInteger(number)) {
    throw badRequest(`Invalid parameter '${name}'.`);
  }

  return number;
}

/** Reads `sort_metric`, `sort_type`, `page` and `limit`; undefined without the first. */
export function parseRanking(query: URLSearchParams): Ranking | undefined {
  const metric = query.get('sort_metric') ?? '';
  if (metric === '') {
    return undefined;
  }

  return {
    metric,
    ascending: query.get('sort_type') === 'asc',
    page: parsePositive(query, 'page', 1),
    limit: parsePositive(query, 'limit', DEFAULT_LIMIT),
  };
}

/** Values as numbers: `+Inf` counts as one, `NaN` comes last in both directions. */
function numberOf({ value: [, text] = [0, 'NaN'] }: VectorRow): number {
  return Number(text.replace('Inf', 'Infinity'));
}

function byValue({ ascending }: Pick<Ranking, 'ascending'>) {
  return ([a, x]: [string, number], [b, y]: [string, number]): number => {
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) {
      return compareText(a, b);
    }
    if (Number.isNaN(x) || Number.isNaN(y)) {
      return Number.isNaN(x) ? 1 : -1;
    }

    return ascending ? x - y : y - x;
  };
}

/** Rows of a metric by their identifier; of several with the same one the last counts. */
function rowsById(rows: readonly VectorRow[], identifier: string): ReadonlyMap<string, VectorRow> {
  const found = new Map<string, VectorRow>();

  for (const row of rows) {
    const id = row.metric?.[identifier];
    if (id) {
      found.set(id, row);
    }
  }

  return found;
}

/** Rows of an instant query that succeeded; undefined for any other metric. */
function instantRows({ data, error }: Metric): readonly VectorRow[] | undefined {
  return data.resultType === 'vector' && error === undefined ? (data.result ?? []) : undefined;
}

/**
 * Orders the rows of instant queries by the values of one metric, and returns one page of them.
 * Afterwards row i of every metric is about the same resource; a metric that lacks it has an empty
 * row there. Resources that the ranked metric lacks follow by name.
 */
export function rank(metrics: readonly Metric[], identifier: string, ranking: Ranking): MetricList {
  const rows = new Map<Metric, ReadonlyMap<string, VectorRow>>();

  for (const metric of metrics) {
    const found = instantRows(metric);
    if (found) {
      rows.set(metric, rowsById(found, identifier));
    }
  }

  const ranked = metrics.find(({ metric_name }) => metric_name === ranking.metric);
  const ofRanked = (ranked && rows.get(ranked)) ?? new Map<string, VectorRow>();

  const first = [...ofRanked]
    .map(([id, row]): [string, number] => [id, numberOf(row)])
    .sort(byValue(ranking))
    .map(([id]) => id);

  const others = new Set([...rows.values()].flatMap((found) => [...found.keys()]));
  for (const id of first) {
    others.delete(id);
  }

  const ids = [...first, ...[...others].sort(compareText)];
  const { page, limit } = ranking;
  const onPage = ids.slice((page - 1) * limit, page * limit);

  return {
    results: metrics.map((metric) => {
      const found = rows.get(metric);
      return found ? { ...metric, data: dataOfPage(found, onPage) } : metric;
    }),
    page,
    ...(ids.length > 0 && {
      total_page: Math.ceil(ids.length / limit),
      total_item: ids.length,
    }),
  };
}

function dataOfPage(found: ReadonlyMap<string, VectorRow>, ids: readonly string[]): Metric['data'] {
  return {
    resultType: 'vector',
    ...(ids.length > 0 && { result: ids.map((id) => found.get(id) ?? {}) }),
  };
}
