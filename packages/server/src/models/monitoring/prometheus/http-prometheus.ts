import { readFileSync } from 'node:fs';
import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
import { Agent } from 'undici';
import type { Answer } from './answer.ts';
import {
  MAX_ANSWER_BYTES,
  type PrometheusCall,
  type PrometheusConnection,
  tooLarge,
} from './prometheus-connection.ts';

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

/** A Prometheus API at an address of its own: Prometheus, Thanos, VictoriaMetrics and others. */
export class HttpPrometheus implements PrometheusConnection {
  readonly url: string;
  readonly #agent: Agent;
  readonly #origin: string;
  readonly #path: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Throws an Error when the endpoint is no URL or the file with authorities cannot be read. */
  constructor(options: PrometheusOptions) {
    const url = new URL(options.endpoint);
    const authorization = authorizationOf(options, url);

    this.#origin = url.origin;
    this.#path = url.pathname.replace(/\/+$/, '');
    this.url = `${this.#origin}${this.#path}`;
    this.#headers = { ...options.headers, ...(authorization && { authorization }) };

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

  async send({ method, path, form, signal }: PrometheusCall): Promise<Answer> {
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: this.#origin,
        path: this.#path + path,
        method,
        headers: {
          ...this.#headers,
          ...(form !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        body: form ?? null,
        signal,
      });

      return { status: statusCode, text: await body.text() };
    } catch (error) {
      throw (error as { code?: string }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
        ? tooLarge()
        : error;
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
