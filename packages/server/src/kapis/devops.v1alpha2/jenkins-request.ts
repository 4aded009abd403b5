import type { IncomingMessage } from 'node:http';
import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { readRequestBody } from '@ks-apiserver/http/request/request-body';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/http/routes/route';
import type { UpstreamAnswer } from '@ks-apiserver/upstreams/upstream';
import type { CallerOfJenkins } from '../../models/devops/jenkins-calls.ts';
import { JenkinsFailure } from '../../models/devops/jenkins-failure.ts';

/** Largest body that goes on to Jenkins, in bytes. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Texts of Jenkins are never read as pages of this server's origin. */
export const TEXT = 'text/plain; charset=utf-8';

/** Headers of Jenkins that tell how a log goes on. */
const OF_LOGS = /^x-(text-.*|more-data|jenkins.*|hudson.*)$/;

/** Returns the user of a call as Jenkins is called for them. */
export function callerOf({ user, headers, signal }: RouteRequest): CallerOfJenkins {
  return { name: user.name, headers, signal };
}

/** Returns the query of a call as it was sent, without the question mark. */
export function rawQueryOf({ url }: RouteRequest): string {
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark + 1);
}

/** Returns a path with the query of a call. */
export function withQueryOf(request: RouteRequest, path: string): string {
  const query = rawQueryOf(request);
  return query === '' ? path : `${path}?${query}`;
}

/** Reads the body of a call; undefined when it has none. Throws 400, 408, 413, 415 or 429. */
export async function bodyOf({ body }: RouteRequest): Promise<Uint8Array | undefined> {
  return body === undefined ? undefined : readRequestBody(body as IncomingMessage, MAX_BODY_BYTES);
}

/** Reads the body of a call as text; '' when it has none. Throws like `bodyOf`. */
export async function textOf(request: RouteRequest): Promise<string> {
  return Buffer.from((await bodyOf(request)) ?? []).toString();
}

/** Answers with a text of Jenkins, while it comes. */
export function textReply({ headers, body }: UpstreamAnswer): RouteReply {
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    OF_LOGS.test(name) && value !== undefined ? [[name, String(value)]] : [],
  );

  return new RouteReply(200, { ...Object.fromEntries(kept), 'content-type': TEXT }, body);
}

/**
 * Answers errors of Jenkins with its own words and, as in 3.0, the status 500. Refuses dry runs,
 * which Jenkins does not know.
 */
export function answering(handler: Handler): Handler {
  return async (request) => {
    if (request.dryRun) {
      throw badRequest('dryRun: Jenkins cannot try a call, leave it out');
    }

    try {
      return await handler(request);
    } catch (error) {
      if (error instanceof JenkinsFailure) {
        return new RouteReply(500, { 'content-type': TEXT }, error.body);
      }

      throw error;
    }
  };
}
