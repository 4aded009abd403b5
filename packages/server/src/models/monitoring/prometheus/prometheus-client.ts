import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import {
  type LabelSet,
  type MetricMetadata,
  type MetricQueries,
  QueryError,
  type QueryResult,
  type SteppedRange,
  type TimeRange,
} from '@ks-apiserver/promql/query-api';
import { type Answer, dataOf } from './answer.ts';
import type { PrometheusConnection } from './prometheus-connection.ts';

/** Queries of a Prometheus API: each ends with its caller or at its deadline. */
export class PrometheusClient implements MetricQueries {
  readonly #connection: PrometheusConnection;
  readonly #timeoutMs: number;

  /** `timeoutMs` is the limit of one query with its answer. */
  constructor(connection: PrometheusConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  query(expression: string, time: number, signal?: AbortSignal): Promise<QueryResult> {
    return this.#post<QueryResult>('query', { query: expression, time: String(time) }, signal);
  }

  queryRange(
    expression: string,
    { start, end, step }: SteppedRange,
    signal?: AbortSignal,
  ): Promise<QueryResult> {
    const parameters = {
      query: expression,
      start: String(start),
      end: String(end),
      step: step.toFixed(3),
    };

    return this.#post<QueryResult>('query_range', parameters, signal);
  }

  series(
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly LabelSet[]> {
    return this.#get(`series?${selection(selectors, range)}`, signal);
  }

  labels(
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    return this.#get(`labels?${selection(selectors, range)}`, signal);
  }

  labelValues(
    label: string,
    selectors: readonly string[],
    range: Partial<TimeRange>,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    const path = `label/${encodeURIComponent(label)}/values`;
    return this.#get(`${path}?${selection(selectors, range)}`, signal);
  }

  targetMetadata(selector: string, signal?: AbortSignal): Promise<readonly MetricMetadata[]> {
    return this.#get(`targets/metadata?${new URLSearchParams({ match_target: selector })}`, signal);
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  async #post<Data>(
    path: string,
    parameters: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Data> {
    const form = new URLSearchParams(parameters).toString();
    const answer = await this.#call(path, form, signal);

    // Some proxies allow reading only.
    return answer.status === 405
      ? this.#get<Data>(`${path}?${form}`, signal)
      : dataOf<Data>(answer);
  }

  async #get<Data>(path: string, signal?: AbortSignal): Promise<Data> {
    return dataOf<Data>(await this.#call(path, undefined, signal));
  }

  async #call(path: string, form: string | undefined, signal?: AbortSignal): Promise<Answer> {
    const deadline = new Deadline(this.#timeoutMs, ...(signal ? [signal] : []));
    const method = form === undefined ? 'GET' : 'POST';

    try {
      const { signal: end } = deadline;
      return await this.#connection.send({ method, path: `/api/v1/${path}`, form, signal: end });
    } catch (error) {
      throw this.#failure(error, `${method} ${this.#shown(path)}`, { signal, deadline });
    } finally {
      deadline.end();
    }
  }

  /** URL of a call without parameters, which may be long. */
  #shown(path: string): string {
    const [name = ''] = path.split('?', 1);
    return `"${this.#connection.url}/api/v1/${name}"`;
  }

  #failure(
    error: unknown,
    call: string,
    { signal, deadline }: { signal: AbortSignal | undefined; deadline: Deadline },
  ): QueryError {
    if (error instanceof QueryError) {
      return error;
    }
    if (signal?.aborted) {
      return new QueryError('canceled', 'the caller went away');
    }
    if (deadline.signal.aborted) {
      return new QueryError('timeout', `no answer within ${this.#timeoutMs} ms`);
    }

    return new QueryError('unavailable', `${call}: ${messageOf(error)}`);
  }
}

function selection(selectors: readonly string[], { start, end }: Partial<TimeRange>): string {
  const query = new URLSearchParams(
    selectors.map((selector): [string, string] => ['match[]', selector]),
  );

  if (start !== undefined) {
    query.set('start', String(start));
  }
  if (end !== undefined) {
    query.set('end', String(end));
  }

  return query.toString();
}
