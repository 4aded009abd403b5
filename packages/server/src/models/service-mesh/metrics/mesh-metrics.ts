import { type MetricQueries, QueryError, type RangeSeries } from '@ks-apiserver/promql/query-api';
import type { Expression } from '@ks-apiserver/promql/syntax/expression';
import { printExpression } from '@ks-apiserver/promql/syntax/print';
import type { MeshNamespaces } from '../mesh-namespaces.ts';
import { seriesOf } from '../query/results.ts';
import {
  averageExpression,
  HISTOGRAMS,
  type MetricSubject,
  quantileExpression,
  RATES,
  rateExpression,
} from './metric-expressions.ts';
import { fitted, type MetricParameters, parseMetricParameters } from './metric-parameters.ts';

/** Series of one metric; null when its query failed, as in 3.0. */
export interface Matrix {
  readonly matrix: readonly RangeSeries[] | null;
}

/** Metrics of a subject by name: rates, and averages and quantiles of histograms. */
export interface MeshMetricList {
  readonly metrics: Readonly<Record<string, Matrix>>;
  readonly histograms: Readonly<Record<string, Readonly<Record<string, Matrix>>>>;
}

/** Points that a range may have, as in Prometheus. */
const MAX_POINTS = 11_000;

/** A call for metrics. */
export interface MetricsCall {
  readonly subject: MetricSubject;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal;
}

/** Reads metrics of traffic in the service mesh. */
export class MeshMetrics {
  readonly #queries: MetricQueries;
  readonly #namespaces: MeshNamespaces;

  constructor(queries: MetricQueries, namespaces: MeshNamespaces) {
    this.#queries = queries;
    this.#namespaces = namespaces;
  }

  /**
   * Returns the metrics that a call asks for. Throws Forbidden for a namespace that cannot be read,
   * BadRequest for wrong parameters.
   */
  async metrics({ subject, query, signal }: MetricsCall): Promise<MeshMetricList> {
    const created = await this.#namespaces.accessible(subject.namespace, signal);
    const asked = parseMetricParameters(query, Date.now() / 1000);
    const parameters = { ...asked, ...fitted(asked, created) };
    const isAsked = (name: string) => asked.filters.length === 0 || asked.filters.includes(name);
    const read = (expressionOf: () => Expression) => this.#matrix(expressionOf, parameters, signal);

    const rates = Object.keys(RATES)
      .filter(isAsked)
      .map(async (name) => {
        const matrix = await read(() => rateExpression(name, subject, parameters));
        return [name, matrix] as const;
      });

    const histograms = Object.keys(HISTOGRAMS)
      .filter(isAsked)
      .map(async (name) => [name, await this.#histogram(name, subject, parameters, read)] as const);

    return {
      metrics: Object.fromEntries(await Promise.all(rates)),
      histograms: Object.fromEntries(await Promise.all(histograms)),
    };
  }

  async #histogram(
    name: string,
    subject: MetricSubject,
    parameters: MetricParameters,
    read: (expressionOf: () => Expression) => Promise<Matrix>,
  ): Promise<Record<string, Matrix>> {
    const averages: [string, () => Expression][] = parameters.average
      ? [['avg', () => averageExpression(name, subject, parameters)]]
      : [];

    const quantiles = parameters.quantiles.map(({ text, value }): [string, () => Expression] => [
      text,
      () => quantileExpression(name, value, subject, parameters),
    ]);

    const found = [...quantiles, ...averages].map(
      async ([key, expressionOf]) => [key, await read(expressionOf)] as const,
    );

    return Object.fromEntries(await Promise.all(found));
  }

  async #matrix(
    expressionOf: () => Expression,
    { start, end, stepSeconds: step }: MetricParameters,
    signal: AbortSignal,
  ): Promise<Matrix> {
    try {
      if (step < 0 || end < start || (end - start) / step > MAX_POINTS) {
        throw new QueryError('bad_data', 'the range has no points, or too many');
      }

      const expression = printExpression(expressionOf());
      const result = await this.#queries.queryRange(expression, { start, end, step }, signal);

      return { matrix: seriesOf(result) };
    } catch (error) {
      // Nobody waits for the answer any more.
      if (!(error instanceof QueryError) || error.type === 'canceled') {
        throw error;
      }

      return { matrix: null };
    }
  }
}
