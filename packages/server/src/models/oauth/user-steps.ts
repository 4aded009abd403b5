import type { AuthorizationRequest } from './authorization-request.ts';
import type { LoggedIn } from './codes.ts';
import { OAuthError } from './errors.ts';

/**
 * Whether a log-in is older than the request wants (OpenID Connect Core section 3.1.2.1,
 * `max_age`).
 */
function isTooOld({ maxAge }: AuthorizationRequest, { authTime }: LoggedIn): boolean {
  return maxAge !== undefined && authTime + maxAge < Math.floor(Date.now() / 1000);
}

/** Whether somebody who is logged in must do so again. */
export function needsLogin(request: AuthorizationRequest, user: LoggedIn): boolean {
  return (
    request.prompt.has('login') || request.prompt.has('select_account') || isTooOld(request, user)
  );
}

/**
 * Whether the user must be asked first: clients with grantMethod `prompt`, and those that want it.
 */
export function needsConsent({ client, prompt }: AuthorizationRequest): boolean {
  return client.grantMethod === 'prompt' || prompt.has('consent');
}

/**
 * Refuses what a caller who brings a credential in a header cannot be asked for. Throws an
 * OAuthError.
 */
export function checkCaller(request: AuthorizationRequest, caller: LoggedIn): void {
  if (request.prompt.has('login') || isTooOld(request, caller)) {
    throw new OAuthError('login_required', 'the log-in is not new enough');
  }
  if (needsConsent(request)) {
    throw new OAuthError('consent_required', 'the user must be asked');
  }
}
