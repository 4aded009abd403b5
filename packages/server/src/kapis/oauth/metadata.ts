import { type Handler, RouteReply } from '@ks-apiserver/http/routes/route';
import { discovery as documentOf } from '../../models/oauth/discovery.ts';
import type { OAuthDependencies } from './dependencies.ts';

/**
 * How long clients may cache the answers, in seconds: less than the time between the publication of
 * a new key and its first use.
 */
const CACHE_S = 600;

function publicReply(value: unknown): RouteReply {
  const headers = {
    'content-type': 'application/json',
    'cache-control': `public, max-age=${CACHE_S}`,
  };

  return new RouteReply(200, headers, JSON.stringify(value));
}

/**
 * `GET /.well-known/openid-configuration`, and the same below `/oauth` as KubeSphere 3.2 has it.
 */
export function discovery({ issuerUrl }: OAuthDependencies): Handler {
  return () => publicReply(documentOf(issuerUrl()));
}

/** `GET /oauth/keys`: the public keys of ID tokens (RFC 7517 section 5). */
export function keys({ keys: signingKeys }: OAuthDependencies): Handler {
  return () => publicReply(signingKeys.jwks);
}
