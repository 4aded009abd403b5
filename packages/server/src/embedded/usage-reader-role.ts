import { CLUSTER_ROLES } from '@ks-apiserver/api/resources';
import type { KubeClient } from '@ks-apiserver/client/kube/client';
import { ensureCreated } from '@ks-apiserver/client/kube/ensure-created';

const aggregatedTo = (role: string) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true'];

/** The role by which metrics-server lets readers of a namespace see what its pods use. */
const ROLE = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: Object.fromEntries(['admin', 'edit', 'view'].map(aggregatedTo)),
  },
  rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['nodes', 'pods'], verbs: ['get', 'list'] }],
};

/** Creates the role that gives readers of namespaces the right to metrics.k8s.io, if it is missing. */
export function ensureUsageReaderRole(client: KubeClient): Promise<void> {
  return ensureCreated(client, CLUSTER_ROLES, ROLE);
}
