import { IAM_GROUP, RESOURCES_GROUP, TENANT_GROUP } from '@ks-apiserver/api/groups';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { type RequestInfo, readsDiscovery } from '@ks-apiserver/http/request/request-info';
import { mustSetPassword, patchesSelf } from './restrictions/first-password.ts';
import { selfReviewOf } from './restrictions/self-reviews.ts';

/**
 * Resources in which a member finds himself under his own name: he reads his membership and may end
 * it, but never begins one.
 */
const MEMBERSHIPS = new Set(['clustermembers', 'workspacemembers', 'members']);
const READS_AND_LEAVES = new Set(['get', 'delete']);
const READ = new Set(['get', 'list', 'watch']);

/**
 * What every logged-in user may do besides his roles: read which resources the Kubernetes API
 * serves and what he may do there, read and change himself, and ask the tenant API, whose handlers
 * show him what he belongs to. Unlike in 3.0, himself means the KubeSphere API only: through the
 * Kubernetes API one's own User object would show the password hash and take any change.
 */
export function selfService(user: UserInfo, info: RequestInfo): boolean {
  if (!user.groups.includes('system:authenticated')) {
    return false;
  }

  if (!info.isResource) {
    return readsDiscovery(info);
  }

  if (info.isKubernetes) {
    // The gate lets nothing pass of the latter but a first password.
    return selfReviewOf(info) !== undefined || (mustSetPassword(user) && patchesSelf(user, info));
  }

  const isSelf = info.name !== '' && info.name === user.name;
  if (isSelf && info.group === IAM_GROUP && info.resource === 'users') {
    return true;
  }
  if (isSelf && info.group === IAM_GROUP && MEMBERSHIPS.has(info.resource)) {
    return READS_AND_LEAVES.has(info.verb);
  }

  // His kubeconfig and kubectl: /kapis/resources.kubesphere.io/v1alpha2/users/{user}/kubeconfig.
  if (
    isSelf &&
    info.group === RESOURCES_GROUP &&
    info.resource === 'users' &&
    info.verb === 'get'
  ) {
    return true;
  }

  // Why one may not do something; the handler answers about himself alone, or about all to an
  // administrator.
  if (info.group === IAM_GROUP && info.resource === 'explain' && info.verb === 'list') {
    return true;
  }
  if (info.visibleOnly && READ.has(info.verb)) {
    return true;
  }

  return info.group === TENANT_GROUP && READ.has(info.verb);
}
