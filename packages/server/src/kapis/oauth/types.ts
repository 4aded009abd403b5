import { Type } from 'typebox';

/** The answer of the token endpoint (RFC 6749 section 5.1). */
export const Token = Type.Object(
  {
    access_token: Type.String({ description: 'token that authorizes calls, sent as Bearer' }),
    token_type: Type.String({ description: 'always Bearer' }),
    refresh_token: Type.Optional(
      Type.String({ description: 'token that is exchanged for a new pair' }),
    ),
    expires_in: Type.Optional(
      Type.Integer({ description: 'lifetime of the access token in seconds' }),
    ),
    scope: Type.Optional(
      Type.String({ description: 'what the tokens of an OAuth client are good for' }),
    ),
    id_token: Type.Optional(
      Type.String({ description: 'who has logged in, with the scope openid' }),
    ),
  },
  { $id: 'oauth.Token' },
);

/** TokenReview of authentication.k8s.io, v1 and v1beta1. */
export const TokenReview = Type.Object(
  {
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Optional(Type.String()),
    spec: Type.Optional(Type.Object({ token: Type.Optional(Type.String()) })),
    status: Type.Optional(Type.Unknown()),
  },
  { $id: 'oauth.TokenReview' },
);

/** The answer of the introspection endpoint (RFC 7662 section 2.2). */
export const Introspection = Type.Object(
  {
    active: Type.Boolean({ description: 'whether the token counts now' }),
    sub: Type.Optional(Type.String()),
    username: Type.Optional(Type.String()),
    client_id: Type.Optional(Type.String()),
    scope: Type.Optional(Type.String()),
    token_type: Type.Optional(Type.String()),
    iss: Type.Optional(Type.String()),
    exp: Type.Optional(Type.Integer()),
    iat: Type.Optional(Type.Integer()),
    nbf: Type.Optional(Type.Integer()),
  },
  { $id: 'oauth.Introspection' },
);

/** Claims of a user (OpenID Connect Core section 5.1). */
export const UserInfo = Type.Object(
  {
    sub: Type.String({ description: 'user name' }),
    name: Type.Optional(Type.String()),
    preferred_username: Type.Optional(Type.String()),
    locale: Type.Optional(Type.String()),
    email: Type.Optional(Type.String()),
    groups: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'oauth.UserInfo' },
);

/** A set of public keys (RFC 7517 section 5). */
export const JsonWebKeys = Type.Object(
  { keys: Type.Array(Type.Unknown()) },
  { $id: 'oauth.JsonWebKeys' },
);

/** The discovery document (OpenID Connect Discovery section 3). */
export const Discovery = Type.Object(
  {
    issuer: Type.String(),
    authorization_endpoint: Type.String(),
    token_endpoint: Type.String(),
    userinfo_endpoint: Type.String(),
    jwks_uri: Type.String(),
    end_session_endpoint: Type.String(),
    revocation_endpoint: Type.String(),
    introspection_endpoint: Type.String(),
  },
  { $id: 'oauth.Discovery' },
);

/** Name and password of 2.x's log-in. */
export const LoginRequest = Type.Object(
  {
    username: Type.String({ minLength: 1, maxLength: 1024 }),
    password: Type.String({ minLength: 1, maxLength: 1024 }),
    otp: Type.Optional(
      Type.String({ description: 'one-time password, of users who have turned that on' }),
    ),
  },
  { $id: 'iam.LoginRequest' },
);
