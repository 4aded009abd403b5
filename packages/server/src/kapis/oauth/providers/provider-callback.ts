import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { groupNames } from '../../../models/iam/providers/provider-passwords.ts';
import {
  FORGET_STATE,
  hasStateCookie,
  type PendingLogin,
} from '../../../models/identity-providers/login-state.ts';
import type { OpenProvider } from '../../../models/identity-providers/provider.ts';
import { sourceOf } from '../../login-source.ts';
import { worded } from '../pages/words.ts';
import type { ProviderLoginDependencies } from './dependencies.ts';
import { redirectProvider } from './provider-login.ts';

/**
 * Returns the log-in that this browser has started, or none for a console that is trusted to start
 * log-ins itself.
 */
async function pendingLogin(
  { states }: ProviderLoginDependencies,
  { name, allowMissingState }: OpenProvider,
  query: URLSearchParams,
  cookies: string | undefined,
): Promise<PendingLogin | undefined> {
  if (allowMissingState && !hasStateCookie(cookies)) {
    return undefined;
  }
  return states.take(name, query.get('state') ?? '', cookies);
}

/**
 * `GET /oauth/callback/{provider}`: exchanges the provider's code (RFC 6749 section 4.1.2) for the
 * user's account there, and that for a session of the user. Unlike in 3.0 nothing continues after
 * an error, the browser must be the one that started the log-in, and the user must be allowed to
 * log in.
 */
export function callback(dependencies: ProviderLoginDependencies): Handler {
  return async (request) => {
    const { params, query, headers } = request;

    try {
      const open = redirectProvider(dependencies, params.provider ?? '');
      const pending = await pendingLogin(dependencies, open, query, headers.cookie);
      const { name, provider } = open;
      const refusal = query.get('error');
      if (refusal !== null) {
        throw unauthorized(
          /^[\w.-]{1,64}$/.test(refusal) ? refusal : 'the identity provider has refused',
        );
      }

      if (!query.get(provider.credential)) {
        throw unauthorized(`missing ${provider.credential}`);
      }

      const account = await provider.finish(query, pending);
      const user = await dependencies.accounts.resolve(open, account, { mixedCreates: true });
      const source = {
        ...sourceOf(request, { recordSuccess: true, type: 'OAuth' }),
        provider: name,
      };
      const identity = await dependencies.login.admit(user, source, groupNames(name, account));
      const own = { 'cache-control': 'no-store', pragma: 'no-cache' };

      if (pending?.returnTo) {
        const session = await dependencies.beginSession(identity, headers);
        return new RouteReply(302, { ...own, location: pending.returnTo, 'set-cookie': session });
      }

      const tokens = await dependencies.issuer.issue(identity);
      const forget = pending ? { 'set-cookie': FORGET_STATE } : {};

      return new RouteReply(
        200,
        { ...own, ...forget, 'content-type': 'application/json' },
        JSON.stringify(tokens),
      );
    } catch (error) {
      throw worded(error);
    }
  };
}
