import { readFileSync } from 'node:fs';
import { messageOf } from '@ks-apiserver/apimachinery/meta/error-message';
import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
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
import { Agent } from 'undici';
import { type Answer, dataOf } from './answer.ts';

/** Where a Prometheus API is, and how this server proves who it is. */
export interface PrometheusOptions {
  /** URL of the API, with or without a path. */
  endpoint: string;
  username: string;
  password: string;
  bearerToken: string;
  /** File with certificates (PEM) of the authorities that are trusted, instead of those of Node. */
  caFile: string;
  /** Further headers, such as a tenant's `X-Scope-OrgID`. */
  headers: Readonly<Record<string, string>>;
  /** Limit of one query with its answer, in milliseconds. */
  timeout: number;
  /** Queries that run at once; others wait. */
  maxConcurrency: number;
}

/** Largest answer in bytes: a range query of 11,000 points has some 300 KB a series. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;

/** The Authorization header of the options; undefined without credentials. */
function authorizationOf(options: PrometheusOptions, url: URL): string | undefined {
  if (options.bearerToken !== '') {
    return `Bearer ${options.bearerToken}`;
  }

  const username = options.username || decodeURIComponent(url.username);
  const password = options.password || decodeURIComponent(url.password);

  return username === '' ? undefined : basicAuthorization(username, password);
}

/**
 * A Prometheus API over HTTP: Prometheus itself, Thanos, VictoriaMetrics and others. Redirects are
 * not followed, answers are bounded, a query ends with its caller or at its deadline.
 */
export class PrometheusClient implements MetricQueries {
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;

  /** Throws an Error when the endpoint is no URL or the file with authorities cannot be read. */
  constructor(options: PrometheusOptions) {
    const url = new URL(options.endpoint);
    const authorization = authorizationOf(options, url);

    url.username = '';
    url.password = '';
    url.pathname = url.pathname.replace(/\/+$/, '');

    this.#url = url;
    this.#headers = { ...options.headers, ...(authorization && { authorization }) };
    this.#timeoutMs = options.timeout;

    this.#agent = new Agent({
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(options.caFile !== '' && { ca: readFileSync(options.caFile, 'utf8') }),
      },
      // Queries beyond these wait in the agent, in their order.
      connections: options.maxConcurrency,
      pipelining: 1,
      maxResponseSize: MAX_ANSWER_BYTES,
      headersTimeout: options.timeout,
      bodyTimeout: options.timeout,
    });
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
    return this.#agent.destroy();
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
      return await this.#send(method, path, form, deadline.signal);
    } catch (error) {
      throw this.#failure(error, `${method} ${this.#shown(path)}`, { signal, deadline });
    } finally {
      deadline.end();
    }
  }

  async #send(
    method: 'GET' | 'POST',
    path: string,
    form: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { statusCode, body } = await this.#agent.request({
      origin: this.#url.origin,
      path: `${this.#url.pathname === '/' ? '' : this.#url.pathname}/api/v1/${path}`,
      method,
      headers: {
        ...this.#headers,
        ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form ?? null,
      signal,
    });

    return { status: statusCode, text: await body.text() };
  }

  /** URL of a call without parameters, which may be long. */
  #shown(path: string): string {
    const [name = ''] = path.split('?', 1);
    return `"${this.#url.origin}${this.#url.pathname === '/' ? '' : this.#url.pathname}/api/v1/${name}"`;
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

    if ((error as { code?: string }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
      return new QueryError(
        'bad_response',
        `the answer has more than ${MAX_ANSWER_BYTES} bytes: ask for fewer series or a larger step`,
      );
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
