import { unauthorized } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import type { SessionStore } from '../../models/session/sessions.ts';
import type { Tokens } from '../../models/session/tokens.ts';
import { SUCCESS } from '../page-reply.ts';

/**
 * `GET` and `POST /oauth/logout`: ends the session of the Bearer token at once, on every replica. A form of another site
 * cannot log anybody out, for it cannot send the header. Throws Unauthorized without such a token.
 */
export function logout(sessions: Pick<SessionStore, 'end'>, tokens: Tokens): Handler {
  return async ({ headers, user }) => {
    const [scheme = '', token = ''] = (headers.authorization ?? '').trim().split(/\s+/, 2);
    if (scheme.toLowerCase() !== 'bearer' || token === '') throw unauthorized('a Bearer token is needed');
    const { sid } = await tokens.verify(token, 'access_token');
    await sessions.end({ id: sid, username: user.name, token });
    return SUCCESS;
  };
}
