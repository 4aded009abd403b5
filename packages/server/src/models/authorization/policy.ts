import {
  IAM_GROUP,
  MONITORING_GROUP,
  RESOURCES_GROUP,
  SERVICE_MESH_GROUP,
  TENANT_GROUP,
} from '@ks-apiserver/api/groups';
import type { UserInfo } from '@ks-apiserver/apimachinery/transport/transport';
import { type RequestInfo, readsDiscovery } from '@ks-apiserver/http/request/request-info';
import { mustSetPassword, patchesSelf } from './restrictions/first-password.ts';
import { selfReviewOf } from './restrictions/self-reviews.ts';

/**
 * Memberships under the user's own name: users read theirs and may end it, but never begin one.
 */
const MEMBERSHIPS = new Set(['clustermembers', 'workspacemembers', 'members']);
const READS_AND_LEAVES = new Set(['get', 'delete']);
const READ = new Set(['get', 'list', 'watch']);

/** Whether a call reads the graph of several namespaces, which its query names. */
function readsGraphs({ group, resource, name, verb }: RequestInfo): boolean {
  return (
    group === SERVICE_MESH_GROUP && resource === 'namespaces' && name === 'graph' && verb === 'get'
  );
}

/**
 * Whether every logged-in user may make a call, whatever their roles: read which resources the
 * Kubernetes API serves and what they may do there, read and change their own user, and call the
 * tenant API, whose handlers show what they belong to. Unlike in 3.0, their own user can only be
 * reached through the KubeSphere API: the Kubernetes API would show the password hash and accept
 * any change.
 */
export function allowsSelfService(user: UserInfo, info: RequestInfo): boolean {
  if (!user.groups.includes('system:authenticated')) {
    return false;
  }

  if (!info.isResource) {
    return readsDiscovery(info);
  }

  if (info.isKubernetes) {
    // The gate permits nothing but a first password in such a patch.
    return selfReviewOf(info) !== undefined || (mustSetPassword(user) && patchesSelf(user, info));
  }

  const isSelf = info.name !== '' && info.name === user.name;
  if (isSelf && info.group === IAM_GROUP && info.resource === 'users') {
    return true;
  }
  if (isSelf && info.group === IAM_GROUP && MEMBERSHIPS.has(info.resource)) {
    return READS_AND_LEAVES.has(info.verb);
  }

  // The user's kubeconfig and kubectl:
  // /kapis/resources.kubesphere.io/v1alpha2/users/{user}/kubeconfig.
  if (
    isSelf &&
    info.group === RESOURCES_GROUP &&
    info.resource === 'users' &&
    info.verb === 'get'
  ) {
    return true;
  }

  // Why a call is denied. The handler answers about the caller, or about all to an administrator.
  if (info.group === IAM_GROUP && info.resource === 'explain' && info.verb === 'list') {
    return true;
  }

  // The Prometheus API: the handler reads series of namespaces that the caller may read.
  if (info.group === MONITORING_GROUP && info.version === 'prometheus') {
    return true;
  }
  // Graphs of several namespaces: the handler asks for the right to each of them.
  if (readsGraphs(info)) {
    return true;
  }
  if (info.visibleOnly && READ.has(info.verb)) {
    return true;
  }

  return info.group === TENANT_GROUP && READ.has(info.verb);
}
