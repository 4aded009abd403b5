import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import type { Login } from '../../models/iam/login.ts';
import type { TokenIssuer } from '../../models/session/issue.ts';

/** The words of 3.0's OAuth endpoints: the reason follows what kind of failure it is. */
function worded(error: unknown): unknown {
  if (!(error instanceof StatusError)) return error;
  if (error.code === 401) return new StatusError(401, 'Unauthorized', `Unauthorized: ${error.message}`);
  if (error.code === 403) return new StatusError(403, 'Forbidden', `Forbidden: ${error.message}`);
  return error;
}

/** `POST /oauth/token`: exchanges a password or a refresh token for a pair of tokens (RFC 6749 sections 4.3 and 6). */
export function token(login: Login, issuer: TokenIssuer): Handler {
  return async ({ body, sourceIP, headers }) => {
    const form = body as URLSearchParams;
    const grant = form.get('grant_type') ?? '';
    try {
      if (grant === 'password') {
        const source = {
          type: 'Token' as const,
          sourceIP,
          userAgent: headers['user-agent'] ?? '',
          recordSuccess: true,
        };
        const user = await login.password(
          form.get('username') ?? '',
          form.get('password') ?? '',
          source,
          form.get('otp') ?? '',
        );
        return await issuer.issue(user);
      }
      if (grant === 'refresh_token') return (await issuer.refresh(form.get('refresh_token') ?? '')).answer;
    } catch (error) {
      throw worded(error);
    }
    throw badRequest(`Grant type ${grant.slice(0, 64)} is not supported`);
  };
}
