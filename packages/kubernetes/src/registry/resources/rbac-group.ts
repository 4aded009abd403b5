/** API group of roles and bindings (Kubernetes rbac/v1). */
export const RBAC_GROUP = 'rbac.authorization.k8s.io';
