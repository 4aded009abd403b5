import { CLUSTER_ROLES } from '@ks-apiserver/api/resources';
import { StatusError } from '@ks-apiserver/apimachinery/meta/errors';
import type { KubeClient } from '@ks-apiserver/client/kube/client';

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
export async function ensureUsageReaderRole(client: KubeClient): Promise<void> {
  try {
    await client.create(CLUSTER_ROLES, ROLE);
  } catch (error) {
    if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) {
      throw error;
    }
  }
}
