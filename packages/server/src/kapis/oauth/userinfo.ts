import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { OAuthError } from '../../models/oauth/errors.ts';
import { hasScope } from '../../models/oauth/scopes.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { secretReply, withOAuthErrors } from './oauth-reply.ts';

/** Scopes of a token from a log-in without OpenID Connect. */
const ALL = 'openid profile email groups';

async function sessionOf(authenticator: OAuthDependencies['authenticator'], token: string) {
  try {
    return await authenticator.session(token);
  } catch (error) {
    if (error instanceof StatusError && error.code === 401) {
      throw new OAuthError('invalid_token', error.message);
    }
    throw error;
  }
}

/**
 * `GET` and `POST /oauth/userinfo` (OpenID Connect Core section 5.3): the claims about the user
 * that the scope of an access token covers.
 */
export function userinfo({ authenticator, directory }: OAuthDependencies): Handler {
  return withOAuthErrors('Bearer', async ({ headers }) => {
    const [scheme = '', token = ''] = (headers.authorization ?? '').trim().split(/\s+/, 2);
    if (scheme.toLowerCase() !== 'bearer' || token === '') {
      throw new OAuthError('invalid_token', 'an access token is needed, as Bearer');
    }

    const { caller, claims } = await sessionOf(authenticator, token);
    const { scope = ALL } = claims;
    if (!hasScope(scope, 'openid')) {
      throw new OAuthError('insufficient_scope', 'the token lacks the scope openid');
    }

    const groups = caller.groups.filter((group) => !group.startsWith('system:'));

    return secretReply(
      directory.claims({ name: caller.name, uid: caller.uid ?? '', groups }, scope),
    );
  });
}
