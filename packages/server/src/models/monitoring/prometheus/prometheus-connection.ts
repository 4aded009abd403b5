import { QueryError } from '@ks-apiserver/promql/query-api';
import type { Answer } from './answer.ts';

/** Largest answer in bytes: a range query of 11,000 points has some 300 KB a series. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** One call to a Prometheus API. */
export interface PrometheusCall {
  method: 'GET' | 'POST';
  /** Path and query below the URL of the API: `/api/v1/query`. */
  path: string;
  /** Parameters in the body, as a form. */
  form: string | undefined;
  signal: AbortSignal;
}

/** How a Prometheus API is reached. Redirects are not followed, and answers are bounded. */
export interface PrometheusConnection {
  /** URL of the API as errors show it, without credentials. */
  readonly url: string;
  /** Makes a call. Rejects with a QueryError for a large answer, and when there is none. */
  send(call: PrometheusCall): Promise<Answer>;
  close(): Promise<void>;
}

/** Returns the error of an answer that is larger than `MAX_ANSWER_BYTES`. */
export function tooLarge(): QueryError {
  return new QueryError(
    'bad_response',
    `the answer has more than ${MAX_ANSWER_BYTES} bytes: ask for fewer series or a larger step`,
  );
}
