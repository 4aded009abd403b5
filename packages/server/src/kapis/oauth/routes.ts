import type { Parameter, Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { authenticate } from './authenticate.ts';
import { authorize } from './authorize.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { legacyLogin, UNUSABLE } from './legacy-login.ts';
import { logout } from './logout.ts';
import { discovery, keys } from './metadata.ts';
import { introspect, revoke } from './revoke.ts';
import { token } from './token.ts';
import {
  Discovery,
  Introspection,
  JsonWebKeys,
  LoginRequest,
  Token,
  TokenReview,
  UserInfo,
} from './types.ts';
import { userinfo } from './userinfo.ts';

const TAGS = ['Identity Management'];
const FORM = ['application/x-www-form-urlencoded'];

/** Media types of pages, redirects and 3.0's texts. */
const PAGES = ['text/plain', 'text/html', 'application/json'];

function field(name: string, description: string): Parameter {
  return { in: 'formData', name, description, schema: Type.String(), required: false };
}

function requiredField(name: string, description: string): Parameter {
  return { ...field(name, description), required: true };
}

function query(name: string, description: string): Parameter {
  return { in: 'query', name, description, schema: Type.String() };
}

const CLIENT_FIELDS = [
  field('client_id', 'name of the OAuth client, unless it is in the Authorization header'),
  field('client_secret', 'secret of the OAuth client, unless it is in the Authorization header'),
];

const AUTHORIZE_PARAMETERS = [
  query('client_id', 'name of the OAuth client'),
  query('response_type', 'code, or token for a caller with a credential in the header'),
  query('redirect_uri', 'one of the registered URIs of the client, default its first'),
  query(
    'scope',
    'what the tokens are to be good for: openid, profile, email, groups, offline_access, full',
  ),
  query('state', 'handed back to the client'),
  query('nonce', 'stands in the ID token'),
  query('code_challenge', 'SHA-256 of code_verifier in base64url'),
  query('code_challenge_method', 'S256'),
  query('prompt', 'none, login, consent or select_account'),
  query('max_age', 'how many seconds ago the user may have logged in'),
];

const LOGOUT_PARAMETERS = [
  query('id_token_hint', 'an ID token of the user whose log-in is to end'),
  query('client_id', 'name of the OAuth client'),
  query(
    'post_logout_redirect_uri',
    'where the browser goes afterwards: a registered one of the client',
  ),
  query('state', 'handed back to the client'),
];

/** Routes that issue and revoke tokens. */
function tokenRoutes(dependencies: OAuthDependencies): Route[] {
  const shared = { tags: TAGS, consumes: FORM, errors: 'bare' as const, authenticates: true };

  return [
    {
      ...shared,
      method: 'POST',
      path: '/oauth/token',
      operationId: 'handleOAuthTokenGrant',
      summary: 'Exchange a password, a refresh token or an authorization code for a pair of tokens',
      parameters: [
        requiredField('grant_type', 'password, refresh_token or authorization_code'),
        field('username', 'user name or e-mail address, with grant_type password'),
        field('password', 'password, with grant_type password'),
        field('otp', 'one-time password, of users who have turned that on'),
        field('refresh_token', 'with grant_type refresh_token'),
        field('code', 'with grant_type authorization_code'),
        field(
          'redirect_uri',
          'that of the authorization request, with grant_type authorization_code',
        ),
        field(
          'code_verifier',
          'what code_challenge is the hash of, with grant_type authorization_code',
        ),
        field('scope', 'what the tokens are to be good for, with grant_type password'),
        ...CLIENT_FIELDS,
      ],
      returns: Token,
      handler: token(dependencies),
    },
    {
      method: 'POST',
      path: '/kapis/iam.kubesphere.io/v1alpha2/login',
      operationId: 'Login',
      summary: 'Exchange a password for a pair of tokens, as in 2.x',
      tags: TAGS,
      body: LoginRequest,
      badBody: UNUSABLE,
      returns: Token,
      errors: 'bare',
      handler: legacyLogin(dependencies),
    },
    {
      ...shared,
      method: 'POST',
      path: '/oauth/revoke',
      operationId: 'handleTokenRevocation',
      summary: 'End the session of a token',
      parameters: [requiredField('token', 'an access token or a refresh token'), ...CLIENT_FIELDS],
      returns: Type.Object({}),
      handler: revoke(dependencies),
    },
    {
      ...shared,
      method: 'POST',
      path: '/oauth/introspect',
      operationId: 'handleTokenIntrospection',
      summary: 'Tell an OAuth client with a secret what a token is good for',
      parameters: [requiredField('token', 'an access token or a refresh token'), ...CLIENT_FIELDS],
      returns: Introspection,
      handler: introspect(dependencies),
    },
    {
      method: 'POST',
      path: '/oauth/authenticate',
      operationId: 'TokenReview',
      summary: 'Tell a Kubernetes API whose token this is',
      tags: TAGS,
      body: TokenReview,
      returns: TokenReview,
      handler: authenticate(dependencies),
    },
  ];
}

/** Routes that browsers open. */
function browserRoutes(dependencies: OAuthDependencies): Route[] {
  const authorization = {
    path: '/oauth/authorize',
    summary: 'Send a logged-in user back to an OAuth client with a code or a token',
    tags: TAGS,
    parameters: AUTHORIZE_PARAMETERS,
    produces: PAGES,
    errors: 'bare' as const,
    handler: authorize(dependencies),
  };

  const leaving = {
    path: '/oauth/logout',
    summary: 'End the session of the Bearer token, or of the browser',
    tags: TAGS,
    parameters: LOGOUT_PARAMETERS,
    produces: ['application/json', 'text/html', 'text/plain'],
    returns: Type.Object({ message: Type.String() }),
    errors: 'bare' as const,
    handler: logout(dependencies),
  };

  return [
    { ...authorization, method: 'GET', operationId: 'handleAuthorize' },
    { ...authorization, method: 'POST', operationId: 'handleAuthorizeForm', consumes: FORM },
    { ...leaving, method: 'GET', operationId: 'handleLogout' },
    {
      ...leaving,
      method: 'POST',
      operationId: 'handleLogoutForm',
      consumes: FORM,
      bodyOptional: true,
    },
  ];
}

/** Routes of OpenID Connect. */
function openidRoutes(dependencies: OAuthDependencies): Route[] {
  const methods = ['GET', 'POST'] as const;

  return [
    ...['/.well-known/openid-configuration', '/oauth/.well-known/openid-configuration'].map(
      (path, i): Route => ({
        method: 'GET',
        path,
        operationId: `openidConfiguration${i === 0 ? '' : 'OfOAuth'}`,
        summary: 'What this OpenID provider offers, and where',
        tags: TAGS,
        authenticates: true,
        returns: Discovery,
        handler: discovery(dependencies),
      }),
    ),
    {
      method: 'GET',
      path: '/oauth/keys',
      operationId: 'openidKeys',
      summary: 'Public keys of the ID tokens',
      tags: TAGS,
      authenticates: true,
      returns: JsonWebKeys,
      handler: keys(dependencies),
    },
    ...methods.map(
      (method): Route => ({
        method,
        path: '/oauth/userinfo',
        operationId: `openidUserInfo${method === 'GET' ? '' : 'Form'}`,
        summary: 'Who the user of an access token is',
        tags: TAGS,
        authenticates: true,
        returns: UserInfo,
        handler: userinfo(dependencies),
      }),
    ),
  ];
}

/** The OAuth endpoints: /oauth/*. */
export function oauth(dependencies: OAuthDependencies): Route[] {
  return [
    ...tokenRoutes(dependencies),
    ...browserRoutes(dependencies),
    ...openidRoutes(dependencies),
  ];
}
