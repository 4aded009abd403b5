import { methodNotAllowed, StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeRequest, KubeResponse } from '@ks-apiserver/apimachinery/transport/transport';
import type { ServiceAccountTokens } from '../../registry/authorization/service-account-tokens.ts';
import { parseAccept } from '../codec/negotiate.ts';

const CONFIGURATION = '/.well-known/openid-configuration';
const KEYS = '/openid/v1/jwks';
const HOST = /^[\w.-]+(:\d+)?$|^\[[0-9a-fA-F:]+\](:\d+)?$/;

/**
 * A response of the only media type there is; throws a StatusError 406 for clients that do not
 * accept it.
 */
function document(request: KubeRequest, type: string, value: unknown): KubeResponse {
  const taken = parseAccept(request.headers.accept).some((range) =>
    [type, '*/*', 'application/*'].includes(range.type),
  );

  if (!taken) {
    const message = `406: Not Acceptable\n\nAvailable representations: ${type}`;
    throw new StatusError(406, 'NotAcceptable', message, {});
  }

  const headers = { 'content-type': type, 'cache-control': 'public, max-age=3600' };

  return { status: 200, headers, body: Buffer.from(JSON.stringify(value)) };
}

/**
 * The documents for verifiers of ServiceAccount tokens (Kubernetes "ServiceAccount issuer
 * discovery"); undefined for other paths and where no tokens are issued. Throws StatusErrors 405
 * and 406.
 */
export function issuerResponse(
  request: KubeRequest,
  path: string,
  tokens: ServiceAccountTokens,
): KubeResponse | undefined {
  if ((path !== CONFIGURATION && path !== KEYS) || !tokens.canIssue) {
    return undefined;
  }
  if (request.method !== 'GET') {
    throw methodNotAllowed();
  }
  if (path === KEYS) {
    return document(request, 'application/jwk-set+json', { keys: tokens.publicKeys });
  }

  const { host = '' } = request.headers;

  return document(request, 'application/json', {
    issuer: tokens.issuer,
    jwks_uri: `https://${HOST.test(host) ? host : 'kubernetes.default.svc'}${KEYS}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: tokens.publicKeys.map(({ alg }) => alg),
  });
}
