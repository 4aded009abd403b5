import { badRequest, StatusError, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply, type RouteRequest } from '@ks-apiserver/apiserver/routes/route';
import { providerFailure } from '../../models/iam/provider-passwords.ts';
import { isReturnPath } from '../../models/identity-providers/login-state.ts';
import type { OpenProvider, RedirectProvider } from '../../models/identity-providers/provider.ts';
import type { ProviderLoginParts } from './provider-routes.ts';

/** The words of 3.0's OAuth endpoints, for errors of providers too. */
export function worded(thrown: unknown): unknown {
  const error = providerFailure(thrown);
  if (!(error instanceof StatusError)) return error;
  if (error.code === 401) return new StatusError(401, error.reason, `Unauthorized: ${error.message}`);
  if (error.code === 403) return new StatusError(403, 'Forbidden', `Forbidden: ${error.message}`);
  if (error.code === 503)
    return new StatusError(503, error.reason, `Internal error occurred: ${error.message}`, error.details, {
      cause: error.cause,
    });
  return error;
}

/** The provider of a path to whose pages browsers are sent. Throws Unauthorized in 3.0's words. */
export function redirectProvider({ providers }: ProviderLoginParts, name: string): OpenProvider<RedirectProvider> {
  const open = providers.redirects.find((known) => known.name === name);
  if (!open) throw unauthorized('the identity provider was not found');
  return open;
}

/** Whether the browser speaks https with us, or with a proxy before us; the redirect URL tells it where the proxy does not. */
export function isSecure({ headers }: Pick<RouteRequest, 'headers'>, redirectURL: string): boolean {
  const forwarded = String(headers['x-forwarded-proto'] ?? '')
    .split(',')[0]!
    .trim();
  return forwarded.toLowerCase() === 'https' || redirectURL.startsWith('https:');
}

/** `GET /oauth/login/{provider}`: sends the browser to the provider (RFC 6749 section 4.1.1), bound to it by a cookie. */
export function beginLogin(parts: ProviderLoginParts): Handler {
  return async (request) => {
    const { params, query } = request;
    const returnTo = query.get('return_to') ?? '';
    try {
      const { name, provider } = redirectProvider(parts, params.provider ?? '');
      if (returnTo !== '' && !parts.beginSession) throw badRequest('return_to is not supported');
      if (returnTo !== '' && !isReturnPath(returnTo))
        throw badRequest('return_to must be a path that starts with /oauth/authorize?');
      const { pending, cookie } = await parts.states.begin(name, returnTo, isSecure(request, provider.redirectURL));
      const { href } = await provider.begin(pending);
      return new RouteReply(302, { location: href, 'set-cookie': cookie, 'cache-control': 'no-store' });
    } catch (error) {
      throw worded(error);
    }
  };
}

function textsOf(body: unknown): { username: string; password: string; otp: string } {
  const value = (name: string): unknown => {
    if (body instanceof URLSearchParams) return body.get(name) ?? '';
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  };
  const [username, password, otp = ''] = [value('username'), value('password'), value('otp')];
  if (typeof otp !== 'string') throw badRequest('otp must be a text');
  if (typeof username !== 'string' || typeof password !== 'string')
    throw badRequest('username and password must be texts');
  return { username, password, otp };
}

/** `POST /oauth/login/{provider}` (3.1): a pair of tokens for a name and password that one LDAP provider checks. */
export function passwordLogin({ login, issuer }: ProviderLoginParts): Handler {
  return async ({ params, body, sourceIP, headers }) => {
    const { username, password, otp } = textsOf(body);
    const userAgent = headers['user-agent'] ?? '';
    const source = { type: 'Token' as const, sourceIP, userAgent, recordSuccess: true };
    try {
      return await issuer.issue(await login.password(username, password, source, otp, params.provider ?? ''));
    } catch (error) {
      throw worded(error);
    }
  };
}
