import type { GroupVersionResource } from '@ks-apiserver/apimachinery/meta/types';
import {
  CLUSTER_GROUP,
  DEVOPS_GROUP,
  IAM_GROUP,
  QUOTA_GROUP,
  RBAC_GROUP,
  TENANT_GROUP,
} from './groups.ts';

type ResourceNamer = (resource: string) => GroupVersionResource;

function resourcesOf(group: string, version: string): ResourceNamer {
  return (resource) => ({ group, version, resource });
}

const core = resourcesOf('', 'v1');
const apps = resourcesOf('apps', 'v1');
const batch = resourcesOf('batch', 'v1');
const storage = resourcesOf('storage.k8s.io', 'v1');
const rbac = resourcesOf(RBAC_GROUP, 'v1');
const iam = resourcesOf(IAM_GROUP, 'v1alpha2');

/** Kubernetes' own resources. */
export const CONFIG_MAPS = core('configmaps');
export const NAMESPACES = core('namespaces');
export const NODES = core('nodes');
export const PERSISTENT_VOLUME_CLAIMS = core('persistentvolumeclaims');
export const PODS = core('pods');
export const RESOURCE_QUOTAS = core('resourcequotas');
export const SECRETS = core('secrets');
export const SERVICES = core('services');
export const DEPLOYMENTS = apps('deployments');
export const JOBS = batch('jobs');
export const LEASES = resourcesOf('coordination.k8s.io', 'v1')('leases');
export const STORAGE_CLASSES = storage('storageclasses');
export const CLUSTER_ROLES = rbac('clusterroles');
export const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings');
export const ROLES = rbac('roles');
export const ROLE_BINDINGS = rbac('rolebindings');

/** Users, roles and their bindings. */
export const USERS = iam('users');
export const LOGIN_RECORDS = iam('loginrecords');
export const GLOBAL_ROLES = iam('globalroles');
export const GLOBAL_ROLE_BINDINGS = iam('globalrolebindings');
export const WORKSPACE_ROLES = iam('workspaceroles');
export const WORKSPACE_ROLE_BINDINGS = iam('workspacerolebindings');
export const GROUPS = iam('groups');
export const GROUP_BINDINGS = iam('groupbindings');
export const WEBHOOKS = resourcesOf('auditing.kubesphere.io', 'v1alpha1')('webhooks');

/** Workspaces, their templates and their limits. */
export const WORKSPACES = resourcesOf(TENANT_GROUP, 'v1alpha1')('workspaces');
export const WORKSPACE_TEMPLATES = resourcesOf(TENANT_GROUP, 'v1alpha2')('workspacetemplates');
export const WORKSPACE_QUOTAS = resourcesOf(QUOTA_GROUP, 'v1alpha2')('resourcequotas');

/** Member clusters. */
export const CLUSTERS = resourcesOf(CLUSTER_GROUP, 'v1alpha1')('clusters');

/** DevOps projects, their pipelines, and what images are built from. */
export const DEVOPS_PROJECTS = resourcesOf(DEVOPS_GROUP, 'v1alpha3')('devopsprojects');
export const PIPELINES = resourcesOf(DEVOPS_GROUP, 'v1alpha3')('pipelines');
export const S2I_BINARIES = resourcesOf(DEVOPS_GROUP, 'v1alpha1')('s2ibinaries');
export const S2I_RUNS = resourcesOf(DEVOPS_GROUP, 'v1alpha1')('s2iruns');
