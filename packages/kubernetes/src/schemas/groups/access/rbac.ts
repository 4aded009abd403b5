import type { SchemaGroup } from '../../group.ts';

/** Types of rbac.authorization.k8s.io/v1. */
export const rbac: SchemaGroup = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  definitions: 'io.k8s.api.rbac.v1',
  kinds: 'ClusterRole ClusterRoleBinding Role RoleBinding',
  types: `
AggregationRule: clusterRoleSelectors []meta.LabelSelector atomic
ClusterRole: aggregationRule AggregationRule; apiVersion string; kind string; metadata meta.ObjectMeta struct; rules []PolicyRule always atomic
ClusterRoleBinding: apiVersion string; kind string; metadata meta.ObjectMeta struct; roleRef! RoleRef struct; subjects []Subject atomic
PolicyRule: apiGroups []string atomic; nonResourceURLs []string atomic; resourceNames []string atomic; resources []string atomic; verbs! []string atomic
Role: apiVersion string; kind string; metadata meta.ObjectMeta struct; rules []PolicyRule always atomic
RoleBinding: apiVersion string; kind string; metadata meta.ObjectMeta struct; roleRef! RoleRef struct; subjects []Subject atomic
RoleRef atomic: apiGroup string always; kind! string; name! string
Subject atomic: apiGroup string; kind! string; name! string; namespace string
`,
};
