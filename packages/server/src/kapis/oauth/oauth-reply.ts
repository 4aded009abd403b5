import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { OAuthError } from '../../models/oauth/errors.ts';

/** Tokens must not be cached (RFC 6749 section 5.1). */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };

/** Returns a JSON answer that must not be cached. */
export function secretReply(
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): RouteReply {
  const type = { 'content-type': 'application/json' };
  return new RouteReply(status, { ...type, ...NO_STORE, ...headers }, JSON.stringify(value));
}

/**
 * Returns the headers of the answer to a wrong credential: how to send a right one (RFC 6750
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
 * Wraps a handler: its OAuthErrors are sent in JSON (RFC 6749 section 5.2), other errors in the
 * form of the route.
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
