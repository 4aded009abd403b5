/** API group of users, roles and their bindings. */
export const IAM_GROUP = 'iam.kubesphere.io';

/** API group of workspaces. */
export const TENANT_GROUP = 'tenant.kubesphere.io';

/** API group under which lists of all kinds are served. */
export const RESOURCES_GROUP = 'resources.kubesphere.io';

/** API group of member clusters. */
export const CLUSTER_GROUP = 'cluster.kubesphere.io';

/** API group of the limits of workspaces. */
export const QUOTA_GROUP = 'quota.kubesphere.io';

/** API group of DevOps projects. */
export const DEVOPS_GROUP = 'devops.kubesphere.io';

/** API group of Kubernetes' roles and bindings. */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** Group of metrics and dashboards. */
export const MONITORING_GROUP = 'monitoring.kubesphere.io';

/** Group of the traffic between workloads, and of the rules for it. */
export const SERVICE_MESH_GROUP = 'servicemesh.kubesphere.io';
