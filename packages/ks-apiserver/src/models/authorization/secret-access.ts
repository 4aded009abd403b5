import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Authorizer } from './authorizer.ts';
import { requireOwnRight } from './own-right.ts';

/** Secrets of the core group. */
export const SECRETS = { group: '', version: 'v1', resource: 'secrets' } as const;

/** Throws Forbidden unless the caller may read a Secret through the Kubernetes API. */
export function requireSecretAccess(
  authorizer: Authorizer,
  user: UserInfo,
  namespace: string,
  name: string,
): void {
  requireOwnRight(authorizer, user, SECRETS, namespace, name);
}
