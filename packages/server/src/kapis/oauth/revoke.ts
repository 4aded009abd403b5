import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/http/routes/route';
import { OAuthError } from '../../models/oauth/errors.ts';
import type { Claims, TokenType } from '../../models/session/tokens.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { secretReply, withOAuthErrors } from './oauth-reply.ts';

const TYPES: readonly TokenType[] = ['access_token', 'refresh_token'];

/** Returns the claims of a token of either type; undefined for one that is not valid. */
async function claimsOf({ tokens }: OAuthDependencies, token: string): Promise<Claims | undefined> {
  for (const type of TYPES) {
    try {
      return await tokens.verify(token, type);
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 401) {
        throw error;
      }
    }
  }

  return undefined;
}

/**
 * `POST /oauth/revoke` (RFC 7009): ends the session of a token of the calling client; any other
 * token is left alone.
 */
export function revoke(dependencies: OAuthDependencies): Handler {
  return withOAuthErrors('Basic', async ({ headers, body }) => {
    const form = body as URLSearchParams;
    const client = dependencies.clients.authenticate(headers.authorization, form);
    const token = form.get('token') ?? '';
    if (token === '') {
      throw new OAuthError('invalid_request', 'token is missing');
    }

    const claims = await claimsOf(dependencies, token);
    if (claims && claims.client_id === client?.name) {
      await dependencies.sessions.end({ id: claims.sid, username: claims.username, token });
    }

    return secretReply({});
  });
}

/**
 * `POST /oauth/introspect` (RFC 7662): tells a client with a secret whether a token is valid, and
 * for what.
 */
export function introspect(dependencies: OAuthDependencies): Handler {
  return withOAuthErrors('Basic', async ({ headers, body }) => {
    const form = body as URLSearchParams;
    const client = dependencies.clients.authenticate(headers.authorization, form);
    if (!client || client.secret === '') {
      throw new OAuthError('invalid_client', 'a client with a secret is needed');
    }

    const token = form.get('token') ?? '';
    const claims = await claimsOf(dependencies, token);
    if (!claims || !(await isActive(dependencies, claims, token))) {
      return secretReply({ active: false });
    }

    const { username, client_id, scope, exp, iat, nbf, token_type } = claims;

    return secretReply({
      active: true,
      iss: dependencies.issuerUrl(),
      sub: username,
      username,
      ...(client_id !== undefined && { client_id }),
      ...(scope !== undefined && { scope }),
      ...(token_type === 'access_token' && { token_type: 'Bearer' }),
      ...(exp !== undefined && { exp }),
      iat,
      nbf,
    });
  });
}

async function isActive(
  { authenticator, sessions }: OAuthDependencies,
  claims: Claims,
  token: string,
): Promise<boolean> {
  if (claims.token_type !== 'access_token') {
    return sessions.has({ id: claims.sid, username: claims.username, token });
  }

  try {
    await authenticator.session(token);
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 401) {
      return false;
    }
    throw error;
  }
}
