import {
  internalError,
  StatusError,
  tooManyRequests,
} from '@ks-apiserver/apimachinery/meta/errors';
import { readText, type UpstreamAnswer, UpstreamError } from '@ks-apiserver/upstreams/upstream';

const RETRY_SECONDS = 5;

/** Longest page of an error that is passed on, in bytes. */
const MAX_PAGE_BYTES = 1024 * 1024;

/** Jenkins has refused a call; its words are the answer. */
export class JenkinsFailure extends Error {
  /** Status of Jenkins' answer. */
  readonly status: number;
  /** Body of Jenkins' answer: text, JSON or a page. */
  readonly body: string;

  constructor(status: number, body: string) {
    super(`Jenkins answered ${status}`);
    this.name = 'JenkinsFailure';
    this.status = status;
    this.body = body;
  }
}

/** Returns the error that a call without an answer ends with: 500 as in 3.0 where it knows it. */
export function upstreamFailure(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) {
    return error;
  }

  switch (error.kind) {
    case 'busy':
      return tooManyRequests(error.message, RETRY_SECONDS);
    case 'timeout':
      return new StatusError(504, 'Timeout', error.message);
    default:
      return internalError(error.message, error);
  }
}

/**
 * Returns an answer of Jenkins that is none of an error. Rejects with a JenkinsFailure for a status
 * of 400 and more, and with a StatusError for a redirect: credentials follow none.
 */
export async function succeeded(answer: UpstreamAnswer): Promise<UpstreamAnswer> {
  const { status } = answer;
  if (status < 300) {
    return answer;
  }

  const body = await readText(answer, { maxBytes: MAX_PAGE_BYTES });
  if (status >= 400) {
    throw new JenkinsFailure(status, body);
  }

  throw new StatusError(
    502,
    'BadGateway',
    'Jenkins redirected the call, which is not followed: check that devops.host is the URL under which Jenkins answers itself',
  );
}

/** 500 with exactly these words. */
export function plainFailure(message: string, cause: unknown): StatusError {
  return new StatusError(500, 'InternalError', message, undefined, { cause });
}
