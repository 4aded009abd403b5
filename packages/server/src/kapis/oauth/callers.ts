import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { RouteRequest } from '@ks-apiserver/http/routes/route';
import { CREDENTIAL_EXTRA } from '../../models/authorization/restrictions/api-tokens.ts';
import { ANONYMOUS } from '../../models/iam/login/authenticate.ts';
import type { LoggedIn } from '../../models/oauth/codes.ts';
import { type Browser, browserOf } from '../../models/oauth/cookies.ts';
import type { OAuthDependencies } from './dependencies.ts';

/** Returns the token of `Authorization: Bearer`; undefined for any other header. */
export function bearerOf({ headers }: Pick<RouteRequest, 'headers'>): string | undefined {
  const [scheme = '', token = ''] = (headers.authorization ?? '').trim().split(/\s+/, 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}

/**
 * Returns the user whom the Authorization header identifies; undefined without one. Throws
 * Unauthorized for an API token: it must not create further credentials.
 */
export async function callerOf(
  dependencies: OAuthDependencies,
  request: RouteRequest,
): Promise<LoggedIn | undefined> {
  const { user } = request;
  if (user.name === ANONYMOUS.name) {
    return undefined;
  }
  if (user.extra?.[CREDENTIAL_EXTRA]) {
    throw unauthorized('Unauthorized: an API token makes no other tokens');
  }

  const groups = user.groups.filter((group) => !group.startsWith('system:'));
  const identity = { name: user.name, uid: user.uid ?? '', ...(groups.length > 0 && { groups }) };
  const token = bearerOf(request);
  if (token === undefined) {
    return { identity, authTime: Math.floor(Date.now() / 1000), session: '' };
  }

  const { claims } = await dependencies.authenticator.session(token);

  // A token without expiry may outlive the record of its session.
  const session = claims.exp === undefined ? '' : (claims.sid ?? '');

  return { identity, authTime: claims.auth_time ?? claims.iat, session };
}

/** Whether the caller is a browser. */
export function isBrowser({ headers }: RouteRequest): boolean {
  return (headers.accept ?? '').toLowerCase().includes('text/html');
}

/** Describes the caller's browser; without a proxy's header it uses the scheme of the issuer. */
export function browserAt({ issuerUrl }: OAuthDependencies, { headers }: RouteRequest): Browser {
  return browserOf(headers, { otherwise: issuerUrl().startsWith('https:') });
}
