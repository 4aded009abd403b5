import type { Parameter, Route } from '@ks-apiserver/http/routes/route';
import { Type } from 'typebox';
import { pathParameter } from '../../parameters.ts';
import { Token } from '../types.ts';
import type { ProviderLoginDependencies } from './dependencies.ts';
import { callback } from './provider-callback.ts';
import { beginLogin, passwordLogin } from './provider-login.ts';

const TAGS = ['Identity Management'];

function parameter(where: 'query' | 'formData', name: string, description: string): Parameter {
  return { in: where, name, description, schema: Type.String() };
}

/** Log-in through identity providers: the routes /oauth/login/* and /oauth/callback/*. */
export function providerRoutes(dependencies: ProviderLoginDependencies): Route[] {
  const provider = pathParameter('provider', 'name of the identity provider');

  return [
    {
      method: 'GET',
      path: '/oauth/login/{provider}',
      operationId: 'beginIdentityProviderLogin',
      summary: 'Send the browser to an identity provider',
      tags: TAGS,
      parameters: [
        provider,
        parameter('query', 'return_to', 'authorization request of this server to go on with'),
      ],
      produces: ['text/plain', 'application/json'],
      errors: 'bare',
      handler: beginLogin(dependencies),
    },
    {
      method: 'POST',
      path: '/oauth/login/{provider}',
      operationId: 'loginByIdentityProvider',
      summary: 'Exchange a password of an LDAP identity provider for a pair of tokens',
      tags: TAGS,
      consumes: ['application/x-www-form-urlencoded', 'application/json'],
      parameters: [
        provider,
        parameter('formData', 'username', 'log-in name at the provider'),
        parameter('formData', 'password', 'password at the provider'),
        parameter('formData', 'otp', 'one-time password, for users who have a second factor'),
      ],
      returns: Token,
      errors: 'bare',
      handler: passwordLogin(dependencies),
    },
    {
      method: 'GET',
      path: '/oauth/callback/{provider}',
      operationId: 'handleOAuthCallback',
      summary: 'Exchange what an identity provider sent for a pair of tokens',
      tags: TAGS,
      parameters: [
        provider,
        parameter('query', 'code', 'authorization code, from OAuth and OpenID providers'),
        parameter('query', 'ticket', 'service ticket, from CAS'),
        parameter('query', 'state', 'what the log-in was begun with'),
      ],
      returns: Token,
      errors: 'bare',
      handler: callback(dependencies),
    },
  ];
}
