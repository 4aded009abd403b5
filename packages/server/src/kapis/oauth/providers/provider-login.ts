import { badRequest, unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import type { TypedCredentials } from '../../../models/iam/login/login.ts';
import { isReturnPath } from '../../../models/identity-providers/login-state.ts';
import type {
  OpenProvider,
  RedirectProvider,
} from '../../../models/identity-providers/provider.ts';
import { usesHttps } from '../../../models/oauth/cookies.ts';
import { sourceOf } from '../../login-source.ts';
import { worded } from '../pages/words.ts';
import type { ProviderLoginDependencies } from './dependencies.ts';

/**
 * Returns the provider of a path to whose pages browsers are redirected. Throws Unauthorized in
 * 3.0's words.
 */
export function redirectProvider(
  { providers }: ProviderLoginDependencies,
  name: string,
): OpenProvider<RedirectProvider> {
  const open = providers.redirects.find((known) => known.name === name);
  if (!open) {
    throw unauthorized('the identity provider was not found');
  }

  return open;
}

/**
 * `GET /oauth/login/{provider}`: redirects the browser to the provider (RFC 6749 section 4.1.1),
 * with a cookie that binds the log-in to it.
 */
export function beginLogin(dependencies: ProviderLoginDependencies): Handler {
  return async ({ params, query, headers }) => {
    const returnTo = query.get('return_to') ?? '';

    try {
      const { name, provider } = redirectProvider(dependencies, params.provider ?? '');

      if (returnTo !== '' && !isReturnPath(returnTo)) {
        throw badRequest('return_to must be a path that starts with /oauth/authorize?');
      }

      const { pending, cookie } = await dependencies.states.begin(name, returnTo, {
        secure: usesHttps(headers, { otherwise: provider.redirectURL.startsWith('https:') }),
      });

      const { href } = await provider.begin(pending);

      return new RouteReply(302, {
        location: href,
        'set-cookie': cookie,
        'cache-control': 'no-store',
      });
    } catch (error) {
      throw worded(error);
    }
  };
}

/** Returns what was typed, from a form or a JSON body. Throws BadRequest. */
function typedCredentialsIn(body: unknown): TypedCredentials {
  const value = (name: string): unknown => {
    if (body instanceof URLSearchParams) {
      return body.get(name) ?? '';
    }

    return typeof body === 'object' && body !== null
      ? (body as Record<string, unknown>)[name]
      : undefined;
  };

  const [username, password, otp = ''] = [value('username'), value('password'), value('otp')];
  if (typeof otp !== 'string') {
    throw badRequest('otp must be a string');
  }
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw badRequest('username and password must be strings');
  }

  return { nameOrEmail: username, password, otp };
}

/**
 * `POST /oauth/login/{provider}` (3.1): a pair of tokens for a name and password that one LDAP
 * provider checks.
 */
export function passwordLogin({ login, issuer }: ProviderLoginDependencies): Handler {
  return async (request) => {
    const typed = typedCredentialsIn(request.body);
    const { provider = '' } = request.params;
    const source = sourceOf(request, { recordSuccess: true });

    try {
      return await issuer.issue(await login.password({ ...typed, provider }, source));
    } catch (error) {
      throw worded(error);
    }
  };
}
