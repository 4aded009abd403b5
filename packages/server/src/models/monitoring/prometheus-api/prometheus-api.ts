import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Matcher } from '@ks-apiserver/promql/matching/matcher';
import {
  type MetricMetadata,
  type MetricQueries,
  QueryError,
} from '@ks-apiserver/promql/query-api';
import { addMatchers } from '@ks-apiserver/promql/syntax/matchers';
import { parseExpression, parseSelector } from '@ks-apiserver/promql/syntax/parse';
import { printExpression, printMatchers } from '@ks-apiserver/promql/syntax/print';
import { instantOf, openRangeOf, rangeOf } from './api-times.ts';
import type { MetricAccess } from './metric-access.ts';

/** A call of the Prometheus API; parameters come from its query or its form. */
export interface PrometheusCall {
  user: UserInfo;
  parameters: URLSearchParams;
  signal: AbortSignal;
}

/** Names of labels (Prometheus, "Data model"). */
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * The read side of Prometheus' HTTP API, in which every caller finds the series of the namespaces
 * that they may read. All methods reject with a QueryError.
 */
export class PrometheusApi {
  readonly #queries: MetricQueries;
  readonly #access: MetricAccess;

  constructor(queries: MetricQueries, access: MetricAccess) {
    this.#queries = queries;
    this.#access = access;
  }

  async query({ user, parameters, signal }: PrometheusCall) {
    const expression = this.#limited(parameters, user);
    return this.#queries.query(expression, instantOf(parameters), signal);
  }

  async queryRange({ user, parameters, signal }: PrometheusCall) {
    const range = rangeOf(parameters);
    return this.#queries.queryRange(this.#limited(parameters, user), range, signal);
  }

  async series(call: PrometheusCall) {
    const { parameters, signal } = call;
    if (!parameters.has('match[]')) {
      throw new QueryError('bad_data', 'no match[] parameter provided');
    }

    return this.#queries.series(this.#selectors(call), openRangeOf(parameters), signal);
  }

  async labels(call: PrometheusCall) {
    const range = openRangeOf(call.parameters);
    return this.#queries.labels(this.#selectors(call), range, call.signal);
  }

  async labelValues(label: string, call: PrometheusCall) {
    if (!LABEL_NAME.test(label)) {
      throw new QueryError('bad_data', `invalid label name: ${JSON.stringify(label)}`);
    }

    const range = openRangeOf(call.parameters);
    return this.#queries.labelValues(label, this.#selectors(call), range, call.signal);
  }

  /** Returns the metadata of metrics by their names. */
  async metadata({ user, parameters, signal }: PrometheusCall) {
    const wanted = parameters.get('metric') ?? '';
    const selector = printMatchers(this.#access.matchersFor(user) ?? []);
    const found = new Map<string, Omit<MetricMetadata, 'metric'>[]>();

    for (const { metric, type, help, unit = '' } of await this.#queries.targetMetadata(
      selector,
      signal,
    )) {
      const known = found.get(metric) ?? [];

      if (wanted === '' || wanted === metric) {
        found.set(metric, known);
      }
      if (!known.some((one) => one.type === type && one.help === help)) {
        known.push({ type, help, unit });
      }
    }

    return Object.fromEntries(found);
  }

  /** Returns the caller's expression with their matchers in every selector. */
  #limited(parameters: URLSearchParams, user: UserInfo): string {
    const expression = parseExpression(parameters.get('query') ?? '');
    return printExpression(addMatchers(expression, this.#access.matchersFor(user) ?? []));
  }

  /** Returns the `match[]` selectors of a call with its caller's matchers. */
  #selectors({ user, parameters }: PrometheusCall): readonly string[] {
    const own = this.#access.matchersFor(user);
    const asked: (readonly Matcher[])[] = parameters.getAll('match[]').map(parseSelector);

    if (asked.length === 0) {
      return own ? [printMatchers(own)] : [];
    }

    return asked.map((matchers) => printMatchers([...matchers, ...(own ?? [])]));
  }
}
