import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/apiserver/routes/route';
import type { Authenticator } from '../../models/iam/authenticate.ts';

interface TokenReview {
  apiVersion?: string;
  spec?: { token?: string };
}

/** `POST /oauth/authenticate`: tells a Kubernetes API whose token this is (Kubernetes "Webhook Token Authentication"). */
export function authenticate(authenticator: Authenticator): Handler {
  return async ({ body }) => {
    const { apiVersion = 'authentication.k8s.io/v1', spec } = (body ?? {}) as TokenReview;
    if (typeof spec?.token !== 'string' || spec.token === '') throw badRequest('token must not be null');
    try {
      const { name, uid, groups } = await authenticator.token(spec.token);
      return {
        apiVersion,
        kind: 'TokenReview',
        status: { authenticated: true, user: { username: name, uid, groups } },
      };
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 401) throw error;
      return { apiVersion, kind: 'TokenReview', status: { authenticated: false, error: error.message } };
    }
  };
}
