import type { OAuthClient } from './clients.ts';
import { OAuthError } from './errors.ts';

/**
 * Scopes that mean something here. `full` opens the API; the others are OpenID Connect's, besides
 * `groups`.
 */
export const SCOPES = ['openid', 'profile', 'email', 'groups', 'offline_access', 'full'] as const;

/** Whether a scope, with spaces between its parts, has a part. */
export function hasScope(scope: string | undefined, part: (typeof SCOPES)[number]): boolean {
  return scope?.split(' ').includes(part) ?? false;
}

/** Whether a token is good for the API: those of plain log-ins have no scope. */
export function opensApi(scope: string | undefined): boolean {
  return scope === undefined || hasScope(scope, 'full');
}

/**
 * What a client gets of the scope that it asks for (RFC 6749 section 3.3): parts that are unknown
 * here are left out, one that is not its own is refused. Who asks for none gets `full` where he
 * may, as in 3.0. Throws `invalid_scope`.
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
