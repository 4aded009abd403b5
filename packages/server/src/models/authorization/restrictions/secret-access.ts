import { SECRETS } from '@ks-apiserver/api/resources';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import type { Authorizer } from '../authorizer.ts';
import { requireOwnRight } from './own-right.ts';

/** Throws Forbidden unless the caller may read a Secret through the Kubernetes API. */
export function requireSecretAccess(
  authorizer: Authorizer,
  user: UserInfo,
  namespace: string,
  name: string,
): void {
  requireOwnRight(authorizer, user, SECRETS, namespace, name);
}
