import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { type LabelSet, type MetricQueries, QueryError } from '@ks-apiserver/promql/query-api';
import { type Matcher, mapMatchers } from '@ks-apiserver/promql/syntax/matchers';
import { parseExpression } from '@ks-apiserver/promql/syntax/parse';
import { printExpression, printMatchers } from '@ks-apiserver/promql/syntax/print';
import type { Monitoring } from './monitoring.ts';
import type { Metric } from './query/metric.ts';
import { parseRanking } from './query/ranking.ts';

/** A call about series of applications, of one namespace or of the whole cluster. */
export interface CustomMetricsCall {
  namespace: string | undefined;
  query: URLSearchParams;
  signal: AbortSignal;
}

/** What a metric is. */
export interface MetadataList {
  data: readonly { metric?: string; type?: string; help?: string }[] | null;
}

/**
 * Returns an expression in which every selector is limited to a namespace. As in 3.0, the first
 * matcher of a selector for another namespace gives way. Throws BadRequest for what is no PromQL.
 */
function limited(text: string, namespace: string | undefined): string {
  try {
    const expression = parseExpression(text);
    if (namespace === undefined) {
      return printExpression(expression);
    }

    const own: Matcher = { name: 'namespace', op: '=', value: namespace };

    const inNamespace = (matchers: readonly Matcher[]) => {
      const first = matchers.findIndex(({ name }) => name === own.name);
      return [...matchers.filter((_matcher, i) => i !== first), own];
    };

    return printExpression(mapMatchers(expression, inNamespace));
  } catch (error) {
    throw error instanceof QueryError ? badRequest(error.message) : error;
  }
}

/** Fails only for what is no fault of the Prometheus API: its failures show as empty answers. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof QueryError)) {
    throw error;
  }
}

function withoutName({ __name__: _name, ...labels }: LabelSet): LabelSet {
  return labels;
}

/** Series that applications export, for custom dashboards. */
export class CustomMetrics {
  readonly #monitoring: Monitoring;
  readonly #queries: MetricQueries;

  constructor(monitoring: Monitoring, queries: MetricQueries) {
    this.#monitoring = monitoring;
    this.#queries = queries;
  }

  /**
   * Evaluates an expression of the caller; with a namespace every selector in it is limited to that
   * one. Throws BadRequest for what is no PromQL.
   */
  async query({ namespace, query, signal }: CustomMetricsCall): Promise<Metric> {
    const time = await this.#monitoring.timeOf(query, namespace, signal);
    if (!time) {
      return { data: {} };
    }

    parseRanking(query);

    return this.#monitoring.evaluate(limited(query.get('expr') ?? '', namespace), time, signal);
  }

  /** Lists metrics of the scrape targets of a namespace, or of all; null when there are none. */
  async metadata({ namespace, signal }: CustomMetricsCall): Promise<MetadataList> {
    const found = new Map<string, { metric?: string; type?: string; help?: string }>();

    try {
      const matchers: readonly Matcher[] =
        namespace === undefined ? [] : [{ name: 'namespace', op: '=', value: namespace }];
      const selector = printMatchers(matchers);

      for (const { metric, type, help } of await this.#queries.targetMetadata(selector, signal)) {
        if (!found.has(metric)) {
          found.set(metric, {
            ...(metric && { metric }),
            ...(type && { type }),
            ...(help && { help }),
          });
        }
      }
    } catch (error) {
      ignoreFailure(error);
    }

    return { data: found.size > 0 ? [...found.values()] : null };
  }

  /**
   * Lists the label sets of the series that a selector chooses; null when there are none. Throws
   * BadRequest for missing parameters.
   */
  async labelSets(call: CustomMetricsCall): Promise<{ data: readonly LabelSet[] | null }> {
    const { namespace, query, signal } = call;
    const [metric, start, end] = ['metric', 'start', 'end'].map((name) => query.get(name) ?? '');
    if (metric === '' || start === '' || end === '') {
      throw badRequest('required fields are missing: [metric, start, end]');
    }

    const range = (await this.#monitoring.timeOf(query, namespace, signal))?.range;
    if (!range) {
      return { data: null };
    }

    parseRanking(query);

    let selector: string;

    try {
      selector = limited(metric ?? '', namespace);
    } catch {
      return { data: null };
    }

    try {
      const series = await this.#queries.series([selector], range, signal);
      return { data: series.length > 0 ? series.map(withoutName) : null };
    } catch (error) {
      ignoreFailure(error);
      return { data: [] };
    }
  }
}
