import { Type } from 'typebox';

/** The answer to a log-in (RFC 6749 section 5.1). */
export const Token = Type.Object(
  {
    access_token: Type.String({ description: 'token that authorizes calls, sent as Bearer' }),
    token_type: Type.String({ description: 'always Bearer' }),
    refresh_token: Type.String({ description: 'token that is exchanged for a new pair' }),
    expires_in: Type.Optional(Type.Integer({ description: 'lifetime of the access token in seconds' })),
  },
  { $id: 'oauth.Token' },
);
