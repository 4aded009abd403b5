import type { RequestInfo } from '@ks-apiserver/apiserver/http/request-info';
import type { UserInfo } from '@ks-apiserver/client/kube/transport';
import { mustSetPassword, patchesSelf } from './first-password.ts';

/** Resources in which a member finds himself under his own name: he reads his membership and may end it, but never begins one. */
const MEMBERSHIPS = new Set(['clustermembers', 'workspacemembers', 'members']);
const READS_AND_LEAVES = new Set(['get', 'delete']);
const READ = new Set(['get', 'list', 'watch']);
const IAM = 'iam.kubesphere.io';
const RESOURCES = 'resources.kubesphere.io';
const TENANT = 'tenant.kubesphere.io';

/**
 * What every logged-in user may do besides his roles: read and change himself, and ask the tenant API, whose handlers show
 * him what he belongs to. Unlike 3.0 it covers KubeSphere calls only: through the Kubernetes API one's own User object
 * would show the password hash and take any change.
 */
export function selfService(user: UserInfo, info: RequestInfo): boolean {
  if (!user.groups.includes('system:authenticated') || !info.isResource) return false;
  // The gate lets nothing pass then but a first password.
  if (info.isKubernetes) return mustSetPassword(user) && patchesSelf(user, info);
  const isSelf = info.name !== '' && info.name === user.name;
  if (isSelf && info.group === IAM && info.resource === 'users') return true;
  if (isSelf && info.group === IAM && MEMBERSHIPS.has(info.resource)) return READS_AND_LEAVES.has(info.verb);
  // His kubeconfig and kubectl: /kapis/resources.kubesphere.io/v1alpha2/users/{user}/kubeconfig.
  if (isSelf && info.group === RESOURCES && info.resource === 'users' && info.verb === 'get') return true;
  // Why one may not do something; the handler answers about himself alone, or about all to an administrator.
  if (info.group === IAM && info.resource === 'explain' && info.verb === 'list') return true;
  if (info.visibleOnly && READ.has(info.verb)) return true;
  return info.group === TENANT && READ.has(info.verb);
}
