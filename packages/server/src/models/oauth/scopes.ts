import type { OAuthClient } from './clients.ts';
import { OAuthError } from './errors.ts';

/** Known scopes. `full` is for the API; the others are OpenID Connect's, and `groups`. */
export const SCOPES = ['openid', 'profile', 'email', 'groups', 'offline_access', 'full'] as const;

/** Whether a scope, a list separated by spaces, contains one of them. */
export function hasScope(scope: string | undefined, part: (typeof SCOPES)[number]): boolean {
  return scope?.split(' ').includes(part) ?? false;
}

/** Whether a token is for the API; tokens of plain log-ins have no scope. */
export function opensApi(scope: string | undefined): boolean {
  return scope === undefined || hasScope(scope, 'full');
}

/**
 * Returns the scope that a client is granted of the requested one (RFC 6749 section 3.3). Unknown
 * scopes are left out, and those that the client may not have are refused. Without a requested
 * scope it gets `full` if it may, as in 3.0. Throws `invalid_scope`.
 */
export function grantedScope({ scopeRestrictions, name }: OAuthClient, asked: string): string {
  const allowed = SCOPES.filter(
    (scope) => scopeRestrictions.length === 0 || scopeRestrictions.includes(scope),
  );

  if (asked.trim() === '') {
    return allowed.includes('full') ? 'full' : allowed.join(' ');
  }

  const wanted = SCOPES.filter((scope) => hasScope(asked, scope));
  const refused = wanted.find((scope) => !allowed.includes(scope));
  if (refused) {
    throw new OAuthError(
      'invalid_scope',
      `the OAuth client ${name} may not ask for the scope ${refused}`,
    );
  }

  if (wanted.length === 0) {
    throw new OAuthError('invalid_scope', `the known scopes are ${SCOPES.join(', ')}`);
  }

  return wanted.join(' ');
}
