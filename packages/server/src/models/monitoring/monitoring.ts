import { setMaxListeners } from 'node:events';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { type MetricQueries, QueryError } from '@ks-apiserver/promql/query-api';
import { expressionOf } from './metrics/metric-templates.ts';
import type { Level } from './query/levels.ts';
import { dataOf, type Metric, type MetricData, type MetricList } from './query/metric.ts';
import { selectNames } from './query/metrics-filter.ts';
import type { NamespaceAges } from './query/namespace-ages.ts';
import { parseQueryTime, type QueryTime, sinceCreation } from './query/query-time.ts';
import { parseRanking, rank } from './query/ranking.ts';
import type { Scope } from './query/scope.ts';

/** A call for the metrics of a level. */
export interface MetricsCall {
  level: Level;
  scope: Scope;
  query: URLSearchParams;
  signal: AbortSignal;
}

/** Metrics of the cluster and of what runs in it, over any Prometheus API. */
export class Monitoring {
  readonly #queries: MetricQueries;
  readonly #ages: NamespaceAges;

  constructor(queries: MetricQueries, ages: NamespaceAges) {
    this.#queries = queries;
    this.#ages = ages;
  }

  /**
   * Evaluates the metrics of a level that the query chooses, ranked if it asks for that. A metric
   * whose query fails has an error. Throws BadRequest for parameters that cannot be read.
   */
  async metrics({ level, scope, query, signal }: MetricsCall): Promise<MetricList> {
    const time = await this.timeOf(query, scope.namespace, signal);
    if (!time) {
      return {
        results: Object.keys(level.templates).map((name) => ({ metric_name: name, data: {} })),
      };
    }

    const ranking = parseRanking(query);
    const names = selectNames(Object.keys(level.templates), query.get('metrics_filter') ?? '');

    // Each of the queries listens to the same signal.
    setMaxListeners(0, signal);

    const results = await Promise.all(
      names.map(async (name): Promise<Metric> => {
        const template = level.templates[name] ?? '';
        const expression = expressionOf(template, level.select(scope, name));

        return { metric_name: name, ...(await this.evaluate(expression, time, signal)) };
      }),
    );

    if (results.length === 0) {
      return { results: null };
    }

    const { identifier } = level;
    if (ranking && identifier && time.range === undefined) {
      return rank(results, identifier, ranking);
    }

    return { results };
  }

  /** Checks times and ranking of a call that needs neither. Throws BadRequest. */
  check(query: URLSearchParams): void {
    parseQueryTime(query);
    parseRanking(query);
  }

  /**
   * Returns when a call is evaluated; undefined if its namespace did not exist then. Throws
   * BadRequest for unreadable times and unknown namespaces.
   */
  async timeOf(
    query: URLSearchParams,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<QueryTime | undefined> {
    const time = parseQueryTime(query);
    return namespace === undefined
      ? time
      : sinceCreation(time, await this.#ages.createdAt(namespace, signal));
  }

  /** Evaluates an expression; a failure is part of the answer. */
  async evaluate(
    expression: string,
    { instant, range }: QueryTime,
    signal: AbortSignal,
  ): Promise<{ data: MetricData; error?: string }> {
    try {
      const result =
        range === undefined
          ? await this.#queries.query(expression, instant, signal)
          : await this.#queries.queryRange(expression, range, signal);

      if (result.resultType === 'string') {
        return { data: {}, error: 'the expression is a text, not a number or series' };
      }

      return { data: dataOf(result, range === undefined ? 'vector' : 'matrix') };
    } catch (error) {
      return { data: {}, error: failureText(error) };
    }
  }
}

/** The error of a metric in answers: type and message. */
function failureText(error: unknown): string {
  return error instanceof QueryError ? `${error.type}: ${error.message}` : messageOf(error);
}
