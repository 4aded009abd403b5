import { EVERYBODY, LOGGED_IN, PLATFORM, type Table } from './row.ts';

/** Rows of the OAuth endpoints: all are public and check credentials themselves. */
export const OAUTH: Table = {
  // A log-in outside the OAuth paths: users whose role allows `create` of `login` may call it.
  'POST /kapis/iam.kubesphere.io/v1alpha2/login': [{ allowed: PLATFORM }],
  'POST /oauth/token': [{ allowed: EVERYBODY }],
  'GET /oauth/authorize': [{ allowed: EVERYBODY }],
  'POST /oauth/authorize': [{ allowed: EVERYBODY }],
  'POST /oauth/revoke': [{ allowed: EVERYBODY }],
  'POST /oauth/introspect': [{ allowed: EVERYBODY }],
  'GET /.well-known/openid-configuration': [{ allowed: EVERYBODY }],
  'GET /oauth/.well-known/openid-configuration': [{ allowed: EVERYBODY }],
  'GET /oauth/keys': [{ allowed: EVERYBODY }],
  'GET /oauth/userinfo': [{ allowed: LOGGED_IN }],
  'POST /oauth/userinfo': [{ allowed: EVERYBODY }],
  'POST /oauth/authenticate': [{ allowed: EVERYBODY }],
  'GET /oauth/login/{provider}': [{ acts: true, allowed: EVERYBODY }],
  'POST /oauth/login/{provider}': [{ allowed: EVERYBODY }],
  'GET /oauth/callback/{provider}': [{ acts: true, allowed: EVERYBODY }],
  'GET /oauth/logout': [{ acts: true, allowed: EVERYBODY }],
  'POST /oauth/logout': [{ allowed: EVERYBODY }],
};
