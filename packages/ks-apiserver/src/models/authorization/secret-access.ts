import { parseRequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import { resourcePath } from '@ks-apiserver/client/kube/client';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import type { Authorizer } from './authorizer.ts';

/** Secrets of the core group. */
export const SECRETS = { group: '', version: 'v1', resource: 'secrets' } as const;

/**
 * Throws Forbidden unless the caller may read a Secret, or list those of a namespace or of all, through the Kubernetes API:
 * a rule on `*` of resources.kubesphere.io, as templates of roles have it, is no right to credentials.
 */
export function requireSecretAccess(authorizer: Authorizer, user: UserInfo, namespace?: string, name?: string): void {
  authorizer.authorize(user, parseRequestInfo('GET', resourcePath(SECRETS, namespace, name)));
}
