import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { sourceOf } from '../login-source.ts';
import type { OAuthDependencies } from './dependencies.ts';
import { secretReply } from './oauth-reply.ts';
import { worded } from './pages/words.ts';

/** 3.0's answer to a body without name and password. */
export const UNUSABLE = new RouteReply(401, { 'content-type': 'application/json' }, '{}');

/**
 * `POST /kapis/iam.kubesphere.io/v1alpha2/login`: the log-in of 2.x, for callers who may create
 * `login`; answers like the password grant.
 */
export function legacyLogin({ login, issuer }: OAuthDependencies): Handler {
  return async (request) => {
    const {
      username,
      password,
      otp = '',
    } = request.body as { username: string; password: string; otp?: string };

    try {
      const user = await login.password(
        { nameOrEmail: username, password, otp },
        sourceOf(request, { recordSuccess: true }),
      );
      return secretReply(await issuer.issue(user));
    } catch (error) {
      throw worded(error);
    }
  };
}
