import type { Parameter, Route } from '@ks-apiserver/apiserver/routes/route';
import { Type } from 'typebox';
import type { Authenticator } from '../../models/iam/authenticate.ts';
import type { Login } from '../../models/iam/login.ts';
import type { TokenIssuer } from '../../models/session/issue.ts';
import type { SessionStore } from '../../models/session/sessions.ts';
import { authenticate } from './authenticate.ts';
import { authorize, type OAuthClient } from './authorize.ts';
import { logout } from './logout.ts';
import { token } from './token.ts';
import { Token } from './types.ts';

const TAGS = ['Identity Management'];
const FORM = ['application/x-www-form-urlencoded'];

const TokenReview = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    spec: Type.Optional(Type.Object({ token: Type.Optional(Type.String()) })),
    status: Type.Optional(Type.Unknown()),
  },
  { $id: 'oauth.TokenReview' },
);

function field(name: string, description: string, required: boolean): Parameter {
  return { in: 'formData', name, description, schema: Type.String(), required };
}

function query(name: string, description: string): Parameter {
  return { in: 'query', name, description, schema: Type.String() };
}

/** What the OAuth endpoints work with. */
export interface OAuthParts {
  login: Login;
  issuer: TokenIssuer;
  authenticator: Authenticator;
  sessions: Pick<SessionStore, 'revoke'>;
  clients: readonly OAuthClient[];
}

/** The OAuth endpoints: their rows are /oauth/*. */
export function oauth({ login, issuer, authenticator, sessions, clients }: OAuthParts): Route[] {
  return [
    {
      method: 'POST',
      path: '/oauth/token',
      operationId: 'handleOAuthTokenGrant',
      summary: 'Exchange a password or a refresh token for a pair of tokens',
      tags: TAGS,
      consumes: FORM,
      parameters: [
        field('grant_type', 'password or refresh_token', true),
        field('username', 'user name or e-mail address, with grant_type password', false),
        field('password', 'password, with grant_type password', false),
        field('otp', 'one-time password, of users who have turned that on', false),
        field('refresh_token', 'with grant_type refresh_token', false),
      ],
      returns: Token,
      errors: 'bare',
      handler: token(login, issuer),
    },
    {
      method: 'GET',
      path: '/oauth/authorize',
      operationId: 'handleAuthorize',
      summary: 'Send a logged-in user back to an OAuth client with a token',
      tags: TAGS,
      parameters: [
        query('client_id', 'name of the OAuth client'),
        query('response_type', 'token'),
        query('redirect_uri', 'one of the registered URIs of the client, default its first'),
        query('state', 'handed back to the client'),
      ],
      produces: ['text/plain', 'application/json'],
      errors: 'bare',
      handler: authorize(clients, issuer),
    },
    {
      method: 'POST',
      path: '/oauth/authenticate',
      operationId: 'TokenReview',
      summary: 'Tell a Kubernetes API whose token this is',
      tags: TAGS,
      body: TokenReview,
      returns: TokenReview,
      handler: authenticate(authenticator),
    },
    ...(['GET', 'POST'] as const).map(
      (method): Route => ({
        method,
        path: '/oauth/logout',
        operationId: `handleLogout${method === 'GET' ? '' : 'Form'}`,
        summary: 'End the session of the Bearer token',
        tags: TAGS,
        returns: Type.Object({ message: Type.String() }),
        errors: 'bare',
        handler: logout(sessions),
      }),
    ),
  ];
}
