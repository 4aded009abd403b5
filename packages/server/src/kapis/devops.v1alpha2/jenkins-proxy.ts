import { badRequest } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { answerHeaders } from '@ks-apiserver/upstreams/forwarded-headers';
import { UpstreamError } from '@ks-apiserver/upstreams/upstream';
import type { JenkinsCalls } from '../../models/devops/jenkins-calls.ts';
import { callerOf } from './jenkins-request.ts';

/**
 * Users write HTML into Jenkins: reports, artifacts, descriptions. A browser that opens it here gives
 * it an origin of its own, without scripts, forms and cookies, so that it cannot act as the caller.
 */
const ISOLATION = {
  'content-security-policy':
    "sandbox allow-downloads; default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline' 'self'; font-src 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

const PREFIX = /^.*?\/v1alpha2\/jenkins(?=\/)/;

/**
 * Returns the path and query in Jenkins of a call's URL. Throws BadRequest for segments that servlet
 * containers read as dot segments.
 */
export function jenkinsUrl(url: string): string {
  const [path = '', ...query] = url.replace(PREFIX, '').split('?');
  if (path.split('/').some((segment) => /^\.{1,2}(;|%3b|$)/i.test(segment))) {
    throw badRequest('the path must not hold dot segments');
  }

  return [path, ...query].join('?');
}

/** Passes a call on to Jenkins, and its answer back as it is. */
export function jenkinsProxy(calls: JenkinsCalls): Handler {
  return async (request) => {
    try {
      const { status, headers, body } = await calls.pass(callerOf(request), {
        method: 'GET',
        path: jenkinsUrl(request.url),
        headers: { 'x-forwarded-for': request.sourceIP },
      });

      return new RouteReply(status, { ...answerHeaders(headers), ...ISOLATION }, body);
    } catch (error) {
      if (error instanceof UpstreamError) {
        // Without a text, as in 3.0.
        return new RouteReply(error.kind === 'timeout' ? 504 : 502, {}, '');
      }

      throw error;
    }
  };
}
