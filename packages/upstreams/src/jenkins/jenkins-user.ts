import { basicAuthorization } from '@ks-apiserver/apimachinery/transport/basic-authorization';
import { headersToPass, type MessageHeaders } from '../forwarded-headers.ts';
import type { Upstream, UpstreamAnswer } from '../upstream.ts';

/** The user for whom Jenkins is called, and the headers of their own call. */
export interface JenkinsCaller {
  /** Name as this server has authenticated it. */
  name: string;
  headers: MessageHeaders & { authorization?: string | undefined };
}

/** One call to Jenkins. */
export interface JenkinsCall {
  method: string;
  /** Encoded path and query. */
  path: string;
  body?: Uint8Array;
  /** Set or replaced besides the caller's own headers. */
  headers?: Readonly<Record<string, string>>;
  /** Sends the Authorization header as the caller sent it. */
  keepsAuthorization?: boolean;
  signal?: AbortSignal;
}

/**
 * Returns the Authorization header for Jenkins: it knows KubeSphere's users by their name and a
 * token as the password. Anything but a token is sent on unchanged.
 */
export function jenkinsAuthorization(user: string, authorization: string): string {
  const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];

  // A name with a colon cannot stand before a password (RFC 7617).
  return token === undefined || user.includes(':')
    ? authorization
    : basicAuthorization(user, token);
}

function headersFor(caller: JenkinsCaller, call: JenkinsCall): Record<string, string> {
  // The body was read and goes on decoded.
  const {
    'content-length': _length,
    'content-encoding': _encoding,
    ...headers
  } = headersToPass(caller.headers);

  const { authorization } = caller.headers;
  const sent =
    call.keepsAuthorization === true || authorization === undefined
      ? authorization
      : jenkinsAuthorization(caller.name, authorization);

  return { ...headers, ...(sent !== undefined && { authorization: sent }), ...call.headers };
}

/**
 * Calls Jenkins as a user, with their headers (among them `Jenkins-Crumb`) and their credentials.
 * These reach Jenkins alone: a redirect is an answer and is not followed.
 */
export class JenkinsUser {
  readonly #upstream: Upstream;

  constructor(upstream: Upstream) {
    this.#upstream = upstream;
  }

  /** Makes a call; answers come uncompressed. Rejects with an UpstreamError without an answer. */
  call(caller: JenkinsCaller, call: JenkinsCall): Promise<UpstreamAnswer> {
    const { 'accept-encoding': _, ...headers } = headersFor(caller, call);

    return this.#send(call, { ...headers, 'accept-encoding': 'identity' });
  }

  /** Makes a call whose answer is passed on as it is, also compressed. */
  pass(caller: JenkinsCaller, call: JenkinsCall): Promise<UpstreamAnswer> {
    return this.#send(call, headersFor(caller, call));
  }

  #send(
    { method, path, body, signal }: JenkinsCall,
    headers: Record<string, string>,
  ): Promise<UpstreamAnswer> {
    return this.#upstream.call({
      method,
      path,
      headers,
      ...(body && { body }),
      ...(signal && { signal }),
    });
  }
}
