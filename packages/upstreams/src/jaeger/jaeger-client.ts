import { Deadline } from '@ks-apiserver/apimachinery/transport/deadline';
import {
  discard,
  readText,
  Upstream,
  type UpstreamAnswer,
  UpstreamError,
  type UpstreamOptions,
} from '../upstream.ts';
import { tracesOf } from './otlp-traces.ts';
import { v3Query } from './v3-query.ts';

/**
 * Parameters of Jaeger's search that callers choose. Not among them: `service`, which says whose
 * traces are read, and `traceID`, which would read any.
 */
const PARAMETERS: ReadonlySet<string> = new Set([
  'operation',
  'tag',
  'tags',
  'start',
  'end',
  'limit',
  'lookback',
  // What KubeSphere 3.0 calls the one before.
  'loopback',
  'minDuration',
  'maxDuration',
]);

/** Longest answer in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Limit of a search with its whole answer, in milliseconds. */
const SEARCH_MS = 120_000;

const NOT_FOUND = 404;

/**
 * Passes on a body up to a limit, and ends the search with it; what is longer breaks off with an
 * UpstreamError.
 */
async function* bounded({ body }: UpstreamAnswer, deadline: Deadline): AsyncGenerator<Uint8Array> {
  let size = 0;

  try {
    for await (const piece of body) {
      size += piece.byteLength;

      if (size > MAX_ANSWER_BYTES) {
        throw new UpstreamError(
          'too-large',
          `Jaeger's answer has more than ${MAX_ANSWER_BYTES} bytes: ask for fewer traces`,
        );
      }

      yield piece;
    }
  } finally {
    deadline.end();
  }
}

/** The query API of a Jaeger, which finds traces. */
export class JaegerClient {
  readonly #upstream: Upstream;

  /** Throws a TypeError when the URL is none, and an Error when the file cannot be read. */
  constructor(options: UpstreamOptions) {
    this.#upstream = new Upstream(options);
  }

  /**
   * Finds traces of a service. Returns the JSON that Jaeger answers, whatever its status; what its
   * API v3 answers, where the older path is gone, in the older form. Rejects with an UpstreamError.
   */
  async traces(
    service: string,
    asked: URLSearchParams,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array> | Uint8Array> {
    const query = new URLSearchParams([...asked].filter(([name]) => PARAMETERS.has(name)));
    query.append('service', service);

    const deadline = new Deadline(SEARCH_MS, signal);

    try {
      const answer = await this.#get(`/api/traces?${query}`, deadline.signal);
      if (answer.status !== NOT_FOUND) {
        return bounded(answer, deadline);
      }

      await discard(answer);

      return await this.#tracesOfV3(v3Query(service, query, Date.now()), deadline);
    } catch (error) {
      deadline.end();
      throw error;
    }
  }

  /** Ends all calls and closes the connections. */
  close(): Promise<void> {
    return this.#upstream.close();
  }

  async #tracesOfV3(
    query: URLSearchParams,
    deadline: Deadline,
  ): Promise<AsyncIterable<Uint8Array> | Uint8Array> {
    const answer = await this.#get(`/api/v3/traces?${query}`, deadline.signal);
    if (answer.status !== 200 && answer.status !== NOT_FOUND) {
      return bounded(answer, deadline);
    }

    const text = await readText(answer);
    deadline.end();

    // It answers so when there are no traces.
    const data = answer.status === NOT_FOUND ? [] : tracesOf(this.#parsed(text));

    return Buffer.from(JSON.stringify({ data, total: 0, limit: 0, offset: 0, errors: null }));
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new UpstreamError('unavailable', `${this.#upstream.origin}: the answer is no JSON`);
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    const answer = await this.#upstream.call({
      method: 'GET',
      path,
      headers: { accept: 'application/json' },
      signal,
    });

    if (answer.status >= 300 && answer.status < 400) {
      await discard(answer);
      throw new UpstreamError(
        'unavailable',
        `${this.#upstream.origin}: redirects are not followed (status ${answer.status})`,
      );
    }

    return answer;
  }
}
