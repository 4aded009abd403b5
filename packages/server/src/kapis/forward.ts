import type { IncomingMessage } from 'node:http';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import { passedBody } from '@ks-apiserver/http/request/body-budgets';
import { RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import { answerHeaders, callHeaders } from '@ks-apiserver/upstreams/forwarded-headers';
import {
  type Upstream,
  type UpstreamAnswer,
  UpstreamError,
} from '@ks-apiserver/upstreams/upstream';

/** Returns an upstream's answer as it goes on to the caller, with the body still to come. */
export function forwardedReply({ status, headers, body }: UpstreamAnswer): RouteReply {
  return new RouteReply(status, answerHeaders(headers), body);
}

/** Status and words of each kind of failure of an upstream. */
const FAILURES = {
  unavailable: [502, 'cannot be reached'],
  timeout: [504, 'did not answer in time'],
  'too-large': [502, 'sent an answer that is too large'],
  busy: [503, 'has too many calls: try again later'],
  canceled: [499, 'was not waited for'],
} as const;

/**
 * Returns the error that a caller gets when an upstream fails: what it is called, and no address of
 * it. Other errors are returned as they are.
 */
export function upstreamFailure(error: unknown, name: string): unknown {
  if (!(error instanceof UpstreamError)) {
    return error;
  }

  const [status, words] = FAILURES[error.kind];

  return new StatusError(status, '', `the ${name} ${words}`, undefined, { cause: error });
}

/** Where a call goes on to. */
export interface Destination {
  upstream: Upstream;
  /** What the upstream is called in messages, such as `alerting server`. */
  name: string;
  /** Path below the upstream's own, encoded. */
  path: string;
}

/**
 * Passes a call on with the caller's query and returns the answer whatever its status. Rejects with
 * a StatusError 502 to 504 when there is none.
 */
export async function forward(
  request: RouteRequest,
  { upstream, name, path }: Destination,
): Promise<RouteReply> {
  const mark = request.url.indexOf('?');
  const { body } = request;

  try {
    const answer = await upstream.call({
      method: request.method,
      path: path + (mark < 0 ? '' : request.url.slice(mark)),
      headers: callHeaders(request),
      ...(body !== undefined && { body: passedBody(body as IncomingMessage) }),
      signal: request.signal,
    });

    return forwardedReply(answer);
  } catch (error) {
    throw upstreamFailure(error, name);
  }
}
