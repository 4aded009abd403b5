import { isObject, type JsonObject } from '@ks-apiserver/apimachinery/json/json';

/**
 * Returns the claims of a JSON Web Token (RFC 7519), whose signature is not looked at; none of what
 * is no such token.
 */
export function claimsOf(token: string): JsonObject {
  const [, payload = '', ...rest] = token.trim().split('.');
  if (rest.length !== 1) {
    return {};
  }

  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return isObject(claims) ? claims : {};
  } catch {
    return {};
  }
}

/** Returns the uid of the ServiceAccount whose token it is; undefined for other tokens. */
export function accountUidOf(claims: JsonObject): string | undefined {
  const bound = isObject(claims['kubernetes.io']) ? claims['kubernetes.io'].serviceaccount : null;
  const uid = isObject(bound)
    ? bound.uid
    : claims['kubernetes.io/serviceaccount/service-account.uid'];

  return typeof uid === 'string' ? uid : undefined;
}
