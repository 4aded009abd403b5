import type { AuthorizationRequest } from './authorization-request.ts';
import type { LoggedIn } from './codes.ts';
import { OAuthError } from './errors.ts';

/**
 * Whether a log-in is older than the request allows (OpenID Connect Core section 3.1.2.1,
 * `max_age`).
 */
function isTooOld({ maxAge }: AuthorizationRequest, { authTime }: LoggedIn): boolean {
  return maxAge !== undefined && authTime + maxAge < Math.floor(Date.now() / 1000);
}

/** Whether a logged-in user must log in again. */
export function needsLogin(request: AuthorizationRequest, user: LoggedIn): boolean {
  return (
    request.prompt.has('login') || request.prompt.has('select_account') || isTooOld(request, user)
  );
}

/**
 * Whether the user must consent: for clients with grantMethod `prompt`, and for those that request
 * it.
 */
export function needsConsent({ client, prompt }: AuthorizationRequest): boolean {
  return client.grantMethod === 'prompt' || prompt.has('consent');
}

/**
 * Throws an OAuthError for a request that needs an answer of the user, if the caller uses a
 * credential in a header and has no page.
 */
export function checkCaller(request: AuthorizationRequest, caller: LoggedIn): void {
  if (request.prompt.has('login') || isTooOld(request, caller)) {
    throw new OAuthError('login_required', 'the log-in is not new enough');
  }
  if (needsConsent(request)) {
    throw new OAuthError('consent_required', 'the user must agree first');
  }
}
