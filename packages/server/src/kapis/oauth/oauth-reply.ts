import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { OAuthError } from '../../models/oauth/errors.ts';

/** Tokens stay out of every cache (RFC 6749 section 5.1). */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** An answer in JSON that no cache keeps. */
export function secretReply(
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): RouteReply {
  const type = { 'content-type': 'application/json' };
  return new RouteReply(status, { ...type, ...NO_STORE, ...headers }, JSON.stringify(value));
}

/**
 * What a wrong credential is answered with, besides its status: how to bring a right one (RFC 6750
 * section 3, RFC 7617).
 */
function challengeOf(error: OAuthError, scheme: 'Basic' | 'Bearer'): Record<string, string> {
  if (error.code !== 401 && error.code !== 403) {
    return {};
  }

  const detail = scheme === 'Bearer' ? `, error="${error.error}"` : '';
  return { 'www-authenticate': `${scheme} realm="KubeSphere"${detail}` };
}

/**
 * A handler whose OAuthErrors are sent in JSON (RFC 6749 section 5.2); others are sent as the route
 * says.
 */
export function withOAuthErrors(scheme: 'Basic' | 'Bearer', handler: Handler): Handler {
  return async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      if (!(error instanceof OAuthError)) {
        throw error;
      }

      const body = { error: error.error, error_description: error.message };
      return secretReply(body, error.code, challengeOf(error, scheme));
    }
  };
}
