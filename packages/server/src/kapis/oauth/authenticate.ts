import { badRequest, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { Handler } from '@ks-apiserver/http/routes/route';
import type { OAuthDependencies } from './dependencies.ts';

interface TokenReview {
  apiVersion?: string;
  spec?: { token?: string };
}

const VERSIONS = ['authentication.k8s.io/v1', 'authentication.k8s.io/v1beta1'];

/**
 * `POST /oauth/authenticate`: tells a Kubernetes API whose token this is (Kubernetes "Webhook Token
 * Authentication"). The tokens have no audience, so `status.audiences` is left out: they are good
 * for the API that asks.
 */
export function authenticate({ authenticator }: OAuthDependencies): Handler {
  return async ({ body }) => {
    const { apiVersion = VERSIONS[0], spec } = (body ?? {}) as TokenReview;
    if (typeof spec?.token !== 'string' || spec.token === '') {
      throw badRequest('token must not be null');
    }
    if (!VERSIONS.includes(apiVersion ?? '')) {
      throw badRequest(`apiVersion must be one of ${VERSIONS.join(', ')}`);
    }

    try {
      const { name, uid, groups } = await authenticator.token(spec.token);
      return {
        apiVersion,
        kind: 'TokenReview',
        status: { authenticated: true, user: { username: name, uid, groups } },
      };
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 401) {
        throw error;
      }

      return {
        apiVersion,
        kind: 'TokenReview',
        status: { authenticated: false, error: error.message },
      };
    }
  };
}
