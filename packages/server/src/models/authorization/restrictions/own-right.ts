import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { resourcePath } from '@ks-apiserver/client/kube/resource-path';
import { parseRequestInfo } from '@ks-apiserver/http/request/request-info';
import type { Authorizer } from '../authorizer.ts';

/**
 * Throws Forbidden unless the caller may read objects of a kind, or one by name, through the
 * Kubernetes API. A rule on `*` of resources.kubesphere.io, as role templates have it, gives no
 * right to credentials, nor to kinds that 3.0 never showed.
 */
export function requireOwnRight(
  authorizer: Authorizer,
  user: UserInfo,
  { namespaced = true, ...resource }: GroupVersionResource & { namespaced?: boolean },
  namespace?: string,
  name?: string,
): void {
  authorizer.authorize(
    user,
    parseRequestInfo('GET', resourcePath(resource, namespaced ? namespace : undefined, name)),
  );
}
