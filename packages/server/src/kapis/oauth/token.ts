import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler, RouteRequest } from '@ks-apiserver/http/routes/route';
import type { OAuthClient } from '../../models/oauth/clients.ts';
import { OAuthError } from '../../models/oauth/errors.ts';
import { grantedScope, hasScope } from '../../models/oauth/scopes.ts';
import { type Issued, sessionId, type TokenAnswer } from '../../models/session/issue.ts';
import { sourceOf } from '../login-source.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { secretReply, withOAuthErrors } from './oauth-reply.ts';
import { worded } from './pages/words.ts';
import { typedCredentials } from './typed-credentials.ts';

type GrantHandler = (
  dependencies: OAuthDependencies,
  request: RouteRequest,
  client: OAuthClient | undefined,
) => Promise<TokenAnswer>;

/**
 * Returns the answer, with an ID token when the scope asks for one (OpenID Connect Core section
 * 3.1.3.3).
 */
async function withIdToken(
  dependencies: OAuthDependencies,
  issued: Issued,
  client: OAuthClient | undefined,
  nonce: string,
) {
  const { answer, grant } = issued;
  if (!client || !hasScope(grant.scope, 'openid')) {
    return answer;
  }

  return { ...answer, id_token: await dependencies.idTokens.issue(issued, client, nonce) };
}

/** Starts a session for a client, or for none, and returns its tokens. */
async function start(
  dependencies: OAuthDependencies,
  user: Issued['user'],
  grant: Issued['grant'],
  client?: OAuthClient,
  nonce = '',
) {
  const answer = await dependencies.issuer.issue(user, grant);
  return withIdToken(dependencies, { answer, user, grant }, client, nonce);
}

/** RFC 6749 section 4.3, as 3.0's console and scripts log in. */
const password: GrantHandler = async (dependencies, request, client) => {
  const form = request.body as URLSearchParams;
  const scope = client && grantedScope(client, form.get('scope') ?? '');
  const user = await dependencies.login.password(
    typedCredentials(form),
    sourceOf(request, { recordSuccess: true }),
  );

  const grant = {
    ...(client && { client }),
    ...(scope !== undefined && { scope }),
    session: sessionId(),
    authTime: Math.floor(Date.now() / 1000),
  };

  return start(dependencies, user, grant, client);
};

/** RFC 6749 section 6. */
const refreshToken: GrantHandler = async (dependencies, { body }, client) => {
  const issued = await dependencies.issuer.refresh(
    (body as URLSearchParams).get('refresh_token') ?? '',
    client,
  );

  return withIdToken(dependencies, issued, client, '');
};

/** RFC 6749 section 4.1.3. */
const authorizationCode: GrantHandler = async (dependencies, { body }, client) => {
  const form = body as URLSearchParams;

  if (!client) {
    throw new OAuthError('invalid_client', 'client_id is missing');
  }

  for (const name of new Set(form.keys())) {
    if (form.getAll(name).length > 1) {
      throw new OAuthError('invalid_request', `${name.slice(0, 64)} is given more than once`);
    }
  }

  const { user, grant, confirm } = await dependencies.codes.redeem(
    form.get('code') ?? '',
    client,
    form,
  );
  const { scope, session, authTime, nonce } = grant;

  // OpenID Connect Core section 11: with the scope `openid`, a refresh token is issued for
  // `offline_access` only.
  const refreshable = !hasScope(scope, 'openid') || hasScope(scope, 'offline_access');

  const answer = await start(
    dependencies,
    user,
    { client, scope, session, authTime, refreshable },
    client,
    nonce,
  );

  await confirm();

  return answer;
};

const GRANTS: Readonly<Record<string, GrantHandler>> = {
  password,
  refresh_token: refreshToken,
  authorization_code: authorizationCode,
};

/**
 * `POST /oauth/token` (RFC 6749 section 3.2). Log-ins by password are refused in 3.0's words;
 * registered clients get the RFC's errors about their codes and refresh tokens.
 */
export function token(dependencies: OAuthDependencies): Handler {
  return withOAuthErrors('Basic', async (request) => {
    const form = request.body as URLSearchParams;
    const type = form.get('grant_type') ?? '';
    const grant = Object.hasOwn(GRANTS, type) ? GRANTS[type] : undefined;
    if (!grant) {
      throw badRequest(`Grant type ${type.slice(0, 64)} is not supported`);
    }

    const client = dependencies.clients.authenticate(request.headers.authorization, form);
    if (client?.grantMethod === 'deny') {
      throw new OAuthError('unauthorized_client', 'the OAuth client may not get tokens');
    }

    try {
      return secretReply(await grant(dependencies, request, client));
    } catch (error) {
      if (client && grant === refreshToken && error instanceof StatusError && error.code === 401) {
        throw new OAuthError('invalid_grant', error.message);
      }
      throw worded(error);
    }
  });
}
