import { SCOPES } from './scopes.ts';

/**
 * Returns the URL of an endpoint. An issuer that ends in `/oauth`, as KubeSphere 3.2 requires, has
 * its discovery document below it; other issuers have it at the root of the server.
 */
function endpointOf(issuer: string, name: string): string {
  const base = issuer.replace(/\/+$/, '');
  return `${base.endsWith('/oauth') ? base : `${base}/oauth`}/${name}`;
}

/** Returns the discovery document (OpenID Connect Discovery section 3, RFC 8414 section 2). */
export function discovery(issuer: string) {
  const authentication = ['client_secret_basic', 'client_secret_post', 'none'];

  return {
    issuer,
    authorization_endpoint: endpointOf(issuer, 'authorize'),
    token_endpoint: endpointOf(issuer, 'token'),
    userinfo_endpoint: endpointOf(issuer, 'userinfo'),
    jwks_uri: endpointOf(issuer, 'keys'),
    end_session_endpoint: endpointOf(issuer, 'logout'),
    revocation_endpoint: endpointOf(issuer, 'revoke'),
    introspection_endpoint: endpointOf(issuer, 'introspect'),
    response_types_supported: ['code', 'token'],
    response_modes_supported: ['query', 'fragment'],
    grant_types_supported: ['authorization_code', 'implicit', 'password', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    token_endpoint_auth_methods_supported: authentication,
    revocation_endpoint_auth_methods_supported: authentication,
    introspection_endpoint_auth_methods_supported: authentication.slice(0, 2),
    code_challenge_methods_supported: ['S256'],
    scopes_supported: SCOPES,
    prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
    claims_supported: [
      ...['iss', 'sub', 'aud', 'iat', 'exp', 'auth_time', 'nonce', 'at_hash', 'sid'],
      ...['name', 'preferred_username', 'locale', 'email', 'groups'],
    ],
    authorization_response_iss_parameter_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
  };
}
